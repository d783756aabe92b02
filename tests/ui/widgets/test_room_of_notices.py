"""Notices and heads of cards at twice the size in the smallest window: what does not fit beside the words goes below them."""

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from slm_studio.core.errors import StudioError
from slm_studio.ui.parts.errors import ErrorBox
from slm_studio.ui.widgets.banner import Banner
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.labels import Text
from tests.ui.test_room_for_words import lack

SMALLEST = 512  # pixels: the smallest window without the sidebar and the margins, at twice the size


def banner() -> Banner:
    return Banner("31 rows written to answers.csv.", hint="2 rows have no answer.", action="Open folder", closable=True)


def error() -> ErrorBox:
    made = ErrorBox(action="Settings")
    made.show_error(StudioError("empty", "“bom_only.csv” is empty but for the mark of its encoding.", "Choose a file."))
    return made


def card() -> Card:
    return Card("Rows it has never seen", Text("a click tries a row", "muted"))


@pytest.mark.parametrize("make", [banner, error, card])
@pytest.mark.parametrize(("zoom", "width"), [(1.0, 760), (2.0, SMALLEST)])
def test_what_does_not_fit_goes_below(theme, make, zoom: float, width: int) -> None:
    theme.set_zoom(zoom)
    window, made = QWidget(), make()
    place = QWidget(window)  # a window itself would grow
    column = QVBoxLayout(place)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(made)
    column.addStretch(1)
    place.resize(width, 800)
    window.show()
    QTest.qWait(30)

    assert made.width() == width
    shown = [label for label in made.findChildren(QLabel) if label.isVisible() and label.text()]
    assert not [(label.text(), lack(label)) for label in shown if lack(label)]
    if make is not card:
        words, button = shown[0], made.action if isinstance(made, Banner) else made._copy
        beside = button.mapTo(made, QPoint(0, 0)).y() < words.mapTo(made, QPoint(0, words.height())).y()
        assert beside == (zoom == 1.0)
    window.deleteLater()
    QTest.qWait(1)


def test_a_button_below_the_title_of_a_card_is_no_wider_than_its_words(theme) -> None:
    theme.set_zoom(2.0)
    button = Button("Copy")
    card = Card("Before you start, a title of many words", button)

    card.resize(card.minimumSizeHint().width(), 400)
    card.show()
    QTest.qWait(10)
    low = button.mapTo(card, QPoint(0, 0)).y() > card.title.mapTo(card, QPoint(0, 0)).y()
    width = button.width()
    card.close()

    assert low and width == button.sizeHint().width() < card.width() / 2
