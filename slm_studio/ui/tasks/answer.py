"""Answer: a passage in which the answer to a question is lit as one types, what else it may be, and how much speaks for none."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core.quotes import EVEN
from slm_studio.core.report import Case
from slm_studio.core.results import Quote, Span
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks.answer import INFO, NONE
from slm_studio.core.texts import mark, tr
from slm_studio.ui.tasks.view import QuickView
from slm_studio.ui.widgets.buttons import ElidedButton, IconButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.copying import clipboard
from slm_studio.ui.widgets.fields import LineField
from slm_studio.ui.widgets.flow import Flow
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.marked_text import MarkedText
from slm_studio.ui.widgets.page import GAP
from slm_studio.ui.widgets.rows_model import Cell, Row, RowsModel
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.table import Table

PAUSE = 200  # milliseconds after the last key before the model is asked
TOP, OFFERED = 3, 4
LIT = "answer"  # the name of what is lit
FOUND = (mark("may be"), mark("share"))


class AnswerView(QuickView):
    """Answers while the person types. The old light stays until the new answer is there."""

    pieces = (Quote,)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(PAUSE, parent)
        self._folder, self._lent = "", ""  # the passage that was put there to begin with, which is nobody's
        self._always, self._threshold = False, EVEN  # names an answer in any case; share of none from which it says so
        self._asked_for: tuple[str, str] = ("", "")  # that the answer is of
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self._build_question())
        row = SideBySide()
        row.limit(row.add(self._build_passage(), 5), 260)
        row.limit(row.add(self._build_answer(), 3), 300, 460)
        column.addWidget(row, 1)
        self.field = self.question
        self._connect()
        self._clear_answer()

    def set_model(self, model: SavedModel, cases: Sequence[Case]) -> None:
        """Try another model; questions of its report are offered with their passages."""
        self._always = not model.facts.get("has_none")
        self._threshold = number_in(model.facts, "threshold", EVEN)
        if model.folder != self._folder:
            self._folder = model.folder
            self._clear_answer()
            chosen = pick_examples(cases, OFFERED)
            self._offer(chosen)
            if not self.question.text() and self.second() in ("", self._lent):
                self._lent = chosen[0].text("passage") if chosen else tr(INFO.about)
                self.passage.setPlainText(self._lent)
        self._ask()

    def text(self) -> str:
        """Return the question."""
        return self.question.text()

    def second(self) -> str:
        """Return the passage."""
        return self.passage.toPlainText()

    def fill(self, text: str) -> None:
        """Put a question into its field and ask at once."""
        self.question.setText(text)
        self.primary()

    def fill_both(self, question: str, passage: str) -> None:
        """Put a question and a passage into their fields and ask at once."""
        self.passage.setPlainText(passage)
        self.fill(question)

    def state(self) -> object:
        """Return both texts."""
        is_own = self.text() or self.second() != self._lent
        return {"question": self.text(), "passage": self.second()} if is_own else ""

    def restore(self, state: object) -> None:
        """Put both texts back."""
        if isinstance(state, dict):
            self.fill_both(str(state.get("question", "")), str(state.get("passage", "")))
            return
        super().restore(state)

    def _build_question(self) -> Card:
        card = Card()
        self.question = LineField("What do you want to know of this passage?", name="Question")
        self.offered = QWidget()
        self._offers = Flow(self.offered, gap=8)
        self.hint = Text("answers as you type", "muted")
        for part in (self.question, self.offered, self.hint):
            card.add(part)
        return card

    def _build_passage(self) -> Card:
        card = Card("Passage")
        self.passage = MarkedText("Write or paste the text in which the answer stands.", name="Passage")
        scaled(self.passage.setMinimumHeight, 220)
        card.add(self.passage, 1)
        return card

    def _build_answer(self) -> Card:
        self.copy_button = IconButton("copy", "Copy the answer")
        card = Card("Answer", self.copy_button)
        self.said = Text("", "heading", wrap=True)
        self.said.let_select()
        self.told = Text("", "muted", wrap=True)
        self.found = Table("What the answer may be", row_height=34, fits=True)
        self.found_model = RowsModel(FOUND, self.found)
        self.found.setModel(self.found_model)
        self.found.set_style(0, "text", stretch=3)
        self.found.set_style(1, "bar", stretch=2)
        for part in (self.said, self.told, self.found):
            card.add(part)
        card.body.addStretch(1)
        return card

    def _connect(self) -> None:
        self.question.textChanged.connect(self._on_typed)
        self.question.returnPressed.connect(self.primary)
        self.passage.textChanged.connect(self._on_typed)
        self.copy_button.clicked.connect(self._on_copy)
        self.found.clicked.connect(self._on_found)
        self.found.row_opened.connect(self._light)

    def _ask(self) -> None:
        question, passage = self.text(), self.second()
        if question.strip() and passage.strip():
            self._asked_for = question, passage
            self.asked.emit({"question": question, "passage": passage}, {"top": TOP})
        else:
            self.stop_asked.emit()
            self._clear_answer()

    def _is_still_asked(self) -> bool:
        return (self.text(), self.second()) == self._asked_for

    def _show_answer(self) -> None:
        chosen = next((item for item in self._items if item.chosen), None)
        nothing = next((item.score for item in self._items if not item.text), 0.0)
        is_none = chosen is None or not chosen.text
        self.said.set_role("heading" if not is_none else "muted")
        self.said.set_words("{text}" if not is_none else "Not in this passage.", text=chosen.text if chosen else "")
        if is_none:
            self.told.set_words("What comes nearest stands below; a click lights it.")
        elif self._always:
            self.told.set_words("It learnt from no question without an answer, so it always names one.")
        else:
            self.told.set_words(
                "“No answer” has {percent} % of what it weighed; from {least} % on it says so.",
                percent=f"{100 * nothing:.0f}", least=f"{100 * self._threshold:.0f}",
            )  # fmt: skip
        self.found_model.set_rows([_row(item) for item in self._items])
        self.found.setVisible(bool(self._items))
        self.told.show()
        self.copy_button.setEnabled(not is_none)
        self._light(0)

    def _clear_answer(self) -> None:
        self._items, self._arriving = [], []
        self.passage.set_marks((), ())
        self.found_model.set_rows([])
        self.found.hide()
        self.told.hide()
        self.said.set_role("muted")
        self.said.set_words("Ask something: the words that answer it light up in the passage.")
        self.hint.set_words("answers as you type")
        self.copy_button.setEnabled(False)

    def _light(self, row: int) -> None:
        """Light what stands in a row; where that is “no answer”, nothing."""
        item = self._items[row] if row < len(self._items) else None
        if item is None or not item.text:
            self.passage.set_marks((), ())
            return
        span = Span(item.start, item.end, LIT, item.score)
        self.passage.set_marks((span,), (LIT,))
        if not self.passage.hasFocus():
            self.passage.reveal(span)

    def _offer(self, cases: Sequence[Case]) -> None:
        """Offer questions to begin with."""
        self._offers.clear()
        for case in cases:
            question, passage = case.text("question"), case.text("passage")
            button = ElidedButton("{question}", kind="pill", small=True, question=question)
            button.clicked.connect(partial(self.fill_both, question, passage))
            self._offers.addWidget(button)
        self.offered.setVisible(self._offers.count() > 0)

    def _on_typed(self) -> None:
        self._pause.start()
        self.edited.emit()

    def _on_found(self, index: object) -> None:
        self._light(index.row())  # type: ignore[attr-defined]

    def _on_copy(self) -> None:
        clipboard(next((item.text for item in self._items if item.chosen), ""))


VIEW = AnswerView


def pick_examples(cases: Sequence[Case], most: int) -> list[Case]:
    """Return scored questions: most of them answered rightly, one of them without an answer where there is such, one mistake."""
    right = [case for case in cases if case.right and case.text("answer")]
    none = [case for case in cases if case.right and not case.text("answer")][:1]
    wrong = [case for case in cases if case.right is False][:1]
    room = most - len(none) - len(wrong)
    step = max(1, len(right) // max(1, room))
    return [*right[::step][:room], *none, *wrong]


def number_in(facts: Mapping[str, object], name: str, otherwise: float) -> float:
    """Return a number among the facts of a model."""
    value = facts.get(name)
    return float(value) if isinstance(value, int | float) else otherwise


def _row(item: Quote) -> Row:
    return Row([item.text or tr(NONE), Cell(f"{item.score:.2f}", share=item.score)], item)
