"""An answer from what was found: a model reads the passages that are near enough, and cites them."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QWidget

from slm_studio.core.citing import GREEDY, said_from, worth_citing
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Predicted
from slm_studio.core.results import Hit, Item, Opened, Token
from slm_studio.core.saved import list_models
from slm_studio.core.tasks import all_tasks
from slm_studio.ui.parts.chain import Chain
from slm_studio.ui.parts.errors import ErrorBox
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Session
from slm_studio.ui.tasks.search.hits import place_words
from slm_studio.ui.widgets.buttons import WorkButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.fields import Choice
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.progress import Progress


class Asking(Card):
    """Offers the models that can answer; hidden where there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("An answer from these passages", parent=parent)
        self._hits: Sequence[Hit] = ()
        self._given: list[Hit] = []
        self._question = ""
        self._items: list[Item] = []
        self._is_answered = False
        self._session: Session | None = None
        self._chain: Chain | None = None
        self.choice = Choice(name="Who answers")
        self.button = WorkButton("Answer")
        self.who = QWidget()
        row = QHBoxLayout(self.who)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.choice, 1)
        row.addWidget(self.button)
        self.add(self.who)
        self.answer = Text("", wrap=True)
        self.answer.let_select()
        self.cited = Text("", "muted", wrap=True)
        self.progress, self.problem = Progress(), ErrorBox()
        for part in (self.progress, self.answer, self.cited, self.problem):
            self.add(part)
        self.progress.hide()
        self.button.started.connect(self._on_clicked)
        self._clear()

    def join(self, session: Session, jobs: Jobs) -> None:
        """Take what work is started by."""
        self._session = session
        self._chain = Chain(jobs, self.progress, self.button, self)
        self._chain.happened.connect(self._on_event)
        self._chain.failed.connect(self._on_failed)
        session.models_changed.connect(self.offer)
        self.offer()

    def offer(self) -> None:
        """Offer the models that are here and can answer from passages."""
        citing = {info.key for info in all_tasks() if info.cites is not None}
        found = [model for model in list_models() if model.task in citing]
        current = self.choice.current()
        self.choice.set_options([(each.folder, partial(str, each.name)) for each in found], current)
        self.who.setVisible(bool(found))
        self._show_state()

    def set_hits(self, hits: Sequence[Hit], question: str) -> None:
        """Answer from these when somebody asks for it."""
        if question != self._question:
            if self._chain is not None:
                self._chain.leave()
            self._clear()
        self._hits, self._question = hits, question
        self._show_state()

    def _show_state(self) -> None:
        """Say what may be asked: nothing where no passage is near enough, honestly."""
        given = worth_citing(self._hits)
        self.button.setEnabled(bool(given))
        if self._is_answered:
            return
        if not given:
            self.answer.set_words("Probably not in these documents, so no model is asked.")
        elif self.choice.count() == 0:
            self.answer.set_words("No model is here that chats or finds answers in a passage. Train one, or fetch one in the Hub; it then answers from these passages.")  # fmt: skip
        else:
            self.answer.set_words("It reads the nearest passages, and says which of them it goes by.")

    def _clear(self) -> None:
        self._items, self._is_answered = [], False
        self.cited.hide()
        self.problem.clear()
        self.answer.set_role("muted")

    def _on_clicked(self) -> None:
        folder = self.choice.current()
        self._given = worth_citing(self._hits)
        if self._chain is None or self._session is None or not folder or not self._given:
            return
        self._clear()
        arguments = {"folder": str(folder), "device": self._session.settings.device}
        self._chain.run("open", arguments, self._on_opened)

    def _on_opened(self, opened: Opened) -> None:
        cites = opened.info.cites
        if self._chain is None or cites is None:
            return
        self._items = []
        self._is_answered = True
        self.answer.set_role("body")
        self.answer.set_words("")
        prompt = cites(self._question, [hit.text for hit in self._given])
        arguments = {"handle": opened.handle, "prompt": prompt, "options": dict(GREEDY)}
        self._chain.run("predict", arguments, self._on_answered)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Predicted) and isinstance(event.item, Item):
            self._items.append(event.item)
            written = [item.text for item in self._items if isinstance(item, Token)]
            self.answer.set_words("{text}", text="".join(written).strip())

    def _on_answered(self, numbers: object) -> None:
        said = said_from(self._items, [hit.text for hit in self._given])
        given = [self._given[at - 1] for at in said.cited]
        places = [f"[{self._hits.index(hit) + 1}] {place_words(hit)}" for hit in given]
        self.cited.show()
        self.answer.set_words("{text}" if said.text else "Not in these documents.", text=said.text)
        if not said.text:
            self.cited.set_words("The model finds no answer in the nearest passages.")
        elif places:
            self.cited.set_words("From: {places}", places="; ".join(places))
        else:
            self.cited.set_words("It names no passage, and its words stand in none of them: do not rely on it.")

    def _on_failed(self, error: StudioError) -> None:
        self._clear()
        self._show_state()
        self.problem.show_error(error)
