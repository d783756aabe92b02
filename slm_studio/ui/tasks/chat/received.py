"""Received: what the model receives, letter by letter: the text, and its tokens as training sees them."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit, QWidget

from slm_studio.core.errors import StudioError
from slm_studio.core.texts import explain, in_line, mark
from slm_studio.ui.widgets.buttons import IconButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.segmented import Segmented
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import words
from slm_studio.ui.widgets.wrapping import never_sideways

TOKENS, TEXT = "tokens", "text"


class Received(Card):
    """Tokens stand on grounds by turns; those of answers, which training learns, are tinted and underlined."""

    closed = Signal()
    inquired = Signal(str, object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._close = IconButton("close", "Close")
        super().__init__("What the model receives", self._close, parent=parent)
        self._theme = the_theme()
        self._result: dict[str, object] = {}
        self.tabs = Segmented(((TOKENS, mark("Tokens")), (TEXT, mark("Text"))), name="What the model receives")
        self.about = Text("", "muted", wrap=True)
        self.page = QTextEdit()
        never_sideways(self.page)
        self.page.setReadOnly(True)
        self.page.setTabChangesFocus(True)
        words(self.page.setAccessibleName, "What the model receives")
        scaled(self.page.setMinimumHeight, 240)
        self.add(self.tabs)
        self.add(self.about)
        self.add(self.page, 1)
        self._close.clicked.connect(self.closed)
        self.tabs.chosen.connect(self._show)
        self._theme.changed.connect(self._show)

    def setFocus(self, *reason: Qt.FocusReason) -> None:
        """Go to the text. (By a proxy the Tab key would leap over what stands above it.)"""
        self.page.setFocus(*reason)

    def open_sheet(self, prompt: tuple[dict[str, str], ...], options: dict[str, object]) -> None:
        """Show what a prompt becomes."""
        self._result = {}
        self.page.clear()
        if not prompt:
            self.about.set_words("Nothing is sent yet: write a message first.")
            return
        self.about.set_words("Asking the model…")
        self.inquired.emit("render", {"prompt": {"messages": prompt}, "options": options}, self._on_told)

    def copied(self) -> str:
        """Return the text."""
        return self.page.textCursor().selectedText().replace("\u2029", "\n") or str(self._result.get("text", ""))

    def _on_told(self, result: object) -> None:
        if isinstance(result, StudioError):
            self.about.set_words("{words}", words=in_line(explain(result)))
        elif isinstance(result, dict):
            self._result = result
            self._show()

    def _show(self, *_: object) -> None:
        if not self._result:
            return
        tokens = pieces_of(self._result)
        learnt = sum(is_answer for _, is_answer in tokens)
        self.about.set_words(
            "{used} of {limit} tokens. {n} of them {n:belongs|belong} to answers: training learns those, tinted and underlined, and nothing else.",
            used=self._result.get("used", len(tokens)),
            limit=self._result.get("limit", 0),
            n=learnt,
        )
        self.page.clear()
        self.page.document().setDefaultFont(self._theme.monospace())
        if self.tabs.current() == TEXT:
            self.page.setPlainText(str(self._result.get("text", "")))
        else:
            self._write_tokens(tokens)
        self.page.moveCursor(QTextCursor.MoveOperation.Start)

    def _write_tokens(self, tokens: list[tuple[str, bool]]) -> None:
        cursor = QTextCursor(self.page.document())
        cursor.beginEditBlock()
        for at, (piece, is_answer) in enumerate(tokens):
            look = QTextCharFormat()
            ground = self._theme.colour("soft") if is_answer else self._theme.colour("hover" if at % 2 else "surface")
            if is_answer and at % 2:
                ground = self._theme.mix("accent", "surface", 0.25)
            look.setBackground(ground)
            look.setFontUnderline(is_answer)
            cursor.insertText(piece.replace("\n", "↵\n"), look)
        cursor.endEditBlock()


def pieces_of(result: dict[str, object]) -> list[tuple[str, bool]]:
    """Return the pieces of what the verb render found, and whether each is learnt."""
    found = result.get("tokens")
    return [(str(piece), bool(is_answer)) for piece, is_answer in found] if isinstance(found, list | tuple) else []
