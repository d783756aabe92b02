"""MarkField: a text whose words are chosen with mouse or keys, to be marked; what is marked stands in it with its label."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QMouseEvent, QTextCharFormat, QTextCursor, QTextLine
from PySide6.QtWidgets import QTextEdit, QWidget

from slm_studio.core import spans as core
from slm_studio.core.results import Span, spans_in_words
from slm_studio.core.tagged import Sentence
from slm_studio.core.texts import mark, tr
from slm_studio.ui.widgets.marks import LABEL, ground_of, ink_of, units
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import words
from slm_studio.ui.widgets.wrapping import never_sideways

LETTERS = 16  # pixels of the words at zoom 1
ODD = str.maketrans({"\r": " ", "\u2029": "\n", "\0": " ", "\ufdd0": " ", "\ufdd1": " "})  # what Qt keeps for itself
STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
LINES = {
    Qt.Key.Key_Up: QTextCursor.MoveOperation.Up,
    Qt.Key.Key_Down: QTextCursor.MoveOperation.Down,
    Qt.Key.Key_Home: QTextCursor.MoveOperation.StartOfLine,
    Qt.Key.Key_End: QTextCursor.MoveOperation.EndOfLine,
}


class MarkField(QTextEdit):
    """Always has some words selected: one, a marked stretch, or more.

    Arrows go from word to word, over a marked stretch in one step; with Shift they widen and narrow. Tab goes from one
    marked stretch to the next and then out. The mouse selects whole words; a click on a marked stretch all of it.
    """

    chosen = Signal()  # other words are selected

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        never_sideways(self)
        self._theme = the_theme()
        self._sentence = Sentence("", ())
        self._spans: tuple[core.Span, ...] = ()
        self._order: tuple[str, ...] = ()
        self._begins: list[int] = []  # where each word stands in the document
        self._behind: list[int] = []  # where it ends, with the label behind it, where one is
        self._anchor, self._head = 0, 0  # the first and the last word that were selected, in either order
        self.setReadOnly(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        words(self.setAccessibleName, mark("Text to mark"))
        self._theme.changed.connect(self._write)

    def show_marks(self, sentence: Sentence, spans: Sequence[core.Span], order: Sequence[str]) -> None:
        """Show a text and its spans of words; of the same text the selection stays."""
        if sentence.text != self._sentence.text:
            self._anchor = self._head = 0
        self._sentence, self._spans, self._order = sentence, tuple(spans), tuple(order)
        self._write()

    @property
    def selected(self) -> tuple[int, int]:
        """Return the words that are selected, as a stretch."""
        return min(self._anchor, self._head), max(self._anchor, self._head) + 1

    def select(self, start: int, end: int) -> None:
        """Select a stretch of words."""
        self._select(start, end - 1)

    def select_unit(self, word: int, *, from_behind: bool = False) -> None:
        """Select a word, or all of the stretch that it is marked in."""
        if not self._begins:
            return
        word = max(0, min(word, len(self._begins) - 1))
        span = next((each for each in self._spans if each.start <= word < each.end), core.Span(word, word + 1, ""))
        ends = (span.end - 1, span.start) if from_behind else (span.start, span.end - 1)
        self._select(*ends)

    def copied(self) -> str:
        """Return the selected words."""
        first, last = self._placed()
        return self._sentence.text[first:last]

    def _select(self, anchor: int, head: int) -> None:
        most = len(self._begins) - 1
        if most < 0:
            return
        self._anchor, self._head = max(0, min(anchor, most)), max(0, min(head, most))
        self._show_selection()
        self.chosen.emit()

    def _show_selection(self) -> None:
        if not self._begins:
            return
        start, end = self.selected
        cursor = QTextCursor(self.document())
        places = self._begins[start], self._behind[end - 1]
        first, last = places if self._head >= self._anchor else reversed(places)
        cursor.setPosition(first)
        cursor.setPosition(last, QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)  # scrolls to it, and tells a screen reader
        self._describe()

    def _describe(self) -> None:
        start, end = self.selected
        label = next((each.label for each in self._spans if (each.start, each.end) == (start, end)), "")
        said = tr("Selected: {words}, marked as {label}.", words=self.copied(), label=label) if label else ""
        marked = core.characters_of(self._spans, self._sentence.words)
        whole = spans_in_words(self._sentence.text, [Span(*each, 1.0) for each in marked])
        self.setAccessibleDescription(f"{said or tr('Selected: {words}.', words=self.copied())} {whole}".strip())

    def _placed(self) -> tuple[int, int]:
        if not self._sentence.words:
            return 0, 0
        start, end = self.selected
        return self._sentence.words[start].start, self._sentence.words[end - 1].end

    def _write(self) -> None:
        """Write the text; a label stands small behind what it marks."""
        text, at, shift = self._sentence.text.translate(ODD), 0, 0
        words, places = self._sentence.words, units(text)
        shifts = [0] * len(words)  # by how much the labels before a word move it
        body = QTextCharFormat()
        body.setFont(self._theme.font(LETTERS))
        body.setForeground(self._theme.colour("text"))
        self.clear()
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        self._behind = [places[word.end] for word in words]
        for span, follower in pairwise([*self._spans, core.Span(len(words), len(words), "")]):
            first, last = words[span.start].start, words[span.end - 1].end
            look = self._look(body, span)
            cursor.insertText(text[at:first], body)
            cursor.insertText(text[first:last], look)
            room, at = self._write_label(cursor, look, span.label), last
            self._behind[span.end - 1] += room
            shift += room
            shifts[span.end : follower.end] = [shift] * (follower.end - span.end)
        cursor.insertText(text[at:], body)
        cursor.endEditBlock()
        self._begins = [places[word.start] + moved for word, moved in zip(words, shifts, strict=True)]
        self._behind = [place + moved for place, moved in zip(self._behind, shifts, strict=True)]
        self._show_selection()

    def _look(self, body: QTextCharFormat, span: core.Span) -> QTextCharFormat:
        look = QTextCharFormat(body)
        look.setBackground(ground_of(self._theme, ink_of(self._theme, span.label, self._order)))
        return look

    def _write_label(self, cursor: QTextCursor, look: QTextCharFormat, label: str) -> int:
        """Write a label and return the room that it takes."""
        name = QTextCharFormat(look)
        name.setFont(self._theme.font(LABEL, QFont.Weight.DemiBold))
        name.setForeground(ink_of(self._theme, label, self._order))
        shown = f"\u00a0{label.translate(ODD)}\u00a0".replace("\n", " ")
        cursor.insertText(shown, name)
        return units(shown)[-1]

    def _word_at(self, point: QPointF) -> int:
        """Return the word under a point, or the one before it."""
        bars = QPointF(self.horizontalScrollBar().value(), self.verticalScrollBar().value())
        cursor = self.cursorForPosition(point.toPoint())
        block = cursor.block()
        inside = point + bars - self.document().documentLayout().blockBoundingRect(block).topLeft()
        at = cursor.position()
        layout = block.layout()
        for number in range(layout.lineCount()):
            line = layout.lineAt(number)
            if line.y() <= inside.y() < line.y() + line.height():
                # Between letters would be the next word for the right half of one: Chinese words are single letters.
                at = block.position() + line.xToCursor(inside.x(), QTextLine.CursorPosition.CursorOnCharacter)
        return self._word_of(at)

    def _word_of(self, place: int) -> int:
        return max(0, bisect_right(self._begins, place) - 1)

    def _step(self, by: int, *, widens: bool) -> None:
        if widens:
            self._select(self._anchor, self._head + by)
            return
        start, end = self.selected
        self.select_unit(end if by > 0 else start - 1, from_behind=by < 0)

    def _go(self, move: QTextCursor.MoveOperation, *, widens: bool) -> None:
        if not self._begins:
            return
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._begins[self._head])
        cursor.movePosition(move)
        word = self._word_of(cursor.position())
        if widens:
            self._select(self._anchor, word)
        else:
            self.select_unit(word)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to select at a word."""
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        word = self._word_at(event.position())
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._select(self._anchor, word)
        else:
            self._select(word, word)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Widen to the word under the pointer."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._select(self._anchor, self._word_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Take all of a marked stretch where it was a mere click."""
        if event.button() == Qt.MouseButton.LeftButton and self._anchor == self._head and not event.modifiers():
            self.select_unit(self._anchor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Do what a click does."""
        self.mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from word to word; all other keys are left to whoever marks."""
        widens = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        others = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if others:
            event.ignore()
        elif event.key() in STEPS:
            self._step(STEPS[Qt.Key(event.key())], widens=widens)
        elif event.key() in LINES:
            self._go(LINES[Qt.Key(event.key())], widens=widens)
        else:
            event.ignore()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Go to the next marked stretch; out of the field behind the last one."""
        start, end = self.selected
        if forward:
            found = [each for each in self._spans if each.start >= end or each.start < start < each.end < end][:1]
        else:
            found = [each for each in self._spans if each.end <= start][-1:]
        if not found or not self.hasFocus():
            return super().focusNextPrevChild(forward)
        self.select(found[0].start, found[0].end)
        return True
