"""What stands at a moment: threads, child processes, windows and ticking timers; a test may leave none of its own."""

import sys
import threading

import psutil


def standing(*, engines: bool = True) -> set[str]:
    """Return the names of all that stands now, perhaps without engine processes and the threads that listen to them."""
    found = _threads() | _processes() | _windows()
    return found if engines else {name for name in found if "engine" not in name}


def let_the_window_live() -> None:
    """Handle what waits for the event loop, deletions included."""
    application = _application()
    if application is not None:
        from PySide6.QtCore import QCoreApplication, QEvent

        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        application.processEvents()


def _threads() -> set[str]:
    # Python keeps a record (a dummy) of each foreign thread that ever called it, a QThread's too; tqdm keeps one thread
    # for all progress bars of a process.
    threads = [
        each
        for each in threading.enumerate()
        if not isinstance(each, threading._DummyThread) and each.name != "tqdm_monitor"
    ]
    return {f"thread {each.name} ({each.ident})" for each in threads}


def _processes() -> set[str]:
    found = set()
    for each in psutil.Process().children():
        try:
            found.add(f"process {each.pid}: {' '.join(each.cmdline())[:200]}")
        except psutil.Error:  # it ended meanwhile
            continue
    return found


def _windows() -> set[str]:
    application = _application()
    if application is None:
        return set()
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    found = set()
    for window in QApplication.topLevelWidgets():
        if window.isVisible():
            found.add(f"window {window!r}")
            found |= {f"timer {timer!r} of {window!r}" for timer in window.findChildren(QTimer) if timer.isActive()}
    return found | {f"timer {timer!r}" for timer in application.findChildren(QTimer) if timer.isActive()}


def _application() -> object:
    widgets = sys.modules.get("PySide6.QtWidgets")
    return widgets.QApplication.instance() if widgets else None
