"""Chips: a word on a soft ground, painted, so that tables of millions can hold them."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from slm_studio.ui.theme import SECOND, Theme, the_theme
from slm_studio.ui.widgets.words import Words, words

HEIGHT, PADDING = 24, 10
# kind → (words, ground, border); "" is none
KINDS = {
    "soft": ("accent", "soft", ""),
    "outline": ("text", "", "line"),
    "muted": ("muted", "hover", ""),
    "warning": ("warning", "warning_soft", ""),
    "bad": ("bad", "bad_soft", ""),
}


def chip_width(text: str, theme: Theme) -> float:
    """Return the room a chip takes."""
    return QFontMetricsF(_font(theme)).horizontalAdvance(text) + 2 * theme.px(PADDING)


def paint_chip(painter: QPainter, room: QRectF, text: str, kind: str, theme: Theme, ground: str = "") -> QRectF:
    """Paint a chip at the left of `room`, centred in its height, elided to its width; return where it stands.

    `ground` replaces the kind's own (on a selected row, which is tinted already).
    """
    letters, own_ground, border = KINDS[kind]
    ground = ground or own_ground
    font = _font(theme)
    padding, height = theme.px(PADDING), theme.px(HEIGHT)
    shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, max(0.0, room.width() - 2 * padding))
    width = min(room.width(), QFontMetricsF(font).horizontalAdvance(shown) + 2 * padding)
    place = QRectF(room.left(), room.center().y() - height / 2, width, height)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour(border), 1) if border else Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(ground) if ground else Qt.BrushStyle.NoBrush)
    inset = 0.5 if border else 0.0
    painter.drawRoundedRect(place.adjusted(inset, inset, -inset, -inset), height / 2, height / 2)
    painter.setFont(font)
    painter.setPen(QColor(getattr(theme.tokens, letters)))
    painter.drawText(place.adjusted(padding, 0, -padding + 2, 0), int(Qt.AlignmentFlag.AlignVCenter), shown)
    return place


class Chip(QWidget):
    """A chip on its own; `clicked` where `clickable`."""

    clicked = Signal()

    def __init__(
        self,
        template: Words = "",
        kind: str = "soft",
        *,
        clickable: bool = False,
        parent: QWidget | None = None,
        **values: object,
    ) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._text, self._kind, self._clickable = "", kind, clickable
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        if clickable:
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._theme.changed.connect(self.updateGeometry)
        self.set_words(template, **values)

    def set_words(self, template: Words, **values: object) -> None:
        """Show another word. Foreign text: set_words("{label}", label=…)"""
        words(self.set_text, template, **values)

    def set_text(self, text: str) -> None:
        """Show this text as it is."""
        self._text = text
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def copied(self) -> str:
        """Return its words."""
        return self._text

    def set_kind(self, kind: str) -> None:
        """Take another kind: soft, outline, muted, warning, bad."""
        self._kind = kind
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        return QSize(int(chip_width(self._text, self._theme)) + 2, self._theme.px(HEIGHT))

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        return QSize(min(self.sizeHint().width(), self._theme.px(56)), self._theme.px(HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        place = paint_chip(painter, QRectF(self.rect()), self._text, self._kind, self._theme)
        if self.hasFocus():
            painter.setPen(QPen(self._theme.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(place.adjusted(1, 1, -1, -1), place.height() / 2, place.height() / 2)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Take a click."""
        is_left = event.button() == Qt.MouseButton.LeftButton
        if self._clickable and is_left and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Obey the keys."""
        if self._clickable and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)


def _font(theme: Theme) -> QFont:
    return theme.font(SECOND, QFont.Weight.Medium)
