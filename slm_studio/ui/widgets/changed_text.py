"""ChangedText: a text to read, which comes piece by piece, with what changed in it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QWidget

from slm_studio.core.changes import Piece
from slm_studio.core.texts import mark, tr
from slm_studio.ui.widgets.changed import write_changed
from slm_studio.ui.widgets.hinted_text import HintedText
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words, words
from slm_studio.ui.widgets.wrapping import never_sideways

SIZE, LINE = 17, 130  # letters in pixels at zoom 1; the height of a line in percent
_SAID = {"added": mark("new: {text}"), "removed": mark("gone: {text}")}


class ChangedText(HintedText):
    """Read only. What is copied is the text as it is now, without what went."""

    def __init__(self, placeholder: Words, *, name: Words, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        never_sideways(self)
        self._theme = the_theme()
        self._pieces: list[Piece] = []
        self.setProperty("role", "bare")
        self.setReadOnly(True)
        # By keys, too: then there is a caret, which shows where the focus is.
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setTabChangesFocus(True)
        words(self.setPlaceholderText, placeholder)
        words(self.setAccessibleName, name)
        self._theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def text(self) -> str:
        """Return the text without what went."""
        return "".join(piece.text for piece in self._pieces if piece.kind != "removed")

    def set_pieces(self, pieces: Sequence[Piece]) -> None:
        """Show another text, and what changed in it."""
        self._pieces = list(pieces)
        changed = [piece for piece in pieces if piece.kind != "same"]
        said = ", ".join(tr(_SAID[piece.kind], text=piece.text.strip()) for piece in changed if piece.text.strip())
        self.setAccessibleDescription(said)
        self._write()

    def add(self, text: str) -> None:
        """Write on at the end; the view follows."""
        self._pieces.append(Piece(text, "same"))
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text, QTextCharFormat())
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def _write(self) -> None:
        self.clear()
        cursor = QTextCursor(self.document())
        space = QTextBlockFormat()
        space.setLineHeight(LINE, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.setBlockFormat(space)
        write_changed(cursor, self._pieces, self._theme, QTextCharFormat())

    def _on_theme_changed(self) -> None:
        self.document().setDefaultFont(self._theme.font(SIZE))
        self.document().setDocumentMargin(0)
        self._write()
