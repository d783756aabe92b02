"""FocusKeeper: where the widget that has the keys goes away, the keys stay where the person works.

Qt hands them to whatever comes next, which may be the sidebar: then the next press of Space leaves the place.
"""

from PySide6.QtCore import QObject, QPoint, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QWidget
from shiboken6 import isValid

from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.tab_order import tab_stops


class FocusKeeper(QObject):
    """Follows the focus in the places of a window."""

    def __init__(self, window: QMainWindow, places: QStackedWidget) -> None:
        super().__init__(window)
        self._window, self._places = window, places
        self._around: list[QWidget] = []  # what the focused widget stands in, from the inside out, as far as its place
        self._corner = QPoint()  # where it stood on the screen: gone, it cannot be asked any more
        self._is_lost = False
        self._settling = QTimer(self)  # until what takes its room is laid out
        self._settling.setSingleShot(True)
        self._settling.timeout.connect(self._settle)
        QApplication.instance().focusChanged.connect(self._on_focus_changed)  # type: ignore[union-attr]

    def _on_focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        if not self._window.isActiveWindow():
            return
        # Nobody has the keys where the widget is deleted; of one that is hidden or disabled Qt passes them on.
        is_gone = new is None or (old is not None and isValid(old) and not (old.isVisible() and old.isEnabled()))
        if is_gone and (self._is_lost or self._around):
            self._is_lost = True
            self._settling.start(0)
            return
        self._is_lost = False  # somebody was given the keys on purpose
        self._settling.stop()
        self._remember(new)

    def _remember(self, focused: QWidget | None) -> None:
        place = self._places.currentWidget()
        self._around = []
        if focused is None or place is None or not place.isAncestorOf(focused):
            return
        self._corner = focused.mapToGlobal(QPoint(0, 0))
        each = focused.parentWidget()
        while each is not None and each is not place:
            self._around.append(each)
            each = each.parentWidget()
        self._around.append(place)

    def _settle(self) -> None:
        """Give the keys to what stands nearest in the same card; of what stands in none, or went with its card, to the place.

        Elsewhere the nearest may do what nobody wished to press: where Start stood, there stands Stop.
        """
        self._is_lost = False
        around, self._around = self._around, []
        place = self._places.currentWidget()
        if place is None or not around or around[-1] is not place:
            return
        card = next((each for each in around if isValid(each) and isinstance(each, Card)), None)
        stops = [stop for stop in tab_stops(card) if stop.isEnabled()] if card is not None and card.isVisible() else []
        (min(stops, key=self._distance) if stops else place).setFocus()

    def _distance(self, stop: QWidget) -> int:
        return (stop.mapToGlobal(QPoint(0, 0)) - self._corner).manhattanLength()
