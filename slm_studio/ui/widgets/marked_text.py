"""MarkedText: a field whose words a model marks as one types; Legend: which colour is which label, and how often."""

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QTextEdit, QToolTip, QWidget

from slm_studio.core.errors import show
from slm_studio.core.results import Span, spans_in_words
from slm_studio.ui.widgets.flow import Flow
from slm_studio.ui.widgets.labels import plain_tooltip
from slm_studio.ui.widgets.marks import characters, ground_of, ink_of, units
from slm_studio.ui.widgets.theme import SECOND, the_theme
from slm_studio.ui.widgets.words import Words, words
from slm_studio.ui.widgets.wrapping import never_sideways

LETTERS = 17  # pixels of the words at zoom 1


class MarkedText(QPlainTextEdit):
    """Plain text to edit; marks lie over it and move with the words, and are no part of it or of its history."""

    def __init__(self, placeholder: Words, *, name: Words, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        never_sideways(self)
        self._theme = the_theme()
        self._order: tuple[str, ...] = ()
        self._marks: list[tuple[QTextCursor, Span]] = []
        self.setProperty("role", "bare")
        self.setTabChangesFocus(True)
        words(self.setPlaceholderText, placeholder)
        words(self.setAccessibleName, name)
        self._theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def set_marks(self, spans: Sequence[Span], order: Sequence[str]) -> None:
        """Mark these spans of the text, counted in characters; `order`: the labels in the order of their colours."""
        text, self._order = self.toPlainText(), tuple(order)
        places = units(text)
        self._marks = []
        for span in spans:
            if span.end < len(places):
                cursor = QTextCursor(self.document())
                cursor.setPosition(places[span.start])
                cursor.setPosition(places[span.end], QTextCursor.MoveMode.KeepAnchor)
                self._marks.append((cursor, span))
        self.setAccessibleDescription(spans_in_words(text, [span for _, span in self._marks]))
        self._paint()

    def marks(self) -> list[tuple[str, str]]:
        """Return the marked stretches as they stand now, each with its label."""
        return [(cursor.selectedText(), span.label) for cursor, span in self._marks if cursor.hasSelection()]

    def select(self, span: Span) -> None:
        """Select the words of a span, wherever they stand by now."""
        for cursor, each in self._marks:
            if each == span:
                self.setTextCursor(QTextCursor(cursor))
                self.setFocus()
                return

    def reveal(self, span: Span) -> None:
        """Scroll to a span that is marked."""
        for cursor, each in self._marks:
            if each == span:
                place = QTextCursor(cursor)
                place.setPosition(cursor.selectionStart())
                self.setTextCursor(place)
                self.ensureCursorVisible()

    def _paint(self) -> None:
        self.setExtraSelections([self._selection(cursor, span) for cursor, span in self._marks])

    def _selection(self, cursor: QTextCursor, span: Span) -> QTextEdit.ExtraSelection:
        ink = ink_of(self._theme, span.label, self._order)
        look = QTextCharFormat()
        look.setBackground(ground_of(self._theme, ink))
        look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
        look.setUnderlineColor(ink)
        selection = QTextEdit.ExtraSelection()
        selection.cursor, selection.format = cursor, look  # type: ignore[attr-defined]
        return selection

    def _on_theme_changed(self) -> None:
        self.document().setDefaultFont(self._theme.font(LETTERS))
        self.document().setDocumentMargin(0)
        self._paint()

    def viewportEvent(self, event: QEvent) -> bool:
        """Say what the words under the pointer are taken for, and how sure that is."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.toPlainText()
            at = characters(text, self.cursorForPosition(event.pos()).position())
            found = [span for _, span in self._marks if span.start <= at < span.end]
            said = f"{found[0].label} · {found[0].score:.2f}" if found else ""
            QToolTip.showText(event.globalPos(), plain_tooltip(said), self)
            return True
        return super().viewportEvent(event)


class Legend(QWidget):
    """Every label with its colour, and how often it stands in the text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._flow = Flow(self)
        self._shown: tuple[tuple[str, int], ...] = ()

    def set_labels(self, order: Sequence[str], found: Sequence[str]) -> None:
        """Show all labels in their order, and the count of those that were found."""
        counts = Counter(found)
        shown = tuple((label, counts[label]) for label in order)
        if shown == self._shown:
            return
        self._shown = shown
        self._flow.clear()
        for label, count in shown:
            self._flow.addWidget(_Entry(label, count, tuple(order)))

    def entries(self) -> tuple[tuple[str, int], ...]:
        """Return what is shown: labels and how often."""
        return self._shown


class _Entry(QWidget):
    """One label on its ground."""

    def __init__(self, label: str, count: int, order: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._order = the_theme(), order
        self._label, self._count = label, count
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{label}: {show(count)}")
        self._theme.changed.connect(self.updateGeometry)

    def _font(self) -> QFont:
        return self._theme.font(SECOND, QFont.Weight.Medium)

    def sizeHint(self) -> QSize:
        """Return what the words need."""
        px = self._theme.px
        wide = QFontMetrics(self._font()).horizontalAdvance(f"{self._label}  {self._count or ''}")
        return QSize(wide + px(20), px(24))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the label and its count; one that was not found is a mere outline."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink, side = ink_of(self._theme, self._label, self._order), self._theme.px(10)
        room = QRectF(self.rect())
        painter.setPen(Qt.PenStyle.NoPen if self._count else QPen(self._theme.colour("line"), 1))
        painter.setBrush(ground_of(self._theme, ink) if self._count else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(room.adjusted(0.5, 0.5, -0.5, -0.5), room.height() / 2, room.height() / 2)
        painter.setFont(self._font())
        painter.setPen(ink)
        inside = room.adjusted(side, 0, -side, 0)
        painter.drawText(inside, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), self._label)
        if self._count:
            painter.drawText(
                inside, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), show(self._count)
            )
