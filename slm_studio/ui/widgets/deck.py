"""Deck: several widgets in one place, one of them shown; as high as the one that shows."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget


class Deck(QWidget):
    """A QStackedWidget is as high as the highest of its pages; in a page that scrolls, that is empty room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._cards: list[QWidget] = []

    def add(self, widget: QWidget, *, fills: bool = True) -> QWidget:
        """Add a widget (hidden until it is shown) and return it. One that does not fill stands at the top."""
        widget.hide()
        self._column.addWidget(widget, 0, Qt.AlignmentFlag(0) if fills else Qt.AlignmentFlag.AlignTop)
        self._cards.append(widget)
        return widget

    def show_only(self, widget: QWidget) -> None:
        """Show one of the widgets."""
        for each in self._cards:
            if each is not widget:
                each.hide()
        widget.show()

    def current(self) -> QWidget | None:
        """Return the widget that is shown."""
        return next((each for each in self._cards if not each.isHidden()), None)
