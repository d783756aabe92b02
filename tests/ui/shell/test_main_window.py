"""The window: five places, keys, drops, languages, and its state after a restart."""

import sys
import threading
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit

from slm_studio.core.dropped import TABLES, TEXTS
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Machine, Paused, Started, Step
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import STOPPED, create_run, save_run
from slm_studio.core.settings import Settings
from slm_studio.ui.parts.errors import ErrorDialog
from slm_studio.ui.settings.panel import SettingsPanel
from slm_studio.ui.shell.ahead import Ahead
from slm_studio.ui.shell.app import _Hook
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.leaving import settle
from slm_studio.ui.shell.main_window import MainWindow
from slm_studio.ui.shell.running import Running
from slm_studio.ui.shell.session import PLACES, Session
from slm_studio.ui.shell.training import Trainings
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.page import Page
from tests.ui.data.test_panel import ROWS, make_dataset
from tests.ui.places import until


class StandIn(Page):
    """A panel that writes down what it was asked."""

    def __init__(self, session, jobs, trainings) -> None:
        super().__init__("Open…", scroll=False)
        self.asked: list[object] = []

    def open_file(self, path) -> None:
        self.asked.append(path)

    def primary(self) -> None:
        self.asked.append("primary")

    def stop(self) -> None:
        self.asked.append("stop")

    def retranslate(self) -> None:
        self.asked.append("retranslate")


def nothing(verb: str, **arguments: object):
    yield Finished(None)


@pytest.fixture
def make_window(theme, home) -> Callable[[], MainWindow]:
    made = []

    def make() -> MainWindow:
        session = Session(Settings(language="en"))
        panels = dict.fromkeys(PLACES, StandIn) | {"settings": SettingsPanel}
        window = MainWindow(session, Jobs(nothing), Trainings(nothing, lambda: session.settings), panels)
        window.show()
        QTest.qWaitForWindowExposed(window)
        made.append(window)
        return window

    yield make
    for window in made:
        window.close()
        window.deleteLater()
    QTest.qWait(1)


@pytest.fixture
def window(make_window) -> MainWindow:
    return make_window()


def test_it_begins_in_data_and_builds_nothing_else_first(window: MainWindow) -> None:
    assert list(window._panels) == ["data"]
    assert window.sidebar.current() == "data"
    assert window.windowTitle() == "SLM Studio"


def test_the_other_places_are_built_in_idle_moments(window: MainWindow) -> None:
    until(lambda: len(window._panels) == len(PLACES) + 1)

    assert not window.idle._timer.isActive() or QTest.qWait(100) is None


def test_no_place_is_made_beside_imports(make_window, monkeypatch) -> None:
    done, settled = [False], []
    monkeypatch.setattr(Ahead, "is_done", property(lambda ahead: done[0]))
    window = make_window()
    window.idle.settled.connect(lambda: settled.append(set(window.idle._whole)))

    QTest.qWait(300)
    assert list(window._panels) == ["data"]

    done[0] = True
    until(lambda: settled)
    window.hide()
    window.show()
    QTest.qWait(300)

    assert settled == [{*PLACES, "settings"}]


@pytest.mark.parametrize(("key", "place"), list(zip("12345", PLACES, strict=True)))
def test_ctrl_and_a_number_lead_to_a_place(window: MainWindow, key: str, place: str) -> None:
    QTest.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)

    assert window.session.place == place
    assert window.sidebar.current() == place
    assert window.stack.currentWidget() is window.panel(place)


def test_keys_reach_the_panel(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    QTest.keyClick(window, ",", Qt.KeyboardModifier.ControlModifier)

    assert window.panel("data").asked == ["primary", "stop"]
    assert window.session.place == "settings"


def test_keys_zoom(window: MainWindow, theme) -> None:
    QTest.keyClick(window, "+", Qt.KeyboardModifier.ControlModifier)
    assert theme.zoom == 1.1
    assert window.session.recall("zoom") == 1.1
    QTest.keyClick(window, "0", Qt.KeyboardModifier.ControlModifier)
    assert theme.zoom == 1.0


def test_a_file_dropped_anywhere_is_opened_in_data(window: MainWindow, tmp_path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n")
    window.show_place("evaluate")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])

    window.dropEvent(
        QDropEvent(
            QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
    )

    assert window.session.place == "data"
    assert window.panel("data").asked == [path]


def drop(window: MainWindow, *paths) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    window.dropEvent(
        QDropEvent(
            QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
    )


def test_files_dropped_together_are_opened_together(window: MainWindow, tmp_path) -> None:
    window.show_place("evaluate")
    together: list[list[Path]] = []
    window.panel("data").open_files = together.append

    drop(window, tmp_path / "train.csv", tmp_path / "test.csv")

    assert window.session.place == "data"
    assert together == [[tmp_path / "train.csv", tmp_path / "test.csv"]]


@pytest.mark.parametrize("top", ["", "my-model/"])
def test_a_model_zip_dropped_anywhere_goes_to_the_hub_and_rows_with_it_to_data(
    window: MainWindow, tmp_path, top: str
) -> None:
    packed, rows, other = tmp_path / "model.zip", tmp_path / "rows.csv", tmp_path / "rows.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("config.json", "model.safetensors"):
            archive.writestr(top + name, "{}")
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("train.csv", "a,b\n")

    drop(window, packed, rows)

    assert window.session.place == "hub"
    assert window.panel("hub").asked == [packed] and window.panel("data").asked == [rows]
    drop(window, other)
    assert window.session.place == "data" and window.panel("data").asked == [rows, other]


def test_the_dialog_lists_every_kind_and_takes_several(window: MainWindow, tmp_path, monkeypatch) -> None:
    asked: list[str] = []

    def choose(parent, title, folder, filters):
        asked.append(filters)
        return [str(tmp_path / "train.csv"), str(tmp_path / "test.csv")], ""

    monkeypatch.setattr(QFileDialog, "getOpenFileNames", choose)
    together: list[list[Path]] = []
    window.panel("data").open_files = together.append

    window.choose_file()

    assert all(f"*{ending} " in asked[0] or f"*{ending})" in asked[0] for ending in (*TABLES, *TEXTS, ".zip", ".gz"))
    assert "(*)" in asked[0] and len(together[0]) == 2
    assert window.session.recall("folder") == str(tmp_path)


def test_a_folder_is_chosen_and_opened(window: MainWindow, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))

    window.choose_folder()

    assert window.panel("data").asked == [tmp_path]


def test_a_dropped_model_folder_goes_to_the_hub(window: MainWindow, tmp_path) -> None:
    (tmp_path / "config.json").write_text("{}")

    window.open_path(tmp_path)

    assert window.session.place == "hub"


def test_the_language_changes_while_the_window_is_open(window: MainWindow, language) -> None:
    window.session.change_settings(language="zh_CN")

    assert window.panel("data").header.title.text() == "打开…"
    assert window.panel("data").asked == ["retranslate"]
    window.session.change_settings(language="en")
    assert window.panel("data").header.title.text() == "Open…"


def test_the_look_changes_while_the_window_is_open(window: MainWindow, theme) -> None:
    window.session.change_settings(theme="dark")

    assert theme.tokens.is_dark


def test_place_and_frame_come_back_after_a_restart(make_window) -> None:
    first = make_window()
    first.resize(1024, 700)  # the screen of the tests is small, and Qt keeps restored windows on the screen
    first.show_place("hub")
    first._on_zoom_in()
    first.close()

    second = make_window()

    assert second.session.place == "hub"
    assert (second.width(), second.height()) == (1024, 700)
    assert second.theme.zoom == 1.1


def test_anything_is_found_and_opened(window: MainWindow) -> None:
    QTest.keyClick(window, "k", Qt.KeyboardModifier.ControlModifier)
    assert window.finder.isVisible()

    QTest.keyClicks(window.finder.line, "eval")
    QTest.keyClick(window.finder.line, Qt.Key.Key_Return)

    assert not window.finder.isVisible()
    assert window.session.place == "evaluate"


def test_escape_closes_the_finder_and_nothing_else(window: MainWindow) -> None:
    QTest.keyClick(window, "k", Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(window.finder.line, Qt.Key.Key_Escape)

    assert not window.finder.isVisible()
    assert window.panel("data").asked == []


def test_undo_is_offered_at_the_foot(window: MainWindow) -> None:
    taken_back = []
    window.session.toast("Moved to the trash", lambda: taken_back.append(True))

    assert window.toast.isVisible()
    window.toast.undo_button.click()

    assert taken_back == [True]
    assert not window.toast.isVisible()


def test_ctrl_z_takes_back_what_was_done_and_says_so(window: MainWindow) -> None:
    now = ["done"]
    window.session.did("3 rows left out", now.clear, lambda: now.append("again"))
    assert window.toast.undo_button.isVisible()

    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert now == [] and window.toast.sentence.text() == "Taken back: 3 rows left out"
    assert window.toast.undo_button.isHidden()
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert now == ["again"] and window.toast.sentence.text() == "3 rows left out"


def test_an_undo_goes_with_what_it_would_take_back(window: MainWindow) -> None:
    window.session.did("The file was read again.", lambda: None, lambda: None, "rows")
    window.session.changes.forget("models")
    assert window.toast.isVisible()
    window.session.changes.forget("rows")  # another file was opened
    assert window.toast.isHidden()

    window.session.did("3 rows left out", lambda: None, lambda: None, "rows")
    window.session.toast("Saved.")
    window.session.changes.forget("rows")
    assert window.toast.isVisible() and window.toast.sentence.text() == "Saved."


def test_what_was_said_of_a_place_does_not_follow_to_another(window: MainWindow) -> None:
    window.session.toast("3 rows left out", lambda: None)

    window.show_place("train")
    assert window.toast.isHidden()
    window.show_place("data")
    assert window.toast.isVisible() and window.toast.sentence.text() == "3 rows left out"
    window.toast.close_button.click()
    window.show_place("train")
    window.show_place("data")
    assert window.toast.isHidden()


def test_leaving_while_training_asks(window: MainWindow, monkeypatch) -> None:
    monkeypatch.setattr(Trainings, "active", property(lambda self: ("run",)))
    window.may_leave = lambda: False
    assert not window.close()
    QTest.keyClick(window, "q", Qt.KeyboardModifier.ControlModifier)
    assert window.isVisible()

    window.may_leave = lambda: True
    QTest.keyClick(window, "q", Qt.KeyboardModifier.ControlModifier)
    assert not window.isVisible()


def test_runs_at_work_show_how_far_they_are(theme) -> None:
    trainings = Trainings(nothing, Settings)
    running = Running(trainings, lambda run_id: "Tickets")
    machine = Machine(device="cpu", name="", precision="fp32", threads=1, steps=200)

    trainings.run_started.emit("r")
    steps = [Step(n, 1.0, n / 5, 1.0, 0.1, 1.0, 1.0, 1) for n in (30, 40, 50)]
    trainings.run_events.emit("r", [Started("r", machine), *steps])
    line = running.lines()[0]
    assert (line.name, line.share, line.left, line.paused) == ("Tickets", 0.25, 30.0, False)

    trainings.run_events.emit("r", [Paused(50)])
    assert running.lines()[0].paused
    trainings.run_finished.emit("r", None)
    assert running.lines() == ()


def test_settings_write_themselves(window: MainWindow, monkeypatch) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    window.show_place("settings")
    panel = window.panel("settings")

    field = panel.hub.field("namespace")._editor
    QTest.keyClicks(field, "mei-lab")
    until(lambda: window.session.settings.namespace == "mei-lab")
    panel.look._group.button(2).click()

    assert window.session.settings.theme == "dark"
    assert [text for text in panel.findChildren(Text) if "token" in text.text().lower()]


def test_what_nobody_foresaw_is_said_once_and_logged(window: MainWindow, caplog) -> None:
    hook = _Hook(window)
    with caplog.at_level("ERROR", logger="slm_studio"):
        for _ in range(3):
            hook(ValueError, ValueError("odd"), None)

    dialogs = window.findChildren(ErrorDialog)
    assert len(dialogs) == 1
    assert next(text.text() for text in dialogs[0].findChildren(Text)) == (
        "Something we did not foresee happened: ValueError: odd."
    )
    assert len(caplog.records) == 3
    dialogs[0].accept()


def test_an_error_of_the_window_holds_nothing_of_it_for_other_threads(window: MainWindow, monkeypatch) -> None:
    for name in ("last_type", "last_value", "last_traceback"):
        monkeypatch.setattr(sys, name, ValueError("as Python leaves it"), raising=False)

    _Hook(window)(StudioError, StudioError("disk-full", "The disk is full.", "Make room."), None)

    assert (sys.last_type, sys.last_value, sys.last_traceback) == (None, None, None)
    window.findChild(ErrorDialog).accept()


def test_an_error_of_another_thread_stands_in_the_log_only(window: MainWindow, caplog) -> None:
    thread = threading.Thread(target=_Hook(window), args=(ValueError, ValueError("odd"), None))
    thread.start()
    thread.join()

    assert not window.findChildren(ErrorDialog)
    assert "ValueError: odd" in caplog.text


def test_a_known_error_is_said_without_a_traceback_which_stands_in_the_log(window: MainWindow, caplog) -> None:
    with caplog.at_level("ERROR", logger="slm_studio"):
        _Hook(window)(StudioError, StudioError("disk-full", "The disk is full.", "Make room."), None)

    [dialog] = window.findChildren(ErrorDialog)
    assert not dialog.findChildren(QPlainTextEdit)
    assert "The disk is full" in caplog.text
    dialog.accept()


def test_a_run_that_is_at_work_when_the_window_closes_waits_at_the_next_start(
    make_window, monkeypatch, tmp_path
) -> None:
    dataset = make_dataset(tmp_path / "rows", "tickets.csv", ROWS)
    made = create_run(make_recipe("classify", roles={"text": "text", "label": "label"}), dataset)
    run = save_run(replace(made, state=STOPPED, step=40, steps=200))
    first = make_window()
    assert not first.sidebar.runs.isVisible()
    first.may_leave = lambda: True
    told: list[bool] = []
    first.session.closing.connect(lambda: told.append(True))
    monkeypatch.setattr(Trainings, "active", property(lambda self: (run.id,)))
    first.close()
    monkeypatch.undo()
    monkeypatch.setenv("SLM_STUDIO_HOME", str(run.path.parents[1]))

    second = make_window()

    assert told == [True]
    assert second.sidebar.runs.isVisible()
    second.sidebar.runs.chosen.emit(run.id)
    assert second.session.run == run and second.session.place == "train"
    settle(second.session, run.id)
    assert not second.sidebar.runs.isVisible()
