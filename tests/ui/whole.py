"""The whole window with an engine in this process, a file open, models trained: for claims about every place."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from slm_studio import engine
from slm_studio.core import paths
from slm_studio.core.run import list_runs
from slm_studio.core.saved import list_models
from slm_studio.core.settings import Settings
from slm_studio.host.secrets import Secrets
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.main_window import MainWindow
from slm_studio.ui.shell.session import PLACES, SETTINGS, Session
from slm_studio.ui.shell.training import Trainings
from tests.studio import NoSafe
from tests.ui.places import until

SAMPLES = paths.resources() / "samples" / "en"
PLAN = {"base": "blank:bag-nano", "epochs": 1}
VIEWS = (*PLACES, SETTINGS, "plan", "runs")


def run_engine(verb: str, place: str = "", **arguments: object) -> Iterator[object]:
    """Run a verb in this process; settings name a place that does not matter here."""
    return iter(getattr(engine, verb)(**arguments))


@contextmanager
def whole_window(language: str = "en") -> Iterator[MainWindow]:
    """Open the window, and leave nothing behind."""
    session = Session(Settings(language=language, place="thread"), Secrets(NoSafe(), {}))
    jobs, trainings = Jobs(run_engine), Trainings(run_engine, lambda: session.settings)
    window = MainWindow(session, jobs, trainings)
    window.may_leave = lambda: True
    window.show()
    try:
        yield window
    finally:
        assert trainings.shutdown() and jobs.shutdown()
        window.close()
        window.deleteLater()
        QTest.qWait(1)


def open_and_train(window: MainWindow, path: Path, **plan: object) -> None:
    """Open a file and learn from it what is suggested; the model is in use, and its run is shown."""
    session = window.session
    window.open_path(path)
    until(lambda: session.recipe is not None and session.dataset.source.endswith(path.name), 60)
    known = {run.id for run in list_runs()}
    window.trainings.start(replace(session.recipe, **(PLAN | plan)), session.dataset)
    until(lambda: not window.trainings.active, 240)
    run = next(run for run in list_runs() if run.id not in known)
    session.set_run(run)
    session.set_model(next(model for model in list_models() if model.folder == run.model))
    until(lambda: not window.jobs.is_busy, 60)


def short_file(path: Path, folder: Path) -> Path:
    """Write the beginning of a file under its name: as many rows as a claim about places needs."""
    short = folder / path.name
    short.write_text(
        "".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[: 120 if path.suffix == ".csv" else 40]),
        encoding="utf-8",
    )
    return short


def visit(window: MainWindow, view: str) -> QWidget:
    """Show a place, or in Train the plan or the list of runs; wait until it rests."""
    if view in ("plan", "runs"):
        window.show_place("train")
        window.panel("train")._on_run_chosen(view)
    else:
        if view == "train":
            window.session.set_run(list_runs()[0])
        window.show_place(view)
    QTest.qWait(80)
    until(lambda: not window.jobs.is_busy, 60)
    shown = [each.text() for each in window.findChildren(QLabel) if each.isVisible()]
    assert not [text for text in shown if "did not foresee" in text], view
    return window.stack.currentWidget()
