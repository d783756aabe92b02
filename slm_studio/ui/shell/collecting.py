"""Collector: Python's garbage collector, on the window's thread only.

A collection runs in whatever thread happens to allocate. In a worker it may end a QTimer that belongs to a dropped
window object, and Qt then crashes; so automatic collection is off while the window stands. What lives when it
begins and after the first thorough look (modules, the window and its places) is not looked through again: that took a
tenth of a second each time.
"""

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL = 1000  # milliseconds between two looks


class Collector(QObject):
    """Collects when Python itself would have."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._freezes = 2
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self._on_timeout)
        self._timer.start()

    def stop(self) -> None:
        """Give collection back to Python, of everything."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()

    def _on_timeout(self) -> None:
        if self._freezes == 2:
            self._freeze()
        counts, limits = gc.get_count(), gc.get_threshold()
        if counts[2] > limits[2]:
            self._thorough()
        elif counts[1] > limits[1]:
            gc.collect(1)
        elif counts[0] > limits[0]:
            gc.collect(0)

    def _thorough(self) -> None:
        gc.collect()
        if self._freezes:
            self._freeze()

    def _freeze(self) -> None:
        self._freezes -= 1
        gc.freeze()
