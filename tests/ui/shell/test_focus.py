"""The keys stay where the person works, whatever goes away under them."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.card import Card
from tests.ui.places import until
from tests.ui.shell.test_main_window import make_window  # noqa: F401


@pytest.fixture
def work(make_window):  # noqa: F811
    """Return the window, and two fields and a button in a card of its first place."""
    window = make_window()
    window.activateWindow()
    QTest.qWaitForWindowActive(window)
    card, fields, button = Card("Work"), [QLineEdit() for _ in range(2)], Button("Act")
    for part in (*fields, button):
        card.add(part)
    fields[1].hide()
    window.panel("data").body.addWidget(card)
    fields[0].setFocus()
    QTest.qWait(1)
    return window, card, fields, button


def focused():
    return QApplication.focusWidget()


def test_what_takes_the_place_of_the_widget_that_goes_gets_the_keys(work) -> None:
    _, _, fields, _ = work

    fields[0].hide()
    fields[1].show()

    until(lambda: focused() is fields[1])


@pytest.mark.parametrize("way", ["disabled", "deleted"])
def test_the_keys_of_what_is_disabled_or_deleted_stay_in_its_card(work, way: str) -> None:
    _, card, fields, button = work

    if way == "disabled":
        fields[0].setEnabled(False)
    else:
        fields[0].deleteLater()

    until(lambda: focused() is button)
    assert card.isAncestorOf(focused())


def test_the_keys_of_a_card_that_goes_stay_in_the_place(work) -> None:
    window, card, _, _ = work
    window.panel("data").body.addWidget(Button("Below"))

    card.hide()

    until(lambda: focused() is window.panel("data"))
    QTest.keyClick(focused(), Qt.Key.Key_Tab)
    assert window.panel("data").isAncestorOf(focused()), "and the Tab key goes on from there, not from the sidebar"


def test_what_stands_in_no_card_leaves_the_keys_to_the_place(work) -> None:
    window, *_ = work
    start, stop = Button("Start"), Button("Stop")
    for button in (start, stop):
        window.panel("data").body.addWidget(button)
    start.setFocus()
    QTest.qWait(1)

    start.hide()

    until(lambda: focused() is window.panel("data"))


def test_keys_that_were_given_on_purpose_stay_there(work) -> None:
    _, _, fields, button = work
    fields[1].show()

    fields[0].hide()
    button.setFocus()
    QTest.qWait(5)

    assert focused() is button


def test_tab_goes_in_the_order_in_which_one_reads(work) -> None:
    window, card, fields, button = work
    last = QLineEdit()
    card.body.insertWidget(0, last)  # made last, it stands in front
    fields[1].show()
    last.show()
    last.setFocus()
    went = []

    for _ in range(3):
        QTest.keyClick(focused(), Qt.Key.Key_Tab)
        went.append(focused())

    assert went == [*fields, button] and window.isActiveWindow()
