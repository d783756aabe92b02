"""How changes look, in fields, readers and cells: what came stands on a tinted ground, what went is struck through."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QTextCharFormat, QTextCursor

from slm_studio.core.changes import Piece
from slm_studio.ui.widgets.marks import ground_of
from slm_studio.ui.widgets.theme import Theme


@dataclass(frozen=True, slots=True)
class Changed:
    """A text and what changed in it."""

    pieces: tuple[Piece, ...]

    def __str__(self) -> str:
        return "".join(piece.text for piece in self.pieces if piece.kind != "removed")


def look_of(piece: Piece, theme: Theme, body: QTextCharFormat) -> QTextCharFormat:
    """Return how a piece looks in a text that looks like `body`."""
    look = QTextCharFormat(body)
    if piece.kind == "added":
        ink = QColor(theme.tokens.accent)
        look.setBackground(ground_of(theme, ink))
        look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
        look.setUnderlineColor(ink)
    elif piece.kind == "removed":
        look.setFontStrikeOut(True)
        look.setForeground(QBrush(QColor(theme.tokens.muted)))
    return look


def write_changed(cursor: QTextCursor, pieces: Sequence[Piece], theme: Theme, body: QTextCharFormat) -> None:
    """Write a text with its changes."""
    for piece in pieces:
        cursor.insertText(piece.text, look_of(piece, theme, body))


def paint_changed(painter: QPainter, room: QRectF, pieces: Sequence[tuple[str, str]], theme: Theme) -> None:
    """Paint a text with its changes on one line; what has no room ends in “…”. Pieces: a text and its kind."""
    x = room.left()
    for text, kind in pieces:
        font = theme.font()
        font.setStrikeOut(kind == "removed")
        measure = QFontMetricsF(font)
        flat = text.replace("\n", " ")
        shown = measure.elidedText(flat, Qt.TextElideMode.ElideRight, max(0.0, room.right() - x))
        wide = measure.horizontalAdvance(shown)
        if kind == "added":
            ground = ground_of(theme, QColor(theme.tokens.accent))
            painter.fillRect(QRectF(x, room.center().y() - measure.height() / 2, wide, measure.height()), ground)
        painter.setFont(font)
        painter.setPen(theme.colour("muted" if kind == "removed" else "text"))
        painter.drawText(QRectF(x, room.top(), wide + 1, room.height()), int(_MIDDLE), shown)
        x += wide
        if shown != flat:
            return


_MIDDLE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
