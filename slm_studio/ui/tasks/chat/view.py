"""ChatView: a conversation. What was said is a tree in a file of its own; here one way through it is shown and goes on."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core import paths
from slm_studio.core.chat import Chat, Turn
from slm_studio.core.chat_files import list_chats, load_chat
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Progress
from slm_studio.core.messages import ASSISTANT, SYSTEM, USER, messages_to_plain
from slm_studio.core.report import Case
from slm_studio.core.results import Token
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import tr
from slm_studio.ui.tasks.chat.context import Context, ContextWatch
from slm_studio.ui.tasks.chat.conversation import Conversation
from slm_studio.ui.tasks.chat.keeping import Keeping
from slm_studio.ui.tasks.chat.sheets import Sheets
from slm_studio.ui.tasks.chat.side import Side
from slm_studio.ui.tasks.chat.taking import Taking
from slm_studio.ui.tasks.chat.weighed import in_lines
from slm_studio.ui.tasks.view import TaskView
from slm_studio.ui.widgets.page import GAP
from slm_studio.ui.widgets.prose_view import ProseView
from slm_studio.ui.widgets.side_by_side import SideBySide

FLUSH = 33  # milliseconds between two looks at what arrived: more often nobody sees


class ChatView(TaskView):
    """Sends, shows what comes, and keeps it; the parts show and tell what the person did."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model: SavedModel | None = None
        self._tokens: dict[int, Sequence[Token]] = {}  # of the answers since the chat was opened
        self._waiting: list[Token] = []
        self._gone: tuple[Path, Chat] | None = None  # the open chat that was thrown away, and what was shown instead
        self._asking = 0  # the question that is being answered
        self._count, self._begun = 0, 0.0  # tokens of the answer on its way, and when it began
        self._flush = QTimer(self)
        self._flush.setSingleShot(True)
        self._flush.setInterval(FLUSH)
        self.talk, self.side = Conversation(), Side()
        self.keeping = Keeping(self)
        self.taking = Taking(self.keeping, self)
        self.context = ContextWatch(self.inquired, self._next, self._options, self)
        row = SideBySide()
        row.limit(row.add(self.talk, 7), 380)
        row.limit(row.add(self.side, 3), 232, 304)
        self._sheets = Sheets(row)
        self.received, self.template = self._sheets.received, self._sheets.template
        self.outline = self._sheets.outline
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self._sheets, 1)
        self.field = self.talk.composer
        self._connect()
        self._show_chat()
        self._show_shelf()

    @property
    def chat(self) -> Chat:
        """Return the chat that is open."""
        return self.keeping.chat

    def set_model(self, model: SavedModel, cases: Sequence[Case]) -> None:
        """Talk to another model; the chat stays."""
        if self._model is None or model.folder != self._model.folder:
            self.template.forget()
        self._model = model
        if not self.chat.turns and not self.chat.system:
            self.keeping.chat = self._new_chat()
        self.talk.set_model(model.name)
        self.outline.set_model(model)
        self.talk.system.show_own("")  # until the model told
        self.context.forget()
        self._show_chat()

    def text(self) -> str:
        """Return the draft, or else the last question."""
        asked = [turn.content for turn in self.chat.path() if turn.role == USER]
        return self.talk.composer.text() or (asked[-1] if asked else "")

    def fill(self, text: str) -> None:
        """Put a draft in the place of what stands there."""
        self.talk.composer.fill(text)

    def state(self) -> object:
        """Return which chat is open, the draft, and the settings."""
        path = self.keeping.path
        return {
            "chat": path.name if path else "",
            "draft": self.talk.composer.text(),
            "settings": self.side.settings.state(),
            "outline": self.outline.state(),
        }

    def restore(self, state: object) -> None:
        """Open the chat of before the restart."""
        if not isinstance(state, dict):
            return
        name, settings, outline = state.get("chat"), state.get("settings"), state.get("outline")
        if isinstance(outline, dict):
            self.outline.restore(outline)
        if isinstance(settings, dict):
            self.side.settings.restore(settings)
        if isinstance(name, str) and name and (paths.chats() / name).is_file():
            self._on_opened(paths.chats() / name)
        self.talk.composer.fill(str(state.get("draft", "")))

    def begin(self) -> None:
        """Make room for the answer."""
        if self.outline.is_busy:
            self.outline.begin()
            return
        self._waiting.clear()
        self._count = 0
        self._begun = time.monotonic()
        self.context.hold(True)
        self.talk.begin()

    def take(self, item: object) -> None:
        """Keep a token for the next look; say how far a long question is read."""
        if self.outline.is_busy:
            self.outline.take(item)
        elif isinstance(item, Progress):
            self.talk.show_reading(item)
        elif isinstance(item, Token):
            self._waiting.append(item)
            if not self._flush.isActive():
                self._flush.start()

    def finish(self, numbers: object) -> None:
        """End the answer, and keep it as far as it came."""
        if self.outline.is_busy:
            self.outline.finish(numbers)
            return
        self._on_flush()
        known = numbers if isinstance(numbers, dict) else {}
        seconds = known.get("seconds")
        is_whole = isinstance(seconds, int | float)  # of an answer that was stopped nobody tells
        is_full = is_whole and known.get("ended") is False
        took = float(seconds) if is_whole else time.monotonic() - self._begun
        self._settle(took, is_whole=is_whole, is_full=is_full)
        self.context.hold(False)

    def fail(self) -> None:
        """End the answer that an error cut short; what came stays."""
        self.finish(None)

    def primary(self) -> None:
        """Send; in the sheet of outlines, do the next thing there."""
        (self.outline.primary if self.outline.isVisible() else self.talk.composer.send)()

    def stop(self) -> None:
        """Stop what a sheet writes, close a sheet, leave an edit, or stop the answer: the nearest of these."""
        edited = self.talk.thread.edited()
        if self._sheets.is_open and not self.outline.is_busy:
            self._sheets.close_sheet()
        elif edited is not None:
            edited.leave()
        else:
            self.stop_asked.emit()

    def _connect(self) -> None:
        talk, shelf, settings = self.talk, self.side.shelf, self.side.settings
        self._flush.timeout.connect(self._on_flush)
        talk.composer.sent.connect(self._on_sent)
        talk.composer.stop_asked.connect(self.stop_asked)
        talk.composer.changed.connect(self._on_draft)
        talk.composer.recalled.connect(talk.thread.edit_last)
        talk.system.changed.connect(self._on_system)
        talk.menu_chosen.connect(self._on_menu)
        talk.thread.again_asked.connect(self._on_again)
        talk.thread.rewritten.connect(self._on_rewritten)
        talk.thread.chosen.connect(self._on_chosen)
        talk.thread.pointed.connect(self._on_pointed)
        shelf.new_asked.connect(self._on_new)
        shelf.opened.connect(self._on_opened)
        shelf.renamed.connect(self._on_renamed)
        shelf.thrown.connect(self._on_thrown)
        settings.changed.connect(self._on_settings)
        settings.problem_changed.connect(talk.composer.forbid)
        self.context.found.connect(self._on_context)
        self.keeping.failed.connect(self.failed)
        self.keeping.changed.connect(self._show_shelf)
        self.keeping.leaving.connect(self._on_leaving)
        self.keeping.thrown.connect(self._on_gone)
        self.keeping.brought_back.connect(self._on_brought_back)
        self.taking.saved.connect(self.saved)
        self.taking.opened.connect(self.opened)
        self.taking.failed.connect(self.failed)
        self._sheets.closed.connect(self._on_sheet_closed)
        self._sheets.inquired.connect(self.inquired)
        self.outline.asked.connect(self._on_outline_asked)
        self.outline.stop_asked.connect(self.stop_asked)
        self.outline.changed.connect(self.edited)
        self.outline.saving.connect(self.taking.save_text)

    def _ask(self, question: int) -> None:
        """Ask for an answer to a turn; what stands behind it on the screen makes room."""
        self._asking = question
        self.talk.thread.show_chat(self.chat, self._tokens, until=question)
        self.talk.show_name(self.chat)
        self.keeping.save()
        self.context.look_at(self._prompt(question))
        self.asked.emit({"messages": self._prompt(question)}, self._options())

    def _options(self) -> dict[str, object]:
        return self.side.settings.options() | self.template.options()

    def _prompt(self, until: int = 0) -> tuple[dict[str, str], ...]:
        """Return the messages that are sent: up to a question, or up to the draft, or else up to the last question."""
        chat, draft = self.chat, self.talk.composer.text()
        if not until and draft.strip():
            chat = chat.asked(draft)
        said = list(chat.messages(until))
        while said and said[-1].role == ASSISTANT:
            said.pop()
        return tuple(messages_to_plain(said)) if said and said[-1].role == USER else ()

    def _next(self) -> tuple[dict[str, str], ...]:
        """Return the messages that would be sent now: with the draft behind them, even while it is empty."""
        chat, draft = self.chat, self.talk.composer.text()
        path = chat.path()
        if draft.strip() or not path or path[-1].role == ASSISTANT:
            chat = chat.asked(draft)
        return tuple(messages_to_plain(chat.messages()))

    def _settle(self, seconds: float, *, is_whole: bool, is_full: bool) -> None:
        text, tokens = self.talk.thread.written()
        turn: Turn | None = None
        asking, self._asking = self._asking, 0
        if asking and text.strip():
            name = self._model.name if self._model else ""
            facts = {
                "model": name,
                "tokens": len(tokens),
                "seconds": seconds,
                "is_cut": not is_whole,
                "is_full": is_full,
            }
            self.keeping.chat = self.chat.answered(text, to=asking, **facts)
            turn = self.chat.turns[-1]
            self._tokens[turn.id] = tokens
            self.talk.settle(turn, self.chat.branches(turn.id))
        else:
            self.talk.settle(None)
            self.talk.say_nothing_came(asking > 0 and bool(tokens))
        self.keeping.save()
        self._show_chat()

    def _leave_answer(self) -> None:
        """Stop what is on its way, before another chat is shown."""
        if self.talk.composer.is_busy:
            self.stop_asked.emit()
        if self.talk.composer.is_busy:  # nobody was there to stop it
            self.finish(None)

    def _show_chat(self) -> None:
        if self.talk.composer.is_busy:  # what is being written stands on the screen and nowhere else yet
            self.talk.show_name(self.chat)
            return
        self.talk.show_chat(self.chat, self._tokens)
        self.context.look()
        self.edited.emit()

    def _show_shelf(self) -> None:
        self.side.shelf.show_chats(list_chats(), self.keeping.path)

    def _new_chat(self) -> Chat:
        told = self._model.facts.get("system", "") if self._model else ""
        return Chat(system=str(told or ""), created=datetime.now(UTC).isoformat(timespec="seconds"))

    def _open_chat(self, chat: Chat, path: Path | None) -> None:
        self._leave_answer()
        self.talk.system.settle()
        self._tokens.clear()
        self.keeping.open(chat, path)
        self._show_chat()
        self._show_shelf()
        self.talk.thread.to_end()

    def _on_sheet_closed(self) -> None:
        self.setFocus()
        self.context.look()  # another template writes other tokens

    def _on_sent(self, text: str) -> None:
        self.talk.system.settle()
        self.keeping.chat = self.chat.asked(text)
        self._ask(self.chat.path()[-1].id)

    def _on_again(self, turn: Turn) -> None:
        self._ask(turn.id if turn.role == USER else turn.after)

    def _on_rewritten(self, turn: Turn, text: str) -> None:
        self.setFocus()
        self.keeping.chat = self.chat.rewritten(turn.id, text)
        if turn.role == USER:
            self._ask(self.chat.path()[[each.after for each in self.chat.path()].index(turn.after)].id)
        else:
            self.keeping.save()
            self._show_chat()

    def _on_chosen(self, id_: int) -> None:
        if not self.talk.composer.is_busy:
            self.keeping.chat = self.chat.choose(id_)
            self.keeping.save()
            self._show_chat()

    def _on_system(self, text: str) -> None:
        self.keeping.chat = replace(self.chat, system=text)
        if self.chat.turns:
            self.keeping.save()
        self.context.look()

    def _on_flush(self) -> None:
        self._flush.stop()
        if self._waiting:
            tokens, self._waiting = self._waiting, []
            self._count += len(tokens)
            self.talk.add_tokens(tokens, self._count)

    def _on_draft(self) -> None:
        self.edited.emit()
        self.context.look()

    def _on_settings(self) -> None:
        self.edited.emit()
        self.context.look()

    def _on_context(self, context: Context) -> None:
        self.talk.composer.set_context(context)
        self.talk.thread.set_sent(context.not_sent)
        if context.limit:
            self.talk.system.show_own(context.system)

    def _on_pointed(self, token: Token | None, view: ProseView, place: QPoint) -> None:
        if token is not None:
            self.side.weighed.show_token(token)
            view.show_tip(place, in_lines(token))

    def _on_new(self) -> None:
        self._open_chat(self._new_chat(), None)
        self.setFocus()

    def _on_opened(self, path: Path) -> None:
        try:
            self._open_chat(load_chat(path), path)
        except StudioError as error:
            self.failed.emit(error)
            self._show_shelf()

    def _on_renamed(self, path: Path, name: str) -> None:
        self.keeping.rename(path, name)
        self._show_chat()

    def _on_thrown(self, path: Path) -> None:
        removal = self.keeping.throw(path)
        if removal is not None:
            self.did.emit(tr("The chat is in the trash."), removal.bring_back, removal.throw)

    def _on_leaving(self, path: Path) -> None:
        if path == self.keeping.path:
            self._leave_answer()  # now, or it would be written where nothing should stand any more

    def _on_gone(self, path: Path) -> None:
        if path == self.keeping.path:
            self._open_chat(self._new_chat(), None)
            self._gone = (path, self.chat)

    def _on_brought_back(self, path: Path) -> None:
        """Open again what was open, unless something was said elsewhere meanwhile."""
        if self._gone == (path, self.chat) and self.keeping.path is None:
            self._on_opened(path)

    def _on_menu(self, key: str) -> None:
        if not self._sheets.open_sheet(key, self._prompt(), self._options()):
            self.taking.take(key, self._names())

    def _on_outline_asked(self, messages: tuple[dict[str, str], ...]) -> None:
        self.asked.emit({"messages": messages}, self._options())

    def _names(self) -> dict[str, str]:
        return {SYSTEM: tr("System"), USER: tr("You"), ASSISTANT: self._model.name if self._model else tr("Model")}
