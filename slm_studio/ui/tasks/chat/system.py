"""SystemPrompt: what the model is told before anybody speaks, folded away until somebody looks."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from slm_studio.core.texts import mark
from slm_studio.ui.widgets.fold import Fold
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.words import words
from slm_studio.ui.widgets.wrapping import never_sideways

WANTED = mark("Who answers, and how: “You are the assistant of a small shop. Be brief.”")
OWN = mark("The model's own: “{text}”")
PAUSE = 500  # milliseconds after the last key


class SystemPrompt(Fold):
    """`changed` brings the text at a calm pace."""

    changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("System prompt", parent=parent)
        self.editor = QPlainTextEdit()
        never_sideways(self.editor)
        self.editor.setTabChangesFocus(True)
        words(self.editor.setAccessibleName, "System prompt")
        scaled(self.editor.setFixedHeight, 88)
        self.add(self.editor)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(self.settle)
        self.editor.textChanged.connect(self._on_text_changed)
        self._told = self._own = ""
        self.show_own("")

    def text(self) -> str:
        """Return what stands there."""
        return self.editor.toPlainText()

    def show_text(self, text: str) -> None:
        """Show a text without telling anybody."""
        self._told = text
        if text != self.text():
            self.editor.setPlainText(text)
        self._pause.stop()
        self._sum_up()

    def show_own(self, text: str) -> None:
        """Show, where nothing is written, what the model is told then: its template may bring a system prompt."""
        self._own = " ".join(text.split())
        words(self.editor.setPlaceholderText, OWN if text else WANTED, text=text.strip())
        self._sum_up()

    def settle(self) -> None:
        """Tell now what was written, where it was not told yet."""
        self._pause.stop()
        if self.text() != self._told:
            self._told = self.text()
            self.changed.emit(self._told)

    def _sum_up(self) -> None:
        text = " ".join(self.text().split())
        self.set_summary("{text}" if text else OWN if self._own else "none", text=text or self._own)

    def _on_text_changed(self) -> None:
        self._sum_up()
        self._pause.start()
