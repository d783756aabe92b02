"""StyleChoice: in which of the styles that a writer learnt it shall write."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark
from slm_studio.ui.widgets.fields import Choice
from slm_studio.ui.widgets.labels import Text

STYLES = "styles"  # the fact of a model


class StyleChoice(QWidget):
    """A label and a field; hidden where a model knows no styles."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = Choice(name="Style")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(Text("Style", "muted"))
        row.addWidget(self.field)
        row.addStretch(1)
        self._styles: list[str] = []
        self.field.chosen.connect(self._on_chosen)
        self.hide()

    def set_model(self, model: SavedModel) -> None:
        """Offer the styles of another model; the one that was chosen stays where it knows that, too."""
        found = model.facts.get(STYLES)
        self._styles = [str(each) for each in found] if isinstance(found, list | tuple) else []
        self.setVisible(bool(self._styles))
        if self._styles:
            chosen = self.style_name() if self.style_name() in self._styles else self._styles[0]
            self.field.set_options(
                [("", mark("any")), *((each, lambda each=each: each) for each in self._styles)], chosen
            )

    def style_name(self) -> str:
        """Return the style that is chosen; "" for any."""
        return str(self.field.current() or "")

    def example(self) -> str:
        """Return the style that is chosen, else one that could be; "" where the model knows none."""
        return (self.style_name() or self._styles[0]) if self._styles else ""

    def choose(self, style: object) -> None:
        """Choose a style, where the model knows it."""
        if style in self._styles:
            self.field.choose(style)

    def asked(self) -> str | None:
        """Return what is asked for; None where the model knows no styles."""
        return self.style_name() if self._styles else None

    def _on_chosen(self, _: object) -> None:
        self.changed.emit()
