"""DropCover: while a file is held over the window, the whole place says what letting go would do."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from slm_studio.core.texts import tr
from slm_studio.ui.widgets.theme import the_theme


class DropCover(QWidget):
    """Lies over `parent`, lets the mouse through, and hides itself nowhere but on request."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def cover(self) -> None:
        """Lie over the parent."""
        self.setGeometry(self.parentWidget().rect())
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self._theme.colour("background", 0.86))
        painter.setPen(QPen(self._theme.colour("accent"), 2))
        painter.setBrush(self._theme.colour("soft", 0.6))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(16, 16, -16, -16), 12, 12)
        painter.setFont(self._theme.font(17, QFont.Weight.DemiBold))
        painter.setPen(self._theme.colour("accent"))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), tr("Let go to open it"))
