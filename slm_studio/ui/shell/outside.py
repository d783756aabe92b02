"""How far the runs are, where the window cannot be seen: in its title, and on the desktop's taskbar where Qt can reach it.

What Qt 6.11 offers: the title everywhere. Nothing for progress on a taskbar: QWinTaskbarProgress left with Qt 5, and
QGuiApplication.setBadgeNumber shows a count of things that wait, not a share; Windows and macOS would need their own
toolkits beside Qt. On Linux the docks of Ubuntu, KDE, elementary and Plank listen to one signal on the session's bus,
com.canonical.Unity.LauncherEntry, which QtDBus sends in three lines; where no bus is named, nothing is asked of it.
"""

import os
import sys
from collections.abc import Sequence

from PySide6.QtCore import QObject
from PySide6.QtDBus import QDBusConnection, QDBusMessage
from PySide6.QtWidgets import QWidget

from slm_studio.core.texts import tr
from slm_studio.ui.widgets.runs_card import RunningRun

NAME = "SLM Studio"
ENTRY = "application://slm-studio.desktop"  # as packaging/slm-studio.desktop is called where it is installed
LAUNCHER, WAY = "com.canonical.Unity.LauncherEntry", "/com/canonical/unity/launcherentry/slm_studio"


class Outside(QObject):
    """Keeps the title of a window, and the taskbar, at what `show_runs` heard last."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._runs: tuple[RunningRun, ...] = ()
        self._told = (0, False)  # percent and whether it is seen, as the taskbar heard it
        self.show_runs(())

    def show_runs(self, runs: Sequence[RunningRun]) -> None:
        """Say how far the runs at work are; none leaves the name of the app and a taskbar without a bar."""
        self._runs = tuple(runs)
        title = title_words(self._runs)
        if title != self._window.windowTitle():
            self._window.setWindowTitle(title)
        share = sum(max(0.0, run.share) for run in runs) / len(runs) if runs else 0.0
        told = (int(share * 100), bool(runs))
        if told != self._told:
            self._told = told
            tell_taskbar(*told)

    def retranslate(self) -> None:
        """Say it in the language of now."""
        self.show_runs(self._runs)


def title_words(runs: Sequence[RunningRun]) -> str:
    """Return the title of the window. Example: “42 % · tickets → Team – SLM Studio”, of several “42 % · 2 runs – SLM Studio”"""
    if not runs:
        return NAME
    share = sum(max(0.0, run.share) for run in runs) / len(runs)
    name = runs[0].name if len(runs) == 1 else tr("{n} {n:run|runs}", n=len(runs))
    if all(run.paused for run in runs):
        return tr("Paused at {percent} % · {name}", percent=int(share * 100), name=name) + f" – {NAME}"
    return f"{int(share * 100)} % · {name} – {NAME}"


def tell_taskbar(percent: int, visible: bool) -> None:
    """Ask the desktop to show a bar at the app's entry, or none; a desktop that has no such thing does not listen."""
    if not sys.platform.startswith("linux") or not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return
    message = QDBusMessage.createSignal(WAY, LAUNCHER, "Update")
    message.setArguments([ENTRY, {"progress": percent / 100, "progress-visible": visible}])
    QDBusConnection.sessionBus().send(message)
