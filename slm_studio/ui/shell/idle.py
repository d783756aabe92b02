"""IdleBuilder: makes the places that nobody has visited yet, in idle moments after the first paint."""

import time
from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from slm_studio.ui.shell.ahead import Ahead
from slm_studio.ui.shell.qt_types import make_types

IDLE = 40  # milliseconds between two pieces of work
SLICE = 0.010  # seconds in which types of Qt are made before the window has its turn


class IdleBuilder(QObject):
    """Makes place after place, first the panel and then its rest (`make_rest`), once what they import is there."""

    settled = Signal()  # every place is made: once

    def __init__(
        self,
        places: Sequence[str],
        panels: Mapping[str, QWidget],
        make: Callable[[str], QWidget],
        modules: Sequence[str],
        parent: QObject | None = None,
    ) -> None:
        """`panels` holds what was made so far, by whomever; `make` adds one. `modules` are imported beside the window."""
        super().__init__(parent)
        self._places, self._panels, self._make = places, panels, make
        self._types = make_types()
        self._ahead = Ahead(modules)
        self._whole: set[str] = set()
        self._is_settled = False
        self._timer = QTimer(self)
        self._timer.setInterval(IDLE)
        self._timer.timeout.connect(self._on_timeout)

    def start(self) -> None:
        """Begin, or look again."""
        self._timer.start()

    def stop(self) -> None:
        """Make no more; returns when the module at hand is imported."""
        self._timer.stop()
        self._ahead.stop()

    def has_made(self, key: str) -> bool:
        """Say whether a place is there with all it shows."""
        return key in self._whole

    def _on_timeout(self) -> None:
        self._timer.stop()  # and only go on where it went well: a place that cannot be made says so once, not 25 times a second
        missing = [key for key in self._places if key not in self._whole]
        if not missing:
            self._settle()
            return
        if not self._has_all_types():
            self._timer.start(0)
            return
        self._ahead.start()  # not before: two threads of Python would hold each other up until the first paint
        if self._ahead.is_done:  # nor here: beside imports a place takes twice its time to make
            self._make_more(missing[0])
        self._timer.start(IDLE)

    def _has_all_types(self) -> bool:
        """Make some more types of Qt; say whether none is missing."""
        end = time.monotonic() + SLICE
        while time.monotonic() < end:
            if next(self._types, None) is None:
                return True
        return False

    def _make_more(self, key: str) -> None:
        if key not in self._panels:
            self._make(key)  # and its rest in the next idle moment
            return
        make_rest = getattr(self._panels[key], "make_rest", None)
        if make_rest is not None:
            make_rest()
        self._whole.add(key)

    def _settle(self) -> None:
        if not self._is_settled:
            self._is_settled = True
            self.settled.emit()
