"""Fold: “▸ Advanced” with a line that sums up what is inside, and the inside when it is opened."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.labels import ElidedText
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.words import Words


class Fold(QFrame):
    """A card that opens. The inside can be made when it is first opened: listen to `opened`."""

    opened = Signal()
    toggled = Signal(bool)

    def __init__(
        self,
        title: Words,
        summary: Words = "",
        trailing: QWidget | None = None,
        *,
        parent: QWidget | None = None,
        **values: object,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._is_open = False
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 9, 16, 9)
        column.setSpacing(8)
        names = QWidget()
        row = QHBoxLayout(names)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        self.handle = Button(title, "fold", "chevron-right")
        self.summary = ElidedText("", "muted")
        row.addWidget(self.handle)
        row.addWidget(self.summary, 1)
        beside = SideBySide(gap=12)
        beside.add(names, 1)
        if trailing is not None:
            beside.add(Actions(trailing), 0)
        column.addWidget(beside)
        self._inside = QWidget()
        self.body = QVBoxLayout(self._inside)
        self.body.setContentsMargins(4, 4, 0, 8)
        self.body.setSpacing(12)
        column.addWidget(self._inside)
        self._inside.hide()
        self.set_summary(summary, **values)
        self.handle.clicked.connect(self._on_clicked)

    def set_summary(self, summary: Words, **values: object) -> None:
        """Sum up what is inside."""
        self.summary.set_words(summary, **values)

    def add(self, widget: QWidget) -> QWidget:
        """Place a widget inside."""
        self.body.addWidget(widget)
        return widget

    def is_open(self) -> bool:
        """Say whether the inside shows."""
        return self._is_open

    def set_open(self, is_open: bool) -> None:
        """Open or close."""
        if is_open == self._is_open:
            return
        self._is_open = is_open
        self.handle.set_icon("chevron-down" if is_open else "chevron-right")
        if is_open:
            self.opened.emit()
        self._inside.setVisible(is_open)
        self.toggled.emit(is_open)

    def _on_clicked(self) -> None:
        self.set_open(not self._is_open)
