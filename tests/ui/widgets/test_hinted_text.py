"""A hint on several lines is painted whole, and only while nothing stands there."""

from PySide6.QtWidgets import QWidget

from slm_studio.ui.widgets.changed_text import ChangedText


def painted_down(field: QWidget) -> int:
    """Return how far down something is painted."""
    image = field.grab().toImage()
    ground = image.pixel(image.width() - 1, image.height() - 1)
    return max(
        (y for y in range(image.height()) for x in range(0, image.width(), 2) if image.pixel(x, y) != ground), default=0
    )


def test_a_hint_breaks_into_lines(theme) -> None:
    field = ChangedText("What the source becomes appears here, word by word as it comes.", name="Target")
    field.resize(140, 200)
    line = field.fontMetrics().lineSpacing()

    hint = painted_down(field)
    field.setPlainText("x")

    assert hint > 3 * line
    assert painted_down(field) < 3 * line
    assert field.placeholderText().startswith("What the source")
    field.deleteLater()
