"""MessageLine: where a message is typed. Enter sends, Shift+Enter begins a new line; it grows with its lines."""

import math

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QKeySequence, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words, words
from slm_studio.ui.widgets.wrapping import never_sideways

SIZE, MOST_LINES = 14.5, 8


class MessageLine(QPlainTextEdit):
    """Plain text."""

    entered = Signal()
    recalled = Signal()  # Up in an empty line

    def __init__(
        self, placeholder: Words = "", *, name: Words, bare: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._bare = bare
        self.setProperty("role", "bare" if bare else "")
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        never_sideways(self)
        self.document().setDocumentMargin(0)
        if placeholder:
            words(self.setPlaceholderText, placeholder)
        words(self.setAccessibleName, name)
        self.textChanged.connect(self._fit)
        self._theme.changed.connect(self._fit)
        self._fit()
        self.document().clearUndoRedoStacks()

    def setPlaceholderText(self, text: str) -> None:
        """Show another hint, on as many lines as it takes."""
        super().setPlaceholderText(text)
        self._fit()

    def to_end(self) -> None:
        """Stand behind the last letter."""
        self.moveCursor(QTextCursor.MoveOperation.End)

    def _fit(self) -> None:
        self.document().setDefaultFont(self._theme.font(SIZE))
        lines = max(1, math.ceil(self.document().size().height()))  # a plain text's height counts lines
        if self.document().isEmpty():
            lines = max(lines, self._lines_of_hint())
        fits = lines <= MOST_LINES
        never, needed = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self.setVerticalScrollBarPolicy(never if fits else needed)
        spacing = math.ceil(QFontMetricsF(self.document().defaultFont()).lineSpacing())
        height = min(lines, MOST_LINES) * spacing + self._theme.px(4 if self._bare else 20)
        if height != self.height():
            self.setFixedHeight(height)

    def _lines_of_hint(self) -> int:
        """Return on how many lines the hint stands at this width."""
        metrics, room = self.fontMetrics(), self.viewport().rect().adjusted(0, 0, 0, 1000)
        return (
            metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), self.placeholderText()).height()
            // metrics.height()
        )

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        return QSize(self._theme.px(400), self.height())

    def event(self, event: QEvent) -> bool:
        """Leave undo and redo to the window where there is nothing to take back or do again in the line."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            document, key = self.document(), QKeySequence.StandardKey
            is_left = event.matches(key.Undo) and not document.isUndoAvailable()
            if is_left or (event.matches(key.Redo) and not document.isRedoAvailable()):
                event.ignore()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Send with Enter, break the line with Shift+Enter, recall with Up."""
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and not event.modifiers() & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier):
            self.entered.emit()
        elif is_enter:
            self.insertPlainText("\n")  # Qt would write a line separator
            self.ensureCursorVisible()
        elif event.key() == Qt.Key.Key_Up and self.document().isEmpty():
            self.recalled.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Be as high as the lines need at the new width."""
        super().resizeEvent(event)
        self._fit()
