"""The editor of a cell: it gives back exactly what was typed, and nothing at all where nothing was changed."""

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

LONG = 200  # letters from which a cell is edited in several lines
PARAGRAPH = "\u2029"  # Qt's own break between paragraphs


class LongEditor(QPlainTextEdit):
    """Several lines. Tab or a click elsewhere keeps the change, Esc drops it."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)
        self.setPlainText(text)
        self.document().setModified(False)

    def words(self) -> str:
        """Return the text; `toPlainText` would turn no-break spaces into ordinary ones."""
        return self.document().toRawText().replace(PARAGRAPH, "\n")


def make_editor(text: str, parent: QWidget) -> QWidget:
    """Return an editor that holds `text`: one line, or several where the text needs them."""
    if len(text) > LONG or "\n" in text:
        return LongEditor(text, parent)
    line = QLineEdit(text, parent)
    line.setMaxLength(10_000_000)  # Qt's own limit would cut in silence
    line.setModified(False)
    return line


def edited_text(editor: QWidget) -> str | None:
    """Return what the person made of the text; None where nothing was changed."""
    if isinstance(editor, LongEditor):
        return editor.words() if editor.document().isModified() else None
    assert isinstance(editor, QLineEdit)
    return editor.text() if editor.isModified() else None


def editor_place(editor: QWidget, cell: QRect, lines: int = 8) -> QRect:
    """Return where an editor stands: over its cell, higher where the text has several lines, inside the table."""
    if not isinstance(editor, LongEditor):
        return cell
    height = lines * editor.fontMetrics().lineSpacing() + 20
    room = editor.parentWidget().rect()
    top = max(room.top(), min(cell.top(), room.bottom() - height))
    return QRect(cell.left(), top, cell.width(), height)
