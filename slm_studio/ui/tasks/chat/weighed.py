"""Weighed: how likely the word under the pointer was, and what else could have come."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core.results import Token
from slm_studio.ui.parts.weighed_tokens import likely, visible
from slm_studio.ui.widgets.bars import Bar, Bars
from slm_studio.ui.widgets.labels import Text


class Weighed(QWidget):
    """Shows the last word that was pointed at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self.token, self.bars = Text("", wrap=True), Bars(name="What it weighed", scores=True, percent=True)
        column.addWidget(self.token)
        column.addWidget(self.bars)
        column.addStretch(1)
        self.show_token(None)

    def show_token(self, token: Token | None) -> None:
        """Show a token."""
        self.bars.setVisible(token is not None and bool(token.alternatives))
        if token is None:
            self.token.set_words(
                "Point at a word of an answer, or move the cursor over it: here stands how likely it was, and what else could have come. It is known of answers that came since this chat was opened."
            )
            return
        self.token.set_words(lambda: likely(token))
        self.bars.set_bars([Bar(f"“{visible(text)}”", score) for text, score in token.alternatives])


def in_lines(token: Token) -> str:
    """Return what a tip under a word says."""
    lines = [likely(token)]
    lines += [f"{100 * score:5.1f} %  {visible(text)}" for text, score in token.alternatives]
    return "\n".join(lines)
