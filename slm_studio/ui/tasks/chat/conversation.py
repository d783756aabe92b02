"""Conversation: its name and menu, the system prompt, the messages, and where the next one is written."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core.chat import Chat, Turn
from slm_studio.core.events import Progress
from slm_studio.core.results import Token
from slm_studio.core.tasks.chat import INFO
from slm_studio.core.texts import mark, tr
from slm_studio.ui.tasks.chat.composer import Composer
from slm_studio.ui.tasks.chat.system import SystemPrompt
from slm_studio.ui.tasks.chat.thread import Thread
from slm_studio.ui.tasks.view import READING
from slm_studio.ui.widgets.buttons import Button, MenuButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.labels import ElidedText, Text


class Conversation(QWidget):
    """Shows a chat, and an answer that is coming."""

    menu_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.card = Card(padding=12)
        self.name = ElidedText("", "heading")
        self.menu = self._build_menu()
        self.card.set_leading(self.name)
        self.card.set_trailing(self.menu)
        self.system, self.thread, self.composer = SystemPrompt(), Thread(), Composer()
        self.card.add(self.thread, 1)
        self.card.add(self._build_empty(), 1)
        self.nothing = Text("The model ended its answer at once, without a word.", "warning", wrap=True)
        self.nothing.hide()
        self.card.add(self.nothing)
        for widget, stretch in ((self.system, 0), (self.card, 1), (self.composer, 0)):
            column.addWidget(widget, stretch)
        self.menu.chosen.connect(self.menu_chosen)
        self.example_button.clicked.connect(self._on_example)

    def set_model(self, name: str) -> None:
        """Say who answers."""
        self._model = name
        self.hello.set_words("Say something to {model}. Everything stays on this computer.", model=name)

    def show_chat(self, chat: Chat, tokens: Mapping[int, Sequence[Token]]) -> None:
        """Show a chat."""
        self.show_name(chat)
        self.system.show_text(chat.system)
        self.thread.show_chat(chat, tokens)
        self._show_empty(not chat.turns)
        for action in self._of_turns:
            action.setEnabled(bool(chat.turns))

    def show_name(self, chat: Chat) -> None:
        """Show how a chat is called."""
        self.name.set_words("{name}" if chat.name else "New chat", name=chat.name)

    def begin(self) -> None:
        """Make room for an answer."""
        self.nothing.hide()
        self._show_empty(False)
        self.composer.set_busy(True)
        self.composer.say(mark("The model reads the message…"))
        self.thread.begin()

    def add_tokens(self, tokens: Sequence[Token], count: int) -> None:
        """Write on; say how far the answer is."""
        self.thread.add_tokens(tokens)
        self.composer.say(mark("{n} {n:token|tokens} so far"), n=count)

    def show_reading(self, progress: Progress) -> None:
        """Say how far a long question is read."""
        self.composer.say(READING, done=progress.done, total=progress.total)

    def settle(self, turn: Turn | None, branches: Sequence[int] = ()) -> None:
        """End the answer."""
        self.thread.settle(turn, branches)
        self.composer.set_busy(False)

    def say_nothing_came(self, is_so: bool) -> None:
        """Say that an answer ended before its first word."""
        self.nothing.setVisible(is_so)

    def _build_menu(self) -> MenuButton:
        menu = MenuButton("Chat", "quiet")
        menu.add("outline", "Write from an outline…")
        menu.add_rule()
        menu.add("received", "What the model receives")
        menu.add("template", "Chat template")
        menu.add_rule()
        self._of_turns = [
            menu.add("copy", "Copy as Markdown"),
            menu.add("save", "Save as Markdown…"),
            menu.add("rows", "Turn this chat into training rows…"),
        ]
        menu.add("all_rows", "Turn all chats into training rows…")
        return menu

    def _build_empty(self) -> QWidget:
        self.empty = QWidget()
        column = QVBoxLayout(self.empty)
        column.setContentsMargins(0, 0, 0, 0)
        self.hello = Text("", "muted", wrap=True)
        self.example_button = Button(INFO.example, small=True)
        column.addStretch(1)
        column.addWidget(self.hello)
        column.addWidget(self.example_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        return self.empty

    def _show_empty(self, is_empty: bool) -> None:
        self.empty.setVisible(is_empty)
        self.thread.setVisible(not is_empty)

    def _on_example(self) -> None:
        self.composer.fill(tr(INFO.example))
        self.composer.send()
