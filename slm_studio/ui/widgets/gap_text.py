"""GapText: a text whose words can be clicked. Words that surprise are tinted; a gap shows what stands in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextEdit, QToolTip, QWidget

from slm_studio.ui.widgets.labels import plain_tooltip
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words, words
from slm_studio.ui.widgets.wrapping import break_endless_words

LETTERS, LINE_HEIGHT = 17, 150  # pixels at zoom 1; the height of a line in percent
TINTED, DEEPEST = 0.1, 0.45  # how surprising a word is that has a ground; the share of colour under the most surprising


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the text: as it is, a word to click, or a gap. `surprise`: from 0 (expected) to 1."""

    text: str
    kind: Literal["plain", "word", "gap"] = "plain"
    surprise: float = 0.0
    tip: str = ""
    is_current: bool = False  # the gap whose candidates are shown


class GapText(QTextEdit):
    """Read only; as high as its text. Arrow keys go from word to word, Return is a click."""

    chosen = Signal(object)  # the place, a number, of the part among all parts

    def __init__(self, *, name: Words, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._parts: tuple[Part, ...] = ()
        self._ends: list[int] = []  # of each part, as Qt counts
        self._under = self._at = -1  # the part under the pointer, and the one with the focus
        self.setProperty("role", "bare")
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        for policy in (self.setVerticalScrollBarPolicy, self.setHorizontalScrollBarPolicy):
            policy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        break_endless_words(self)
        self.viewport().setMouseTracking(True)
        self.document().setDocumentMargin(0)
        words(self.setAccessibleName, name)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._theme.changed.connect(self._write)

    def set_parts(self, parts: Sequence[Part]) -> None:
        """Show a text."""
        if tuple(parts) == self._parts:
            return
        self._parts, self._under = tuple(parts), -1
        self._at = min(self._at, len(self._parts) - 1)
        self.setAccessibleDescription(" ".join(part.tip or part.text for part in self._parts if part.kind != "plain"))
        self._write()

    def parts(self) -> tuple[Part, ...]:
        """Return what is shown."""
        return self._parts

    def part_at(self, point: QPointF) -> int:
        """Return which word or gap stands at a point of the viewport, or −1."""
        place = self.document().documentLayout().hitTest(point, Qt.HitTestAccuracy.ExactHit)
        found = next((at for at, end in enumerate(self._ends) if 0 <= place < end), -1)
        return found if found >= 0 and self._parts[found].kind != "plain" else -1

    def _write(self) -> None:
        self.document().setDefaultFont(self._theme.font(LETTERS))
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.removeSelectedText()
        block = QTextBlockFormat()
        block.setLineHeight(LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.setBlockFormat(block)
        self._ends = []
        for place, part in enumerate(self._parts):
            cursor.insertText(part.text, self._look(place))
            self._ends.append(cursor.position())
        cursor.endEditBlock()
        self._fit()

    def _look(self, place: int) -> QTextCharFormat:
        part, theme, look = self._parts[place], self._theme, QTextCharFormat()
        look.setForeground(theme.colour("text"))
        if part.kind == "gap":
            look.setForeground(theme.colour("on_accent" if part.is_current else "accent"))
            look.setBackground(theme.colour("accent") if part.is_current else theme.colour("soft"))
            look.setFontWeight(QFont.Weight.DemiBold)
        elif part.surprise > TINTED:
            look.setBackground(theme.mix("held_out", "surface", DEEPEST * part.surprise))
        if part.kind != "plain" and place in (self._under, self._at if self.hasFocus() else -1):
            look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
            look.setUnderlineColor(theme.colour("accent"))
        return look

    def _point(self, place: int) -> None:
        if place != self._under:
            before, self._under = self._under, place
            self._renew(before)
            self._renew(place)
            shape = Qt.CursorShape.PointingHandCursor if place >= 0 else Qt.CursorShape.ArrowCursor
            self.viewport().setCursor(shape)

    def _renew(self, place: int) -> None:
        """Write the look of a part anew."""
        if 0 <= place < len(self._ends):
            cursor = QTextCursor(self.document())
            cursor.setPosition(self._ends[place - 1] if place else 0)
            cursor.setPosition(self._ends[place], QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(self._look(place))

    def _go(self, step: int) -> None:
        """Move the focus to the next word."""
        places = [at for at, part in enumerate(self._parts) if part.kind != "plain"]
        if not places:
            return
        here = places.index(self._at) + step if self._at in places else 0
        before, self._at = self._at, places[max(0, min(len(places) - 1, here))]
        self._renew(before)
        self._renew(self._at)

    def _fit(self) -> None:
        self.setFixedHeight(max(self._theme.px(30), round(self.document().size().height()) + 4))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show what can be clicked."""
        self._point(self.part_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """Forget the pointer."""
        self._point(-1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose what is under the pointer."""
        place = self.part_at(event.position())
        if place >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._at = place
            self.chosen.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from word to word, and choose."""
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(
            Qt.Key(event.key())
        )
        if step is not None:
            self._go(step)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and 0 <= self._at < len(
            self._parts
        ):
            if self._parts[self._at].kind != "plain":
                self.chosen.emit(self._at)
        else:
            QWidget.keyPressEvent(self, event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show which word has the focus."""
        super().focusInEvent(event)
        self._go(0)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show it no more."""
        super().focusOutEvent(event)
        self._renew(self._at)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page."""
        event.ignore()

    def viewportEvent(self, event: QEvent) -> bool:
        """Say how likely a word is."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self.part_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), plain_tooltip(self._parts[place].tip) if place >= 0 else "", self)
            return True
        return super().viewportEvent(event)
