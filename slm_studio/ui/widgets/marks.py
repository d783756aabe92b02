"""Marks: stretches of a text under a name, a colour a name; how cells, readers and fields show them."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QTextCharFormat, QTextCursor

from slm_studio.core.results import Span
from slm_studio.ui.widgets.theme import BASE, Theme

TINT = {False: 0.13, True: 0.20}  # is the look dark? → the share of a colour in the ground under words
LABEL = 10.5  # pixels of the name behind a stretch
HEIGHT, SIDE, GAP, ROUND = 24, 7, 6, 6


@dataclass(frozen=True, slots=True)
class Marked:
    """A text and what is marked in it. `order`: the labels in the order of their colours."""

    text: str
    spans: tuple[Span, ...]
    order: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text


def order_of(labels: Sequence[str]) -> tuple[str, ...]:
    """Return labels in the order of their colours: by name, so that one has the same colour in every place."""
    return tuple(sorted(set(labels), key=lambda label: (label.casefold(), label)))


def ink_of(theme: Theme, label: str, order: Sequence[str]) -> QColor:
    """Return the colour of a label; those beyond the colours begin with the first again."""
    place = order.index(label) if label in order else len(order)
    return QColor(theme.tokens.marks[place % len(theme.tokens.marks)])


def ground_of(theme: Theme, ink: QColor) -> QColor:
    """Return the ground on which marked words stand, opaque."""
    share, below = TINT[theme.tokens.is_dark], QColor(theme.tokens.surface)
    pairs = zip(ink.getRgb()[:3], below.getRgb()[:3], strict=True)
    return QColor(*(round(top * share + under * (1 - share)) for top, under in pairs))


def units(text: str) -> list[int]:
    """Return where each character begins as Qt counts, in UTF-16; and the end. Example: units("a🙂b") == [0, 1, 3, 4]"""
    return list(accumulate((1 + (ord(each) > 0xFFFF) for each in text), initial=0))


def characters(text: str, unit: int) -> int:
    """Return which character stands at a place as Qt counts. Example: characters("a🙂b", 3) == 2"""
    return bisect_left(units(text), unit)


def pieces(marked: Marked) -> list[tuple[str, str]]:
    """Return the text in pieces, each with its label or ""; of spans that overlap the first counts.

    Example: pieces(Marked("Ada left", (Span(0, 3, "PER", 1.0),))) == [("Ada", "PER"), (" left", "")]
    """
    found, done = [], 0
    for span in marked.spans:
        if span.start >= done:
            found += [(marked.text[done : span.start], ""), (marked.text[span.start : span.end], span.label)]
            done = span.end
    return [(piece, label) for piece, label in [*found, (marked.text[done:], "")] if piece]


def write_marked(cursor: QTextCursor, marked: Marked, theme: Theme, body: QTextCharFormat) -> None:
    """Write a text with its marks; the label stands small behind each."""
    for piece, label in pieces(marked):
        if not label:
            cursor.insertText(piece, body)
            continue
        ink = ink_of(theme, label, marked.order)
        words = QTextCharFormat(body)
        words.setBackground(ground_of(theme, ink))
        cursor.insertText(piece, words)
        name = QTextCharFormat(words)
        name.setFont(theme.font(LABEL, QFont.Weight.DemiBold))
        name.setForeground(ink)
        cursor.insertText(f"\u00a0{label}\u00a0", name)


def paint_marks(
    painter: QPainter, room: QRectF, marks: Sequence[tuple[str, str]], order: Sequence[str], theme: Theme
) -> None:
    """Paint stretches with their labels one behind the other; what has no room ends in “…”."""
    height, side, gap = theme.px(HEIGHT), theme.px(SIDE), theme.px(GAP)
    words, small = theme.font(BASE), theme.font(LABEL, QFont.Weight.DemiBold)
    x = room.left()
    for at, (stretch, label) in enumerate(marks):
        ink = ink_of(theme, label, order)
        needed = QFontMetricsF(small).horizontalAdvance(label) + 2 * side + (between := gap if stretch else 0)
        left = room.right() - x - needed - (theme.px(16) if at + 1 < len(marks) else 0)
        if left < theme.px(24) and at:
            painter.setFont(words)
            painter.setPen(theme.colour("muted"))
            painter.drawText(QRectF(x, room.top(), room.right() - x, room.height()), int(_MIDDLE), "…")
            return
        shown = QFontMetricsF(words).elidedText(" ".join(stretch.split()), Qt.TextElideMode.ElideRight, max(0.0, left))
        wide = QFontMetricsF(words).horizontalAdvance(shown)
        place = QRectF(x, room.center().y() - height / 2, wide + needed, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground_of(theme, ink))
        painter.drawRoundedRect(place, theme.px(ROUND), theme.px(ROUND))
        painter.setFont(words)
        painter.setPen(theme.colour("text"))
        painter.drawText(place.adjusted(side, 0, 0, 0), int(_MIDDLE), shown)
        painter.setFont(small)
        painter.setPen(ink)
        painter.drawText(place.adjusted(side + wide + between, 0, 0, 0), int(_MIDDLE), label)
        x = place.right() + gap


_MIDDLE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
