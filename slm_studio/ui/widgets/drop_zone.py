"""DropZone: a large calm place that says what may be dropped, and lights up when something is held over it."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QRectF, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.ui.widgets.empty_state import EmptyState
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words


class DropZone(QWidget):
    """Emits the paths that were dropped; `open_requested` and `second_requested` come from its buttons."""

    dropped = Signal(object)  # tuple[Path, …]
    open_requested = Signal()
    second_requested = Signal()

    def __init__(
        self, title: Words, sentence: Words, *, action: Words = "Open…", second: Words = "", icon_name: str = "table",
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._theme = the_theme()
        self._held = False
        self.setAcceptDrops(True)
        self.state = EmptyState(icon_name, title, sentence, action=action, second=second)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.state)
        self.state.acted.connect(self.open_requested)
        self.state.second_acted.connect(self.second_requested)

    def set_held(self, held: bool) -> None:
        """Light up while a file is held over the window."""
        self._held = held
        self.state.icon.set_icon("download" if held else "table", "accent" if held else "muted")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(self._theme.colour("accent" if self._held else "border"), 2 if self._held else 1.2)
        pen.setStyle(Qt.PenStyle.SolidLine if self._held else Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(self._theme.colour("soft" if self._held else "surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 12, 12)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome files."""
        if local_paths(event.mimeData()):
            self.set_held(True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Let them go."""
        self.set_held(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Take what was dropped."""
        self.set_held(False)
        paths = local_paths(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.dropped.emit(paths)


def local_paths(data: QMimeData) -> Sequence[Path]:
    """Return the files and folders of this computer that are being dragged."""
    return tuple(Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile())
