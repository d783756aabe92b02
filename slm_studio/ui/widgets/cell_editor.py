"""The editors of a cell: they give back exactly what was typed, and nothing at all where nothing was changed."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QStringListModel, Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QPlainTextEdit, QWidget

from slm_studio.ui.widgets.wrapping import never_sideways

LONG = 80  # letters from which a cell is edited in several lines
LINES, WIDTH = 8, 460  # of a roomy editor: lines, and pixels at least where there is room
PARAGRAPH = "\u2029"  # Qt's own break between paragraphs
SHOWN = 12  # choices that are seen at once


class LongEditor(QPlainTextEdit):
    """Several lines. Ctrl+Return, Tab or a click elsewhere keeps the change, Esc drops it."""

    kept = Signal()

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        never_sideways(self)
        self.setTabChangesFocus(True)
        self.setPlainText(text)
        self.document().setModified(False)

    def words(self) -> str:
        """Return the text; `toPlainText` would turn no-break spaces into ordinary ones."""
        return self.document().toRawText().replace(PARAGRAPH, "\n")

    def event(self, event: QEvent) -> bool:
        """Take Ctrl+Return before the window does."""
        if event.type() == QEvent.Type.ShortcutOverride and _keeps(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keep the change with Ctrl+Return."""
        if _keeps(event):
            self.kept.emit()
        else:
            super().keyPressEvent(event)


class LineEditor(QLineEdit):
    """One line; with `choices` those are offered, and one that is chosen is kept at once."""

    kept = Signal()

    def __init__(self, text: str, parent: QWidget, choices: Sequence[str] = ()) -> None:
        super().__init__(text, parent)
        self.setMaxLength(10_000_000)  # Qt's own limit would cut in silence
        self.setModified(False)
        self._before = self.text()
        self._offers = None
        if choices:
            self._offers = QCompleter(QStringListModel(list(choices), self), self)
            self._offers.setFilterMode(Qt.MatchFlag.MatchContains)
            self._offers.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            self._offers.setMaxVisibleItems(SHOWN)
            self.setCompleter(self._offers)
            self._offers.activated.connect(self._on_chosen)

    def words(self) -> str | None:
        """Return the text where it is another one."""
        return self.text() if self.isModified() or self.text() != self._before else None

    def _on_chosen(self, text: str) -> None:
        self.setText(text)
        self.kept.emit()

    def showEvent(self, event: QShowEvent) -> None:
        """Offer all choices before a letter is typed."""
        super().showEvent(event)
        if self._offers is not None:
            self._offers.setCompletionPrefix("")
            self._offers.complete()


def make_editor(text: str, parent: QWidget, choices: Sequence[str] = ()) -> LongEditor | LineEditor:
    """Return an editor that holds `text`: one line, or several where the text needs them."""
    if (len(text) > LONG and not choices) or "\n" in text:
        return LongEditor(text, parent)
    return LineEditor(text, parent, choices)


def edited_text(editor: QWidget) -> str | None:
    """Return what the person made of the text; None where nothing was changed."""
    if isinstance(editor, LongEditor):
        return editor.words() if editor.document().isModified() else None
    assert isinstance(editor, LineEditor)
    return editor.words()


def editor_place(editor: QWidget, cell: QRect) -> QRect:
    """Return where an editor stands: over its cell; higher and wider where the text has several lines, inside the table."""
    if not isinstance(editor, LongEditor):
        return cell
    room = editor.parentWidget().rect()
    height = min(LINES * editor.fontMetrics().lineSpacing() + 20, room.height())
    width = min(max(cell.width(), WIDTH), room.width())
    top = max(room.top(), min(cell.top(), room.bottom() - height))
    left = max(room.left(), min(cell.left(), room.right() - width))
    return QRect(left, top, width, height)


def _keeps(event: QEvent) -> bool:
    assert isinstance(event, QKeyEvent)
    returns = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    return returns and event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.ControlModifier
