"""Start the window: shown first, everything slow after."""

import faulthandler
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from slm_studio import __version__
from slm_studio.core import paths
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.run import Run
from slm_studio.core.settings import Settings, load_settings
from slm_studio.host.engines import Engines

# isort: split
# Qt only now: from then on PySide reads the source of every module that is imported, once, to see whether it uses Qt.
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from slm_studio.ui.parts.errors import show_error
from slm_studio.ui.shell.collecting import Collector
from slm_studio.ui.shell.jobs import Jobs, all_have_ended
from slm_studio.ui.shell.language import speak
from slm_studio.ui.shell.main_window import MainWindow
from slm_studio.ui.shell.session import PLACES, Session
from slm_studio.ui.shell.training import Trainings
from slm_studio.ui.widgets.icons import app_icon
from slm_studio.ui.widgets.theme import Theme

log = logging.getLogger("slm_studio")

PAINTED = (
    150  # milliseconds after which the window was painted; opening the last dataset would hold that up by a second
)
AGAIN = 20  # milliseconds between two looks at whether the places that show the last dataset and run are made
# Where Python keeps the last error, and by its frames the widgets that met it, until some thread meets another one.
LAST = ("last_type", "last_value", "last_traceback", "last_exc")


def main(path: str | None = None, opened: Callable[[MainWindow], None] | None = None) -> int:
    """Open the window (with a file, where `path` names one), stay until it is closed, return the exit status.

    `opened` is called once the window stands: with it, packaging/app.py tries a build.
    """
    _start_log()
    settings = load_settings()
    application = _application()
    speak(settings.language)
    Theme(application, settings.theme)
    collector = Collector(application)
    engines = Engines(settings)
    session = Session(settings)
    jobs, trainings = Jobs(engines.run), Trainings(engines.run, _SettingsOf(session))
    session.settings_changed.connect(_Followed(engines))
    window = MainWindow(session, jobs, trainings)
    sys.excepthook = _Hook(window)
    window.idle.settled.connect(engines.warm)  # sooner, their imports would take the window's processor
    window.show()
    QTimer.singleShot(PAINTED, _Opening(window, engines, path, opened).begin)
    status = application.exec()
    status = _leave(status, jobs, trainings, engines)
    collector.stop()
    return status


def _application() -> QApplication:
    application = QApplication([sys.argv[0]])
    application.setApplicationName("SLM Studio")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("slm-studio")
    application.setWindowIcon(app_icon())
    # Qt's own way to quit is called off by any window that shows itself meanwhile, a popup too: nothing would end the process.
    application.lastWindowClosed.connect(QApplication.exit)
    return application


def _leave(status: int, jobs: Jobs, trainings: Trainings, engines: Engines) -> int:
    trainings.stop_all()
    jobs.stop_all()
    engines.close()
    trainings.shutdown()
    jobs.shutdown()
    sys.excepthook = sys.__excepthook__
    if not all_have_ended():  # nor those of the server, which went with the window
        os._exit(status)  # a thread that does not end would crash Qt on the way out
    return status


def _start_log() -> None:
    """Write warnings, errors and native crashes to a log file of this process."""
    folder = paths.logs()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / "window.txt").open("a", encoding="utf-8", buffering=1)
    except OSError:
        return  # a home that cannot be written is said later, where it matters
    faulthandler.enable(stream)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)


class _Opening(QObject):
    """What happens once the window stands: the last state, the file that was asked for.

    It belongs to the window: a timer alone would not keep it alive until its second call.
    """

    def __init__(
        self, window: MainWindow, engines: Engines, path: str | None, opened: Callable[[MainWindow], None] | None
    ) -> None:
        super().__init__(window)
        self._window, self._engines, self._path, self._opened = window, engines, path, opened

    def begin(self) -> None:
        """Open what is to be opened; the rows of last time as soon as what shows them is made."""
        if self._path:
            self._window.open_path(Path(self._path))
        self._restore()

    def _restore(self) -> None:
        shown = {"data", self._window.session.place} & {*PLACES}
        if not all(
            map(self._window.idle.has_made, shown)
        ):  # made and filled in one go, they would keep the window waiting
            QTimer.singleShot(AGAIN, self._restore)
            return
        self._window.session.restore(with_dataset=not (self._path or self._window.is_reading))
        Expecting(self._engines, self._window.session)
        if self._opened is not None:
            self._opened(self._window)


class _Followed:
    """Tells the engines of new settings."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    def __call__(self, settings: Settings) -> None:
        self._engines.settings = settings


class Expecting:
    """Has a training process at hand once somebody opens rows or plans another run with them.

    Make it after the app has opened the rows of last time: those say nothing of what is wanted now.
    """

    def __init__(self, engines: Engines, session: Session) -> None:
        self._engines, self._session = engines, session
        session.dataset_changed.connect(self)
        session.run_changed.connect(self)

    def __call__(self, opened: Dataset | Run | None) -> None:
        is_planning = self._session.dataset is not None and self._session.run is None
        if isinstance(opened, Dataset) or is_planning:
            self._engines.expect_training()


class _SettingsOf:
    """Answers with the settings of now."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self) -> Settings:
        return self._session.settings


class _Hook:
    """Turns what nobody foresaw into one dialog and a line in the log; the window stays."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._shown = False

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        details = "".join(traceback.format_exception(kind, error, trace))
        log.error("%s", details)
        for name in LAST:
            setattr(sys, name, None)
        if threading.current_thread() is not threading.main_thread():
            return  # only the window's thread may show anything
        if issubclass(kind, KeyboardInterrupt):
            self._window.close()
        elif isinstance(error, StudioError):
            show_error(self._window, error)  # it says all there is to say; where it came from stands in the log
        elif not self._shown:  # one dialog is enough: the same fault may come with every repaint
            self._shown = True
            show_error(self._window, _unforeseen(error), details)


def _unforeseen(error: BaseException) -> StudioError:
    return StudioError(
        "unexpected",
        "Something we did not foresee happened: {kind}: {reason}.",
        "Your work is on disk. Copy the details for whoever can help; start SLM Studio again if the window acts oddly.",
        kind=type(error).__name__,
        reason=str(error)[:500],
    )
