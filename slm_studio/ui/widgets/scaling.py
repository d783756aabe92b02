"""Lengths that follow the zoom: bind a setter to pixels once, and every later zoom calls it again."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from slm_studio.ui.widgets.theme import the_theme


def scaled(setter: Callable[[int], object], pixels: float) -> None:
    """Call `setter`, a bound method of a widget, with a length at the zoom of now, and again at each other zoom.

    Example: scaled(self.name.setMaximumWidth, 240)
    """
    _Scaled(setter.__self__, setter.__name__, pixels)  # type: ignore[attr-defined]


class _Scaled(QObject):
    """Lives as long as its widget, and so does the connection."""

    def __init__(self, widget: QObject, setter: str, pixels: float) -> None:
        super().__init__(widget)
        self._setter, self._pixels = setter, pixels
        the_theme().changed.connect(self._set)
        self._set()

    def _set(self) -> None:
        getattr(self.parent(), self._setter)(the_theme().px(self._pixels))
