"""SearchView: documents are chosen or dropped, a question is typed, and what is found shows as you type."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core.index import Index
from slm_studio.core.report import Case
from slm_studio.core.results import Hit
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks.search import BOTH, MEANING, WORDS, FindingOptions
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Session
from slm_studio.ui.tasks.search.asking import Asking
from slm_studio.ui.tasks.search.corpus import Corpus
from slm_studio.ui.tasks.search.hits import HitList
from slm_studio.ui.tasks.view import QuickView
from slm_studio.ui.widgets.banner import Banner
from slm_studio.ui.widgets.buttons import ElidedButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.fields import LineField
from slm_studio.ui.widgets.flow import Flow
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.page import GAP
from slm_studio.ui.widgets.segmented import Segmented
from slm_studio.ui.widgets.side_by_side import SideBySide, column_of

PAUSE = 250  # milliseconds after the last key before the model is asked
TOP, OFFERED = 8, 4


class SearchView(QuickView):
    """Searches as the person types; the old hits stay until the new ones are there."""

    pieces = (Hit,)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(PAUSE, parent)
        self._folder = ""
        self._question = ""  # that the hits answer
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        self.corpus = Corpus()
        column.addWidget(self.corpus)
        column.addWidget(self._build_question())
        self.none = Banner("Probably not in these documents: none of these passages stands out from the others.", tone="plain")  # fmt: skip
        self.none.hide()
        column.addWidget(self.none)
        self.hits, self.asking = HitList(), Asking()
        row = SideBySide()
        row.add(self.hits, 5)
        row.limit(row.add(column_of(self.asking), 3), 320, 460)
        column.addWidget(row, 1)
        self.field = self.query
        self._connect()
        self._clear_answer()

    def join(self, session: Session, jobs: Jobs) -> None:
        """Take what long work is started by."""
        self.corpus.join(session, jobs)
        self.asking.join(session, jobs)

    def set_model(self, model: SavedModel, cases: Sequence[Case]) -> None:
        """Search with another model; questions of its report are offered to begin with."""
        if model.folder != self._folder:
            self._folder = model.folder
            self._clear_answer()
            self._offer([case.text("query") for case in cases if case.right] or [case.text("query") for case in cases])
            self.corpus.set_model(model)
        self._ask()

    def model_opened(self, handle: str) -> None:
        """Index what waits for the model."""
        self.corpus.model_opened(handle)

    def text(self) -> str:
        """Return the question."""
        return self.query.text()

    def fill(self, text: str) -> None:
        """Put a question into the field and ask at once."""
        self.query.setText(text)
        self.primary()

    def chosen(self) -> dict[str, object]:
        """Return what is searched."""
        return {"index": self.corpus.index.folder} if self.corpus.index is not None else {}

    def state(self) -> object:
        """Return the question, in what it is searched, and how."""
        return {"question": self.text(), "searched": self.corpus.searched, "way": self.way.current()}

    def restore(self, state: object) -> None:
        """Ask in the same way again."""
        if not isinstance(state, dict):
            super().restore(state)
            return
        self.way.choose(str(state.get("way", BOTH)))
        if isinstance(searched := state.get("searched"), dict):
            self.corpus.searched = {str(model): str(index) for model, index in searched.items()}
        super().restore(state.get("question"))

    def _build_question(self) -> Card:
        card = Card()
        self.query = LineField("What do you want to know?", name="Question")
        self.way = Segmented(
            ((BOTH, "Both together"), (MEANING, "Meaning"), (WORDS, "Words")),
            kind="pills",
            name="Search by",
            wraps=True,
        )
        self.hint = Text("answers as you type", "muted")
        row = SideBySide(gap=12)
        row.limit(row.add(self.query, 1), 260)
        row.add(self.way, 0)
        card.add(row)
        self.offered = QWidget()
        self._offers = Flow(self.offered, gap=8)
        card.add(self.offered)
        card.add(self.hint)
        return card

    def _connect(self) -> None:
        self.query.textChanged.connect(self._on_typed)
        self.query.returnPressed.connect(self.primary)
        self.way.chosen.connect(self._on_way)
        self.corpus.chosen.connect(self._on_corpus)

    def _ask(self) -> None:
        question = self.query.text()
        if not question.strip():
            self.stop_asked.emit()
            self._clear_answer()
            return
        self._question = question
        found = asdict(FindingOptions(top=TOP, way=str(self.way.current())))
        index = self.corpus.index
        self.asked.emit({"query": question}, {**found, "index": index.folder if index is not None else ""})

    def _show_answer(self) -> None:
        self.hits.show_hits(self._items, self._question)
        known = [hit.chosen for hit in self._items if hit.chosen is not None]
        self.none.setVisible(bool(self._question) and ((bool(known) and not any(known)) or not self._items))
        self.asking.setVisible(bool(self._question))
        self.asking.set_hits(self._items, self._question)

    def _clear_answer(self) -> None:
        self._items, self._arriving, self._question = [], [], ""
        self.hint.set_words("answers as you type")
        self._show_answer()

    def _offer(self, questions: Sequence[str]) -> None:
        """Offer questions to begin with."""
        self._offers.clear()
        for question in list(dict.fromkeys(each for each in questions if each))[:OFFERED]:
            button = ElidedButton("{question}", kind="pill", small=True, question=question)
            button.clicked.connect(partial(self.fill, question))
            self._offers.addWidget(button)
        self.offered.setVisible(self._offers.count() > 0)

    def _on_typed(self) -> None:
        self._pause.start()
        self.edited.emit()

    def _on_way(self, way: str) -> None:
        self.edited.emit()
        self._ask()

    def _on_corpus(self, index: Index | None) -> None:
        self.edited.emit()
        self._ask()
