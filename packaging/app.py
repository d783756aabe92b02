"""The frozen app's entry: the same as the command `slm-studio`, and `--smoke`, with which a build is tried."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from slm_studio.__main__ import main

if TYPE_CHECKING:  # an engine process needs no Qt
    from slm_studio.ui.shell.main_window import MainWindow

PATIENCE = 120_000  # milliseconds until a window that does not come up, or an engine that is silent, counts as broken
SHOWN, PROBLEM, SILENT = 0, 1, 3


def smoke() -> int:
    """Open the real window, build every panel, have the desk's engine answer one verb, close: 0 where all went well."""
    from slm_studio.ui.shell import app

    return app.main(opened=_try)


def _try(window: "MainWindow") -> None:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from slm_studio.core.errors import StudioError
    from slm_studio.ui.shell.main_window import PANELS

    def leave(status: int, what: str) -> None:
        sys.stdout.write(f"{what}\n")
        QApplication.exit(status)

    def answered(_: object) -> None:
        is_well = window.isVisible() and window.windowHandle().isExposed() and QApplication.activeModalWidget() is None
        leave(SHOWN if is_well else PROBLEM, "the window is shown" if is_well else "no window, or a dialog before it")

    def refused(error: StudioError) -> None:
        leave(PROBLEM, f"the desk's engine: {error}")

    QTimer.singleShot(PATIENCE, window, lambda: leave(SILENT, "no answer in time; see logs/ in the app's home"))
    for key in PANELS:
        window.panel(key)
    window.jobs.start("warm", {"torch": False}, answered, on_error=refused)


def choose(arguments: Sequence[str]) -> Callable[[], int]:
    """Return what the arguments ask for."""
    return smoke if list(arguments) == ["--smoke"] else main


if __name__ == "__main__":
    sys.exit(choose(sys.argv[1:])())
