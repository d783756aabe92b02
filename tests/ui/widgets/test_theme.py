"""Words can be read in both looks, and the look changes while the window is open."""

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QLabel, QWidget

from slm_studio.ui.widgets.colours import DARK, LIGHT
from slm_studio.ui.widgets.icons import pixmap
from slm_studio.ui.widgets.style_sheet import style_sheet
from slm_studio.ui.widgets.theme import ZOOMS, Theme, contrast
from tests.ui.whole import whole_window

GROUNDS = ("background", "surface", "sidebar")
WORDS = [(word, ground) for word in ("text", "muted", "accent", "warning", "bad", "metric") for ground in GROUNDS]
TINTED = [
    ("accent", "soft"),
    ("text", "soft"),
    ("text", "hover"),
    ("text", "warning_soft"),
    ("text", "bad_soft"),
    ("warning", "warning_soft"),
    ("bad", "bad_soft"),
    ("on_accent", "accent"),
    ("on_accent", "strong_accent"),
    ("muted", "hover"),
]


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("word", "ground"), WORDS + TINTED)
def test_words_stand_out_from_their_ground(tokens, word: str, ground: str) -> None:
    assert contrast(getattr(tokens, word), getattr(tokens, ground)) >= 4.5


def test_contrast_is_the_one_of_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_every_name_in_the_style_sheet_is_known() -> None:
    for tokens in (LIGHT, DARK):
        assert "$" not in style_sheet(tokens, round, float)


def test_a_chosen_look_counts_at_once(qapp, theme: Theme) -> None:
    heard = []
    theme.changed.connect(lambda: heard.append(theme.tokens.is_dark))

    theme.choose("dark")

    assert heard and heard[-1]
    assert qapp.palette().window().color().name().upper() == DARK.background


class Watched(QLabel):
    """Counts how often it is told of another style."""

    told = 0

    def event(self, event: QEvent) -> bool:
        self.told += event.type() == QEvent.Type.StyleChange
        return super().event(event)


def test_a_widget_hears_of_a_look_as_often_however_deep_it_lies(theme: Theme) -> None:
    whole = inner = QWidget()
    for _ in range(30):
        inner = QWidget(inner)
    deep, shallow = Watched(inner), Watched(whole)
    whole.show()
    deep.told = shallow.told = 0

    theme.choose("dark")
    whole.close()

    assert 0 < deep.told == shallow.told <= 4


def test_what_was_never_shown_takes_a_later_zoom(home, theme: Theme) -> None:
    with whole_window() as window:
        search = window.panel("train").runs.search
        theme.set_zoom(1.5)
        window.show_place("train")
        window.panel("train")._on_run_chosen("runs")

        assert search.isVisible() and search.font().pointSizeF() == theme.font().pointSizeF()


def test_zoom_scales_letters_and_controls_and_stays_in_bounds(theme: Theme) -> None:
    before = theme.font().pointSizeF()
    for _ in range(20):
        theme.zoom_in()

    assert theme.zoom == ZOOMS[-1]
    assert theme.font().pointSizeF() == pytest.approx(before * ZOOMS[-1])
    assert theme.px(34) == 68

    theme.zoom_reset()
    assert theme.zoom == 1.0


@pytest.mark.parametrize(
    "name", ["table", "curve", "bars", "bubble", "download", "settings", "stop", "check", "warning"]
)
def test_icons_take_their_colour(theme: Theme, name: str) -> None:
    image = pixmap(name, "#FF0000", 18, 2.0).toImage()

    inked = [image.pixelColor(x, y) for x in range(36) for y in range(36) if image.pixelColor(x, y).alpha() > 200]
    assert image.width() == 36
    assert inked and all(colour.red() > 240 and colour.green() < 15 for colour in inked)
