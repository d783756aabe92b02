"""Chips: a word on a soft ground, painted, so that tables of millions can hold them."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from slm_studio.ui.widgets.theme import SECOND, Theme

HEIGHT, PADDING = 24, 10
# kind → (words, ground, border); "" is none
KINDS = {
    "soft": ("accent", "soft", ""),
    "outline": ("text", "", "line"),
}


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


def _font(theme: Theme) -> QFont:
    return theme.font(SECOND, QFont.Weight.Medium)
