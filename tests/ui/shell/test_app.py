"""The start: what the first paint waits for, and when a training process is made ready."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from slm_studio.core.dataset import Dataset, ReadReport
from slm_studio.core.events import Event, Finished
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import create_run
from slm_studio.core.settings import Settings
from slm_studio.host.engines import Engines as HostEngines
from slm_studio.ui.shell import app
from slm_studio.ui.shell.app import Expecting
from slm_studio.ui.shell.jobs import Jobs, all_have_ended
from slm_studio.ui.shell.session import Session
from slm_studio.ui.shell.training import Trainings
from tests.ui.places import until

ROOT = Path(__file__).parents[3]


@dataclass
class Engines:
    """Counts; here no process may be started."""

    asked: int = 0

    def expect_training(self) -> None:
        self.asked += 1


@pytest.mark.usefixtures("home")
def test_rows_that_are_opened_and_plans_make_a_process_ready(qapp: QApplication, tmp_path: Path) -> None:
    engines, session = Engines(), Session()
    Expecting(engines, session)  # type: ignore[arg-type]
    dataset = Dataset(
        id="one", name="one.csv", source="", folder=str(tmp_path), columns=(), rows=3, held_out={}, fingerprint="f",
        report=ReadReport(format="csv"), created="2026-01-01",
    )  # fmt: skip

    session.set_dataset(dataset)
    assert engines.asked == 1

    session.set_run(create_run(make_recipe("classify", roles={"text": "text", "label": "label"}), dataset))
    assert engines.asked == 1, "a run that is shown needs no second process"

    session.set_run(None)  # the plan again
    assert engines.asked == 2

    session.set_dataset(None)
    assert engines.asked == 2


FIRST_PAINT = """
import sys
import time
from PySide6.QtWidgets import QApplication, QWidget
from slm_studio.core.settings import Settings
from slm_studio.host.engines import Engines
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.main_window import MainWindow
from slm_studio.ui.shell.session import Session
from slm_studio.ui.shell.training import Trainings

class Last(QWidget):
    def paintEvent(self, event):
        print(*sys.modules, file=sys.stdout)
        QApplication.quit()

application, engines = QApplication([]), Engines(Settings())
session = Session(Settings())
session.remember("place", sys.argv[1])
window = MainWindow(session, Jobs(engines.run), Trainings(engines.run, Settings))
last = Last(window)
last.resize(1, 1)
window.show()
time.sleep(0.5)  # as on a busy machine, where whatever waits for so many milliseconds is due before the paint
application.exec()
window.close()
"""


@pytest.mark.parametrize(
    ("place", "later"),
    [
        ("data", ("pyarrow", "numpy", "pyqtgraph", "slm_studio.ui.data.opened", "slm_studio.ui.train.panel")),
        ("train", ("pyarrow", "pyqtgraph", "slm_studio.ui.data.opened", "slm_studio.ui.data.panel")),
    ],
)
def test_the_first_paint_waits_for_nothing_that_it_does_not_show(
    place: str, later: tuple[str, ...], tmp_path: Path
) -> None:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "SLM_STUDIO_HOME": str(tmp_path)}
    command = [sys.executable, "-c", FIRST_PAINT, place]

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=100)

    imported = set(done.stdout.split())
    assert f"slm_studio.ui.{place}.panel" in imported
    assert not imported & set(later)


WARMED = """
import sys
from slm_studio.ui.shell import app

windows = []

def warm(engines):
    print(*sorted(windows[0].idle._whole))
    windows[0].close()

app.Engines.warm = warm
sys.exit(app.main(None, windows.append))
"""


def test_the_engines_get_warm_once_the_window_has_all_its_places(tmp_path: Path) -> None:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "SLM_STUDIO_HOME": str(tmp_path)}
    command = [sys.executable, "-c", WARMED]

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=100)

    assert done.stdout.split() == ["data", "evaluate", "hub", "playground", "settings", "train"]


NAMED = """
from PySide6 import QtCore, QtGui, QtWidgets
from slm_studio.ui.shell import ahead, app

def unmade():
    return sum(len(set(dir(module)) - set(vars(module))) for module in (QtCore, QtGui, QtWidgets))

def start(self):
    print(unmade(), flush=True)
    app.os._exit(0)

ahead.Ahead.start = start
print(unmade() > 0)  # PySide puts a type into its module when it makes it
app.main()
"""


def test_no_thread_beside_the_window_makes_a_type_of_qt(tmp_path: Path) -> None:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "SLM_STUDIO_HOME": str(tmp_path)}
    command = [sys.executable, "-c", NAMED]

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=100)

    assert done.stdout.split() == ["True", "0"]


def test_threads_that_hang_do_not_crash_the_way_out_whoever_joined_them(qapp: QApplication, monkeypatch) -> None:
    gate, statuses = threading.Event(), []

    def hanging(verb: str) -> Iterator[Event]:
        gate.wait(10)
        yield Finished(None)

    server = Jobs(hanging)  # the local server has its own
    server.start("serve", {}, print)
    server.shutdown(0.1)
    monkeypatch.setattr(os, "_exit", statuses.append)

    app._leave(3, Jobs(hanging), Trainings(hanging, Settings), HostEngines(door=object()))
    gate.set()

    assert statuses == [3]
    until(all_have_ended)


CLOSED = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget
from slm_studio.ui.shell import app

def leave(window):
    def closed():
        window.close()
        late = QWidget()  # as a place that is made in the same moment may show one
        late.show()
        late.hide()
    QTimer.singleShot(0, closed)
    QTimer.singleShot(20_000, lambda: app.os._exit(3))

sys.exit(app.main(None, leave))
"""


def test_the_process_ends_with_its_window_whatever_shows_itself_meanwhile(tmp_path: Path) -> None:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "SLM_STUDIO_HOME": str(tmp_path)}

    done = subprocess.run([sys.executable, "-c", CLOSED], cwd=ROOT, env=environment, capture_output=True, timeout=100)

    assert done.returncode == 0, done.stderr
