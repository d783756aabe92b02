"""What cannot be pressed looks so, of whatever kind it is."""

import pytest

from slm_studio.ui.widgets.buttons import Button

KINDS = ("plain", "primary", "quiet", "danger", "link", "pill", "fold", "facts")


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_button_that_cannot_be_pressed_has_pale_letters(theme, kind: str, look: str) -> None:
    theme.choose(look)
    button = Button("Move to the trash", kind)
    button.show()
    lively = button.palette().buttonText().color()

    button.setEnabled(False)
    button.ensurePolished()
    pale = button.palette().buttonText().color()

    assert pale != lively
    assert pale == theme.colour("muted" if kind == "primary" else "border")
    button.deleteLater()
