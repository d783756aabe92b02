"""TemplateSheet: how messages are written down for the model, and beside it what comes out, as one types."""

from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QWidget

from slm_studio.core.errors import StudioError
from slm_studio.core.messages import ASSISTANT, SYSTEM, USER
from slm_studio.core.tasks.chat import INFO
from slm_studio.core.texts import explain, in_line, tr
from slm_studio.ui.widgets.buttons import Button, IconButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import words
from slm_studio.ui.widgets.wrapping import never_sideways

PAUSE = 400  # milliseconds after the last key


class TemplateSheet(Card):
    """A template that is used here counts until the app closes; the model's own stays as it is."""

    closed = Signal()
    inquired = Signal(str, object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._close = IconButton("close", "Close")
        super().__init__("Chat template", self._close, parent=parent)
        self._theme = the_theme()
        self._own, self._used = "", ""  # the model's; the person's, where one is used instead
        self._prompt: tuple[dict[str, str], ...] = ()
        self._options: dict[str, object] = {}
        self._turn = 0
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self.editor, self.outcome = QPlainTextEdit(), QPlainTextEdit()
        never_sideways(self.editor)
        never_sideways(self.outcome)
        self.outcome.setReadOnly(True)
        row = SideBySide()
        for page, name, title in (
            (self.editor, "Chat template, in Jinja", "Template (Jinja)"),
            (self.outcome, "What comes out", "What comes out"),
        ):
            page.setTabChangesFocus(True)
            words(page.setAccessibleName, name)
            scaled(page.setMinimumHeight, 220)
            half = Card(title, padding=0)
            half.setProperty("role", "")
            half.add(page, 1)
            row.add(half)
        self.problem = Text("", "bad", wrap=True)
        self.use_button, self.own_button = Button("Use this template", "primary"), Button("The model's own")
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.problem, 1)
        buttons.addWidget(self.own_button)
        buttons.addWidget(self.use_button)
        self.add(
            Text(
                "How messages are written down for the model. What you use here counts for your chats until the app closes.",
                "muted",
                wrap=True,
            )
        )
        self.add(row, 1)
        self.body.addLayout(buttons)
        self._close.clicked.connect(self.closed)
        self._pause.timeout.connect(self._ask)
        self.editor.textChanged.connect(self._on_text_changed)
        self.use_button.clicked.connect(self._on_use)
        self.own_button.clicked.connect(self._on_own)
        self._theme.changed.connect(self._fit)
        self._fit()

    def options(self) -> dict[str, object]:
        """Return what the verbs predict and render need, where the person's template is used."""
        return {"template": self._used} if self._used else {}

    def forget(self) -> None:
        """Use the own template of another model."""
        self._own = self._used = ""
        self._show("")

    def setFocus(self, *reason: Qt.FocusReason) -> None:
        """Go to the text. (By a proxy the Tab key would leap over what stands above it.)"""
        self.editor.setFocus(*reason)

    def open_sheet(self, prompt: tuple[dict[str, str], ...], options: dict[str, object]) -> None:
        """Show the template in use, or what was written instead and not used yet; an example, where nothing would be sent."""
        self._prompt, self._options = prompt or _example(), options
        self.problem.set_words("")
        if not self.editor.toPlainText():
            self._show(self._used)
        self._pause.stop()
        self._ask()

    def _show(self, text: str) -> None:
        self.editor.blockSignals(True)
        self.editor.setPlainText(text)
        self.editor.blockSignals(False)
        self._tell()

    def _ask(self) -> None:
        self._turn += 1
        text = self.editor.toPlainText()
        template = {"template": text} if text and text != self._own else {}
        options = {name: value for name, value in self._options.items() if name != "template"} | template
        arguments = {"prompt": {"messages": self._prompt}, "options": options}
        self.inquired.emit("render", arguments, partial(self._on_told, self._turn))

    def _on_told(self, turn: int, result: object) -> None:
        if turn != self._turn:
            return
        if isinstance(result, StudioError):
            self.problem.set_words("{words}", words=in_line(explain(result)))
            self.use_button.setEnabled(False)
        elif isinstance(result, dict):
            self.problem.set_words("")
            self.outcome.setPlainText(str(result.get("text", "")))
            if not self.editor.toPlainText():  # it was the model's own
                self._own = str(result.get("template", ""))
                self._show(self._own)
            self._tell()

    def _tell(self) -> None:
        text = self.editor.toPlainText()
        self.use_button.setEnabled(bool(text) and text not in (self._used or self._own, ""))
        self.own_button.setEnabled(bool(self._used) or text != self._own)

    def _fit(self) -> None:
        for page in (self.editor, self.outcome):
            page.document().setDefaultFont(self._theme.monospace())

    def _on_text_changed(self) -> None:
        self.use_button.setEnabled(False)  # until it was tried
        self.own_button.setEnabled(True)
        self._pause.start()

    def _on_use(self) -> None:
        text = self.editor.toPlainText()
        self._used = "" if text == self._own else text
        self.closed.emit()

    def _on_own(self) -> None:
        self._used = ""
        self._show(self._own)
        self._ask()


def _example() -> tuple[dict[str, str], ...]:
    """Return a short dialogue that shows every part of a template."""
    said = (
        (SYSTEM, tr("You are the assistant of a small shop. Be brief.")),
        (USER, tr(INFO.example)),
        (ASSISTANT, tr("With orders, returns and repairs.")),
        (USER, tr("Where is my order?")),
    )
    return tuple({"role": role, "content": content} for role, content in said)
