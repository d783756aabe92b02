"""A double click on a button is one press, unless each press is a step: the second would meet what the first one brought."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.ui.widgets.buttons import Button, WorkButton
from slm_studio.ui.widgets.mark_editor import MarkEditor
from slm_studio.ui.widgets.suggestion import Suggestion

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(qapp) -> Iterator[QWidget]:
    made = QWidget()
    QVBoxLayout(made)
    made.resize(400, 200)
    yield made
    made.deleteLater()
    QTest.qWait(1)


def click_twice(window: QWidget, button: QWidget) -> None:
    """Click twice as a hand does: the second press goes to whatever stands there by then."""
    window.show()
    QTest.qWait(10)
    spot = button.mapTo(window, button.rect().center())
    QTest.mouseDClick(window.windowHandle(), LEFT, pos=spot)
    QTest.qWait(10)


def test_work_that_was_started_is_not_stopped(window: QWidget) -> None:
    button, heard = WorkButton("Send"), []
    window.layout().addWidget(button)
    button.started.connect(lambda: heard.append("started"))
    button.started.connect(button.set_busy)
    button.stop_requested.connect(lambda: heard.append("stopped"))

    click_twice(window, button)

    assert heard == ["started"] and button.state == "busy"
    QTest.mouseClick(window.windowHandle(), LEFT, pos=button.mapTo(window, button.rect().center()))
    assert heard == ["started", "stopped"]


def test_a_button_that_comes_to_stand_there_is_not_pressed(window: QWidget) -> None:
    first, second, heard = Button("Start", parent=window), Button("Stop", parent=window), []
    for button in (first, second):
        button.setGeometry(20, 20, 120, 40)
    second.hide()
    first.clicked.connect(first.hide)
    first.clicked.connect(second.show)
    second.clicked.connect(lambda: heard.append("stopped"))

    click_twice(window, first)

    assert second.isVisible() and not heard


def test_a_suggestion_that_comes_next_is_not_taken(window: QWidget) -> None:
    suggestion, heard = Suggestion(0, "Alt+1"), []
    window.layout().addWidget(suggestion)
    suggestion.show_text(" and so")
    suggestion.clicked.connect(lambda: heard.append(suggestion.shown()))

    click_twice(window, suggestion)

    assert heard == ["and so"]


def test_who_clicks_next_twice_goes_two_on(window: QWidget) -> None:
    editor, heard = MarkEditor(), []
    window.layout().addWidget(editor)
    editor.next.setEnabled(True)
    editor.next.clicked.connect(lambda: heard.append("next"))

    click_twice(window, editor.next)

    assert heard == ["next", "next"]
