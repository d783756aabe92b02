"""Tells a person who works in another window that a run ended: by the system's notification, or a call from the taskbar."""

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from slm_studio.core.errors import StudioError
from slm_studio.core.run import Run, find_run
from slm_studio.core.texts import explain, mark, tr
from slm_studio.ui.parts.run_words import run_score
from slm_studio.ui.shell.session import Session
from slm_studio.ui.shell.training import Trainings
from slm_studio.ui.widgets.progress import clock

STAYS = 15_000  # milliseconds; most systems decide for themselves


class Endings(QObject):
    """Speaks only while none of our windows is in front, and where the person did not switch it off.

    A run that the person stopped is no news. A click on the notification brings the window to the front, at that run.
    The icon in the tray, without which Qt shows no notification, goes again with the first look at the window.
    """

    def __init__(self, window: QWidget, session: Session, trainings: Trainings) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._tray: QSystemTrayIcon | None = None
        self._told = ""  # the run that the notification speaks of
        trainings.run_finished.connect(self._on_finished)
        trainings.run_failed.connect(self._on_failed)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.applicationStateChanged.connect(self._on_state_changed)

    def _on_finished(self, run_id: str, model: object) -> None:
        if model is not None:
            run = _found(run_id)
            parts = (run_score(run), tr("{time} of training", time=clock(run.seconds))) if run else ()
            self._say(run_id, mark("“{name}” has finished"), " · ".join(part for part in parts if part))

    def _on_failed(self, run_id: str, error: StudioError) -> None:
        self._say(run_id, mark("“{name}” has stopped"), "\n".join(part for part in explain(error) if part))

    def _say(self, run_id: str, template: str, words: str) -> None:
        if not self._session.settings.notify or QApplication.activeWindow() is not None:
            return
        run = _found(run_id)
        self._told = run_id
        if QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages():
            name = run.name if run else run_id
            self._shown().showMessage(tr(template, name=name), words, QApplication.windowIcon(), STAYS)
        else:
            QApplication.alert(self._window)

    def _shown(self) -> QSystemTrayIcon:
        if self._tray is None:
            self._tray = QSystemTrayIcon(QApplication.windowIcon(), self)
            self._tray.messageClicked.connect(self._on_clicked)
            self._tray.activated.connect(self._on_clicked)
        self._tray.show()
        return self._tray

    def _on_clicked(self) -> None:
        told, self._told = self._told, ""
        self._window.setWindowState(self._window.windowState() & ~Qt.WindowState.WindowMinimized)
        self._window.raise_()
        self._window.activateWindow()
        run = _found(told)
        if run is not None:
            self._session.set_run(run)
            self._session.go_to("train")

    def _on_state_changed(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive and self._tray is not None:
            self._tray.hide()


def _found(run_id: str) -> Run | None:
    try:
        return find_run(run_id)
    except StudioError:
        return None  # deleted meanwhile
