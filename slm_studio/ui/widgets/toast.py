"""Toast: what just happened, in a bar at the foot of the place, and the way back (“Moved to the trash · Undo”)."""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from slm_studio.ui.widgets.buttons import Button, IconButton
from slm_studio.ui.widgets.labels import ElidedText

SECONDS = 12


class Toast(QFrame):
    """Shows one sentence for a while. A new one replaces it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "banner")
        self.setProperty("tone", "plain")
        self._undo: Callable[[], object] | None = None
        self._place = self._now = ""  # where it was said, and where the person is
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 6, 8, 6)
        row.setSpacing(8)
        self.sentence = ElidedText()
        self.undo_button = Button("Undo", "link", "undo")
        self.close_button = IconButton("close", "Close")
        row.addWidget(self.sentence, 1)
        row.addWidget(self.undo_button, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.close_button)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SECONDS * 1000)
        self._timer.timeout.connect(self.hide)
        self.undo_button.clicked.connect(self._on_undo)
        self.close_button.clicked.connect(self.withdraw)
        self.hide()

    def show_words(self, text: str, undo: Callable[[], object] | None = None) -> None:
        """Say what happened; `undo` takes it back."""
        self._undo, self._place = undo, self._now
        self.sentence.setText(text)
        self.undo_button.setVisible(undo is not None)
        self.setAccessibleName(text)
        self.show()
        self._timer.start()

    def go_to(self, place: str) -> None:
        """Follow the person to a place: what was said of another one waits there for its time."""
        self._now = place
        self.setVisible(self._timer.isActive() and place == self._place)

    def withdraw(self) -> None:
        """Say it no longer."""
        self._timer.stop()
        self.hide()

    def _on_undo(self) -> None:
        undo, self._undo = self._undo, None
        self.withdraw()
        if undo is not None:
            undo()
