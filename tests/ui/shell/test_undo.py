"""One stack of changes for the window: cleaning, removal and renaming are taken back and done again."""

from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from slm_studio.core import paths
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished
from slm_studio.core.saved import list_models
from slm_studio.core.settings import Settings
from slm_studio.ui.hub.panel import HubPanel
from slm_studio.ui.settings.panel import SettingsPanel
from slm_studio.ui.shell.session import Session
from slm_studio.ui.shell.undo import Change, UndoStack
from tests.ui.places import make_model


class Values(list):
    """What stands now; each change appends, and taking it back removes."""

    def do(self, stack: UndoStack, value: str, about: str = "") -> None:
        self.append(value)
        stack.push(Change(value, partial(self.remove, value), partial(self.append, value), about))


def test_changes_are_taken_back_in_turn_and_done_again(qapp) -> None:
    stack, now = UndoStack(), Values()
    for value in "abc":
        now.do(stack, value)

    stack.undo()
    stack.undo()
    assert now == ["a"]
    stack.redo()
    assert now == ["a", "b"]
    now.do(stack, "d")
    stack.redo()  # “c” cannot come back any more
    assert now == ["a", "b", "d"]


def test_what_is_about_something_is_taken_back_and_forgotten_by_itself(qapp) -> None:
    stack, now = UndoStack(), Values()
    now.do(stack, "cleaned", "rows")
    now.do(stack, "renamed")

    stack.undo("rows")
    assert now == ["renamed"] and not stack.has("rows")
    stack.redo()
    stack.forget("rows")
    stack.undo()
    assert now == ["cleaned"]
    stack.undo()
    assert now == ["cleaned"]


def test_a_change_that_cannot_be_taken_back_is_forgotten_and_the_others_stay(qapp) -> None:
    def gone() -> None:
        raise StudioError("trash-gone", "It is gone.")

    stack, now = UndoStack(), Values()
    now.do(stack, "a")
    stack.push(Change("b", gone, gone))

    with pytest.raises(StudioError):
        stack.undo()
    stack.undo()
    assert now == []


def nothing(verb: str, **arguments: object):
    yield Finished(None)


@pytest.fixture
def hub(shown) -> HubPanel:
    for name in ("first", "second", "third"):
        make_model(name)
    return shown(HubPanel, Session(Settings()), nothing)


def names() -> set[str]:
    return {model.name for model in list_models()}


def choose(hub: HubPanel, name: str) -> None:
    hub.library.chosen.emit(next(model for model in list_models() if model.name == name))


def test_a_deleted_model_comes_back_and_goes_again(hub) -> None:
    choose(hub, "second")
    hub.about.delete_button.click()
    assert names() == {"first", "third"}

    hub._session.changes.undo()
    assert names() == {"first", "second", "third"}
    hub._session.changes.redo()
    assert names() == {"first", "third"}
    hub._session.changes.undo()
    assert names() == {"first", "second", "third"} and list(paths.trash().iterdir()) == []


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return])
def test_the_key_that_deleted_a_model_does_not_delete_the_next(hub, key) -> None:
    choose(hub, "second")
    hub.activateWindow()
    hub.about.delete_button.setFocus()
    QTest.qWaitForWindowActive(hub)
    opened = []
    hub.library.opened.connect(opened.append)

    QTest.keyClick(hub.about.delete_button, Qt.Key.Key_Space)
    assert names() == {"first", "third"}
    QTest.keyClick(hub.focusWidget() or hub, key)
    QTest.mouseClick(hub.about.delete_button, Qt.MouseButton.LeftButton)

    assert names() == {"first", "third"} and not opened
    assert hub.about.isHidden() and not hub.publish_button.isEnabled()  # until one is chosen
    choose(hub, "third")
    assert hub.about.isVisible() and hub.publish_button.isEnabled()


def test_a_renamed_model_is_called_as_before_again(hub) -> None:
    choose(hub, "first")
    hub.about.name.setText("better")
    hub.about.name.settled.emit("better")
    assert names() == {"better", "second", "third"}

    hub._session.changes.undo()
    assert names() == {"first", "second", "third"}
    assert hub.about.name.text() == "first"
    hub._session.changes.redo()
    assert names() == {"better", "second", "third"}


def test_the_apps_own_trash_is_listed_given_back_and_emptied(hub, shown, monkeypatch) -> None:
    panel = shown(SettingsPanel, hub._session, nothing)
    QTest.qWait(1)  # the panel asks for the token a moment after it is shown
    assert panel.trash.isHidden()
    for name in ("first", "second"):
        choose(hub, name)
        hub.about.delete_button.click()
    panel.trash.refresh()

    assert panel.trash.isVisible()
    shown_names = [row.cells[0].text for row in panel.trash.rows.rows()]
    assert sorted(shown_names) == ["first", "second"]
    panel.trash.table.action_clicked.emit(shown_names.index("first"))
    assert names() == {"first", "third"}

    monkeypatch.setattr("slm_studio.ui.settings.trash_card.ask", lambda *_, **__: True)
    panel.trash.empty_button.click()
    assert panel.trash.isHidden() and list(paths.trash().iterdir()) == []
