"""What a run says outside the window: in its title, on the taskbar, and by a notification when it ends."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Machine, Paused, Started, Step
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import Run, create_run, save_run
from slm_studio.core.settings import Settings
from slm_studio.ui.shell import outside
from slm_studio.ui.shell.endings import Endings
from slm_studio.ui.shell.outside import Outside, title_words
from slm_studio.ui.shell.running import Running
from slm_studio.ui.shell.session import Session
from slm_studio.ui.shell.training import Trainings
from slm_studio.ui.widgets.runs_card import RunningRun
from tests.ui.data.test_panel import ROWS, make_dataset
from tests.ui.places import make_model, until

MACHINE = Machine(device="cpu", name="", precision="fp32", threads=1, steps=200)


def nothing(verb: str, **arguments: object):
    yield Finished(None)


def step(n: int) -> Step:
    return Step(n, 1.0, n / 5, 1.0, 0.1, 1.0, 1.0, 1)


@pytest.fixture
def window(theme):
    widget = QWidget()
    yield widget
    widget.close()
    widget.deleteLater()


@pytest.fixture
def run(home, tmp_path: Path) -> Run:
    dataset = make_dataset(tmp_path / "rows", "tickets.csv", ROWS)
    recipe = replace(make_recipe("classify", roles={"text": "text", "label": "label"}), name="tickets → Team")
    made = create_run(recipe, dataset)
    return save_run(replace(made, metrics={"accuracy": 0.931}, seconds=80.0))


def test_the_title_tells_how_far_the_run_is_and_is_cleared_at_its_end(window: QWidget) -> None:
    trainings = Trainings(nothing, Settings)
    running, said = Running(trainings, lambda run_id: "tickets → Team"), Outside(window)
    running.worked.connect(said.show_runs)
    titles = [window.windowTitle()]

    def hears(signal, *values: object) -> None:
        signal.emit("r", *values)
        titles.append(window.windowTitle())

    trainings.run_started.emit("r")
    hears(trainings.run_events, [Started("r", MACHINE, 60)])  # it goes on, long before its next step
    hears(trainings.run_events, [step(84)])
    hears(trainings.run_events, [Paused(84)])
    hears(trainings.run_events, [step(100)])
    hears(trainings.run_finished, None)

    assert titles == [
        "SLM Studio",
        "30 % · tickets → Team – SLM Studio",
        "42 % · tickets → Team – SLM Studio",
        "Paused at 42 % · tickets → Team – SLM Studio",
        "50 % · tickets → Team – SLM Studio",
        "SLM Studio",
    ]


def test_runs_that_only_wait_since_last_time_are_not_in_the_title(window: QWidget, run: Run) -> None:
    running, said = Running(Trainings(nothing, Settings), str), Outside(window)
    running.worked.connect(said.show_runs)

    running.show_waiting([run])

    assert len(running.lines()) == 1 and window.windowTitle() == "SLM Studio"


def test_several_runs_share_the_title() -> None:
    runs = [RunningRun("a", "a", share=0.2, paused=True), RunningRun("b", "b", share=0.4)]

    assert title_words(runs) == "30 % · 2 runs – SLM Studio"


def test_the_taskbar_hears_each_percent_once_and_the_end(window: QWidget, monkeypatch) -> None:
    told = []
    monkeypatch.setattr(outside, "tell_taskbar", lambda *values: told.append(values))
    said = Outside(window)

    for share in (0.0, 0.101, 0.104, 0.11):
        said.show_runs([RunningRun("r", "r", share=share)])
    said.show_runs(())
    said.show_runs(())

    assert told == [(0, True), (10, True), (11, True), (0, False)]


LISTENER = """
import sys
from PySide6.QtCore import SLOT, QCoreApplication, QObject, QTimer, Slot
from PySide6.QtDBus import QDBusConnection
from slm_studio.ui.shell.outside import LAUNCHER, WAY, tell_taskbar

class Dock(QObject):
    @Slot("QString", "QVariantMap")
    def hear(self, entry, shown):
        print(entry, shown, flush=True)
        application.quit()

application = QCoreApplication([])
dock = Dock()
QDBusConnection.sessionBus().connect("", WAY, LAUNCHER, "Update", dock, SLOT("hear(QString,QVariantMap)"))
QTimer.singleShot(0, lambda: tell_taskbar(42, True))
QTimer.singleShot(20000, application.quit)
application.exec()
"""


@pytest.mark.skipif(not shutil.which("dbus-run-session"), reason="no dbus-run-session here")
def test_a_dock_on_the_session_bus_understands_the_progress() -> None:
    command = ["dbus-run-session", "--", sys.executable, "-c", LISTENER]
    heard = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[3])

    assert heard.stdout.startswith("application://slm-studio.desktop "), heard.stderr
    assert "'progress': 0.42" in heard.stdout and "'progress-visible': True" in heard.stdout


def test_where_no_bus_is_named_none_is_asked(monkeypatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setattr(outside.QDBusConnection, "sessionBus", lambda: pytest.fail("asked"))

    outside.tell_taskbar(42, True)

    assert "DBUS_SESSION_BUS_ADDRESS" not in os.environ


class Desktop:
    """A system that writes down its notifications, in front of which some window stands."""

    def __init__(self, monkeypatch, *, tray: bool = True, front: QWidget | None = None) -> None:
        self.said: list[tuple[str, str]] = []
        self.calls: list[QWidget] = []
        monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: tray)
        monkeypatch.setattr(QSystemTrayIcon, "supportsMessages", lambda: tray)
        monkeypatch.setattr(
            QSystemTrayIcon, "showMessage", lambda _, title, text, *rest: self.said.append((title, text))
        )
        monkeypatch.setattr(QApplication, "activeWindow", lambda: front)
        monkeypatch.setattr(QApplication, "alert", self.calls.append)


@pytest.fixture
def ended(window: QWidget, run: Run):
    """Return a session and a function that lets the run end."""
    session, trainings = Session(Settings(language="en")), Trainings(nothing, Settings)
    Endings(window, session, trainings)

    def end(result: object) -> None:
        if isinstance(result, StudioError):
            trainings.run_failed.emit(run.id, result)
        else:
            trainings.run_finished.emit(run.id, result)

    yield session, end
    session._timer.stop()


MEMORY = StudioError("out-of-memory", "The memory was not enough.", "Halve the batch.")


def test_a_run_that_ends_behind_another_window_is_told(ended, monkeypatch) -> None:
    desktop = Desktop(monkeypatch)
    _, end = ended

    end(make_model())
    end(MEMORY)

    assert desktop.said == [
        ("“tickets → Team” has finished", "0.931 accuracy · 1:20 of training"),
        ("“tickets → Team” has stopped", "The memory was not enough.\nHalve the batch."),
    ]
    assert not desktop.calls


def test_without_a_tray_the_window_calls_from_the_taskbar(ended, window, monkeypatch) -> None:
    desktop = Desktop(monkeypatch, tray=False)

    ended[1](MEMORY)

    assert desktop.calls == [window] and not desktop.said


def test_nothing_is_told_of_a_stop_by_hand_nor_in_front_nor_where_switched_off(ended, window, monkeypatch) -> None:
    session, end = ended
    desktop = Desktop(monkeypatch)
    end(None)
    session.settings = replace(session.settings, notify=False)
    end(MEMORY)
    in_front = Desktop(monkeypatch, front=window)
    session.settings = replace(session.settings, notify=True)
    end(MEMORY)

    assert not desktop.said and not desktop.calls and not in_front.said and not in_front.calls


def test_a_click_on_the_notification_leads_to_the_run(ended, window: QWidget, run: Run, monkeypatch) -> None:
    Desktop(monkeypatch)
    session, end = ended
    places: list[str] = []
    session.place_requested.connect(places.append)
    window.showMinimized()
    end(MEMORY)

    tray = window.findChild(QSystemTrayIcon)
    tray.messageClicked.emit()

    assert session.run == run and places == ["train"]
    until(lambda: not window.isMinimized() and window.isVisible())
    tray.hide()
    QTest.qWait(1)
