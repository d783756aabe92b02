"""ProseView: words of a message, as high as they need; each letter may know a number that was given with it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QMouseEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
    QTextLength,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextEdit, QToolTip, QWidget

from slm_studio.ui.widgets.labels import plain_tooltip
from slm_studio.ui.widgets.message_lines import Line
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words, words
from slm_studio.ui.widgets.wrapping import break_endless_words

NUMBER = QTextFormat.Property.UserProperty + 1  # of a letter: what it was given, see Piece
SIZE, LINE_HEIGHT = 14.5, 138  # letters in pixels at zoom 1; the height of a line in percent
HEADINGS = (18.0, 16.5, 15.5, 14.5)
INDENT = 22  # pixels at zoom 1 that an item stands in


@dataclass(frozen=True, slots=True)
class Piece:
    """Letters that share a look and a number (−1: none)."""

    text: str
    number: int = -1
    strong: bool = False
    slanted: bool = False
    code: bool = False


class ProseView(QTextEdit):
    """Read only; grows with its lines. The last line can be written anew while it is still coming."""

    pointed = Signal(
        object, object
    )  # the number of the letter under the pointer or the cursor (−1: none), and its place

    def __init__(self, *, name: Words, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._under = -1
        self._lines: list[tuple[Line, tuple[Piece, ...]]] = []
        self.setProperty("role", "bare")
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        for policy in (self.setVerticalScrollBarPolicy, self.setHorizontalScrollBarPolicy):
            policy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        break_endless_words(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.viewport().setMouseTracking(True)
        self.document().setDocumentMargin(0)
        self.document().setDefaultFont(self._theme.font(SIZE))
        words(self.setAccessibleName, name)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self.cursorPositionChanged.connect(self._on_cursor)
        self._theme.changed.connect(self._on_theme_changed)

    def add_line(self, line: Line, pieces: Sequence[Piece]) -> None:
        """Add a line below the others."""
        self._lines.append((line, tuple(pieces)))
        cursor = self._end()
        cursor.beginEditBlock()
        if len(self._lines) > 1:
            cursor.insertBlock()
        self._write(cursor, len(self._lines) - 1)
        cursor.endEditBlock()

    def change_last(self, line: Line, pieces: Sequence[Piece]) -> None:
        """Write the last line anew."""
        self._lines[-1] = (line, tuple(pieces))
        cursor = self._end()
        cursor.beginEditBlock()
        cursor.movePosition(QTextCursor.MoveOperation.StartOfBlock, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        self._write(cursor, len(self._lines) - 1)
        cursor.endEditBlock()

    def count(self) -> int:
        """Return how many lines there are."""
        return len(self._lines)

    def number_at(self, position: int) -> int:
        """Return the number of the letter at `position` of the text, or −1."""
        cursor = QTextCursor(self.document())
        if not 0 <= position < self.document().characterCount() - 1:
            return -1
        cursor.setPosition(position + 1)  # a cursor's format is that of the letter before it
        if cursor.atBlockStart():
            return -1  # the end of a line
        look = cursor.charFormat()
        return look.intProperty(NUMBER) if look.hasProperty(NUMBER) else -1

    def copied(self) -> str:
        """Return the words, or those that are selected."""
        return self.textCursor().selectedText().replace("\u2029", "\n") or self.toPlainText()

    def show_tip(self, place: QPoint, text: str) -> None:
        """Show words under a letter."""
        QToolTip.showText(self.viewport().mapToGlobal(place), plain_tooltip(text), self.viewport())

    def _write(self, cursor: QTextCursor, at: int) -> None:
        line, pieces = self._lines[at]
        cursor.setBlockFormat(self._block(line, self._lines[at - 1][0].kind if at else "blank"))
        if line.sign:
            cursor.insertText(f"{line.sign}\u2002", self._look(line, Piece("")))
        for piece in pieces:
            cursor.insertText(piece.text, self._look(line, piece))

    def _block(self, line: Line, before: str) -> QTextBlockFormat:
        px = self._theme.px
        look = QTextBlockFormat()
        look.setLineHeight(LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        if line.kind == "blank":
            look.setLineHeight(px(8), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        elif line.kind == "heading" and before != "blank":
            look.setTopMargin(px(8))
        elif line.kind == "item":
            look.setLeftMargin(px(INDENT) * (line.level + 1))
            look.setTextIndent(-px(INDENT - 6))
        elif line.kind == "quote":
            look.setLeftMargin(px(INDENT))
        elif line.kind == "rule":
            whole = QTextLength(QTextLength.Type.PercentageLength, 100)
            look.setProperty(QTextFormat.Property.BlockTrailingHorizontalRulerWidth, whole)
        return look

    def _look(self, line: Line, piece: Piece) -> QTextCharFormat:
        look = QTextCharFormat()
        if piece.code:
            look.setFont(self._theme.monospace(SIZE - 1))
            look.setBackground(self._theme.colour("hover"))
        elif line.kind == "heading":
            look.setFont(self._theme.font(HEADINGS[min(line.level, len(HEADINGS)) - 1], QFont.Weight.DemiBold))
        if line.kind == "quote":
            look.setForeground(self._theme.colour("muted"))
        if piece.strong:
            look.setFontWeight(QFont.Weight.DemiBold)
        look.setFontItalic(piece.slanted)
        if piece.number >= 0:
            look.setProperty(NUMBER, piece.number)
        return look

    def _end(self) -> QTextCursor:
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        return cursor

    def _at(self, point: QPoint) -> int:
        if not self.document().documentLayout().hitTest(point, Qt.HitTestAccuracy.ExactHit) >= 0:
            return -1
        cursor = self.cursorForPosition(point)
        # The cursor stands between two letters; the nearer one may lie on either side.
        is_left = point.x() < self.cursorRect(cursor).x()
        return self.number_at(cursor.position() - 1 if is_left else cursor.position())

    def _point(self, number: int, place: QPoint) -> None:
        if number != self._under:
            self._under = number
            self.pointed.emit(number, place)

    def _fit(self) -> None:
        air = self._air_below()
        # Not scrolled away but cut off: else a selection that is drawn downwards would move the words by it.
        self.setViewportMargins(0, 0, 0, -air)
        height = math.ceil(self.document().size().height()) + 1 - air
        if height != self.height():
            self.setFixedHeight(height)

    def _air_below(self) -> int:
        """Return the pixels that belong between two lines and stand below the last: words would not stand in the middle."""
        layout = self.document().lastBlock().layout()
        if not layout.lineCount():
            return 0
        return int(layout.lineAt(layout.lineCount() - 1).height() * (LINE_HEIGHT - 100) / 100)

    def _on_cursor(self) -> None:
        if self.hasFocus():
            cursor = self.textCursor()
            self._point(self.number_at(cursor.position()), self.cursorRect(cursor).bottomLeft())

    def _on_theme_changed(self) -> None:
        lines, self._lines = self._lines, []
        self.document().setDefaultFont(self._theme.font(SIZE))
        self.clear()
        for line, pieces in lines:
            self.add_line(line, pieces)

    def sizeHint(self) -> QSize:
        """Return the size it likes: the room of its longest line."""
        metrics, px = QFontMetricsF(self.document().defaultFont()), self._theme.px
        widest = max((metrics.horizontalAdvance(line) for line in self.toPlainText()[:2000].split("\n")), default=0)
        return QSize(math.ceil(min(widest, px(900))) + px(2), self.height())

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        return QSize(min(self._theme.px(40), self.sizeHint().width()), self._theme.px(20))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page."""
        event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the letter under the pointer."""
        super().mouseMoveEvent(event)
        place = event.position().toPoint()
        self._point(self._at(place), place)

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing."""
        super().leaveEvent(event)
        self._point(-1, QPoint())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Point at nothing."""
        super().focusOutEvent(event)
        self._point(-1, QPoint())

    def viewportEvent(self, event: QEvent) -> bool:
        """Keep the tip that stands; Qt's own would be empty and take it away."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            return True
        return super().viewportEvent(event)
