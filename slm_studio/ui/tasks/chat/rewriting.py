"""Rewriting: a message that is written otherwise, in its place. What it was stays as another branch."""

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from slm_studio.ui.tasks.chat.line import MessageLine
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.labels import Text


class Rewriting(QWidget):
    """Enter takes it, Esc leaves it."""

    taken = Signal(str)
    left = Signal()

    def __init__(self, text: str, *, sends: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.line = MessageLine(name="Write it otherwise", bare=False)
        self.line.setPlainText(text)
        self.line.to_end()
        row = QHBoxLayout()
        row.setSpacing(8)
        self.take_button = Button("Send" if sends else "Keep", "primary", small=True)
        self.leave_button = Button("Cancel", small=True)
        row.addWidget(Text("What it was stays as another branch.", "muted"), 1)
        row.addWidget(self.leave_button)
        row.addWidget(self.take_button)
        column.addWidget(self.line)
        column.addLayout(row)
        self.line.entered.connect(self._on_taken)
        self.line.textChanged.connect(self._on_text_changed)
        self.take_button.clicked.connect(self._on_taken)
        self.leave_button.clicked.connect(self.left)

    def _on_taken(self) -> None:
        if self.line.toPlainText().strip():
            self.taken.emit(self.line.toPlainText())

    def _on_text_changed(self) -> None:
        self.take_button.setEnabled(bool(self.line.toPlainText().strip()))

    def event(self, event: QEvent) -> bool:
        """Take Esc for itself; else it would stop the answer."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.KeyPress:
                self.left.emit()
            event.accept()
            return True
        return super().event(event)

    def setFocus(self, *reason: Qt.FocusReason) -> None:
        """Go to the line. (With a proxy the Tab key would go round in here.)"""
        self.line.setFocus(*reason)
