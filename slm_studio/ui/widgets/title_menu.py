"""TitleMenu: the title of a place that is also a choice: “Support tickets · LSTM small ▾”."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from slm_studio.ui.widgets.buttons import MenuButton
from slm_studio.ui.widgets.icons import pixmap
from slm_studio.ui.widgets.labels import plain_tooltip
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words

SIZE, ARROW, GAP, HEIGHT = 20, 18, 6, 25  # as high as a title in words, so that places do not jump


class TitleMenu(MenuButton):
    """Looks like a title with an arrow; a click (or Return) opens the list. Long titles end in …"""

    def __init__(self, template: Words = "", *, parent: QWidget | None = None, **values: object) -> None:
        super().__init__(template, "quiet", parent=parent, **values)
        self._theme = the_theme()
        self.setProperty("shape", "title")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._theme.changed.connect(self.updateGeometry)

    def _font(self) -> QFont:
        return self._theme.font(SIZE, QFont.Weight.Bold)

    def setText(self, text: str) -> None:
        """Show the title as it is; the arrow is painted."""
        QPushButton.setText(self, text)
        self.setToolTip("")
        self.updateGeometry()

    def copied(self) -> str:
        """Return the title."""
        return self.text()

    def sizeHint(self) -> QSize:
        """Return the room of the whole title."""
        width = QFontMetrics(self._font()).horizontalAdvance(self.text()) + self._theme.px(ARROW + GAP) + 4
        return QSize(width, self._theme.px(HEIGHT))

    def minimumSizeHint(self) -> QSize:
        """Return the room of a few letters."""
        return QSize(min(self._theme.px(120), self.sizeHint().width()), self._theme.px(HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint title and arrow."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = self._theme.px(ARROW)
        room = QRectF(self.rect()).adjusted(0, 0, -side - self._theme.px(GAP), 0)
        metrics = QFontMetrics(self._font())
        shown = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, int(room.width()) + 2)
        self.setToolTip(plain_tooltip(self.text()) if shown != self.text() else "")
        painter.setFont(self._font())
        painter.setPen(self._theme.colour("text"))
        painter.drawText(
            room.adjusted(0, 0, 4, 0), int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine), shown
        )
        token = "accent" if self.underMouse() or self.hasFocus() else "muted"
        arrow = pixmap("chevron-down", getattr(self._theme.tokens, token), side, self.devicePixelRatioF())
        left = min(room.right(), metrics.horizontalAdvance(shown)) + self._theme.px(GAP)
        painter.drawPixmap(QRectF(left, (self.height() - side) / 2 + 2, side, side), arrow, QRectF(arrow.rect()))
        if self.hasFocus():
            painter.setPen(QPen(self._theme.colour("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
