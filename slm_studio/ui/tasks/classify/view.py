"""Classify: a text, and beside it what the model takes it for, as you type."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core.errors import show
from slm_studio.core.moderation import SENT, is_for_a_person, person_of
from slm_studio.core.report import Case
from slm_studio.core.results import Label, Number
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import task_info
from slm_studio.core.texts import mark, tr
from slm_studio.ui.tasks.classify.answer_words import answer_words, more_words, range_words, thresholds_of
from slm_studio.ui.tasks.view import QuickView
from slm_studio.ui.widgets.banner import Banner
from slm_studio.ui.widgets.bars import Bar, Bars
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.labels import Rule, Text
from slm_studio.ui.widgets.page import GAP
from slm_studio.ui.widgets.plain_editor import PlainEditor
from slm_studio.ui.widgets.rows_model import Row, RowsModel
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.stat import Stat
from slm_studio.ui.widgets.table import Table
from slm_studio.ui.widgets.words import Words

PAUSE = 120  # milliseconds after the last key before the model is asked
SETTLED = 1500  # milliseconds after which a text counts as tried
MOST_LABELS, MOST_TRIED, MOST_EXAMPLES = 6, 10, 4
MIDDLE = 0.5  # the threshold of a label where its model says no other
MOST_LABEL = 240  # pixels of a label among the examples
ALIKE, ENOUGH = 0.05, 20  # scores that count as alike, and the rows from which a share is worth saying
KEY = "classify"
EXAMPLES = (mark("text"), mark("label in the file"), mark("model said"))


class ClassifyView(QuickView):
    """Answers while the person types; what stood there for a while counts as tried."""

    pieces = (Label, Number)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(PAUSE, parent)
        self._folder = ""
        self._tried: dict[str, list[Row]] = {}  # what was tried with each model; its answers are its own
        self._facts: Mapping[str, object] = {}  # of the model
        self._labels = 0
        self._thresholds: dict[str, float] = {}
        self._is_pair = False
        self._scores: list[tuple[float, bool]] = []  # of the scored rows: how sure, and whether right
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(SETTLED)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self._build_text())
        row = SideBySide()
        row.limit(row.add(self._build_answer(), 5), 300)
        row.limit(row.add(self._build_tried(), 4), 240)
        column.addWidget(row)
        column.addWidget(self._build_examples())
        column.addStretch(1)
        self.field = self.editor
        self._connect()
        self._clear_answer()

    def set_model(self, model: SavedModel, cases: Sequence[Case]) -> None:
        """Try another model; rows of its report become examples."""
        labels = model.facts.get("labels")
        self._labels = len(labels) if isinstance(labels, list) else 0
        self._facts, self._thresholds = model.facts, thresholds_of(model.facts)
        asks = model.facts.get("asks")
        self._is_pair = isinstance(asks, list | tuple) and "text2" in asks
        self._second_card.setVisible(self._is_pair)
        self._scores = [(case.number("score"), bool(case.right)) for case in cases if "score" in case.cells]
        chosen = pick_examples(cases, MOST_EXAMPLES)
        info = task_info(KEY).shaped(model.facts)
        gold = next(column.title for column in info.cases if column.key == info.answer.name) if info.answer else ""
        self.examples_model.set_headers([EXAMPLES[0], gold, EXAMPLES[2]])
        self.examples_model.set_rows(
            [
                Row([_said(case.text("text"), case.text("text2")), case.text("label"), case.text("predicted")], case)
                for case in chosen
            ]
        )
        self.examples_card.setVisible(bool(chosen))
        if model.folder != self._folder:
            self._tried[self._folder] = list(self.tried_model.rows())
            self._folder = model.folder
            self.tried_model.set_rows(self._tried.get(model.folder, []))
            self._tell_tried()
            self._clear_answer()
        self._ask()

    def text(self) -> str:
        """Return the text."""
        return self.editor.toPlainText()

    def second(self) -> str:
        """Return the second text."""
        return self.other.toPlainText() if self._is_pair else ""

    def state(self) -> object:
        """Return both texts."""
        return {"text": self.text(), "text2": self.other.toPlainText()} if self.other.toPlainText() else self.text()

    def restore(self, state: object) -> None:
        """Put the texts back."""
        if isinstance(state, dict):
            self.other.setPlainText(str(state.get("text2", "")))
            state = str(state.get("text", ""))
        super().restore(state)

    def fill(self, text: str) -> None:
        """Put a text into the field and ask at once."""
        self.editor.setPlainText(text)
        self.editor.moveCursor(QTextCursor.MoveOperation.End)
        self.primary()

    def fill_pair(self, text: str, second: str) -> None:
        """Put both texts into their fields and ask at once."""
        self.other.setPlainText(second)
        self.fill(text)

    def finish(self, numbers: object) -> None:
        """Show the labels, or the number."""
        super().finish(numbers)
        if numbers is not None:
            self._settled.start()

    def _build_text(self) -> Card:
        card = Card()
        self.editor = _editor(mark("Write or paste a text, or choose a row below."), mark("Text to classify"))
        self.other = _editor(mark("Write or paste the second text."), mark("Second text"))
        self._second_card = QWidget()
        column = QVBoxLayout(self._second_card)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (Rule(), self.other):
            column.addWidget(widget)
        self._second_card.hide()
        self.hint = Text("answers as you type", "muted")
        for widget in (self.editor, self._second_card, self.hint):
            card.add(widget)
        return card

    def _build_answer(self) -> Card:
        card = Card("Answer")
        self.bars, self.number = Bars(name="Answer", scores=True), Stat(mark("number"), big=True)
        self.number.hide()
        card.add(self.number)
        self.more, self.trust = Text("", "muted", wrap=True), Text("", "muted", wrap=True)
        self.person = Banner(tone="warning")
        self.person.hide()
        card.add(self.person)
        card.add(self.bars)
        card.add(self.more)
        card.add(self.trust)
        card.body.addStretch(1)
        return card

    def _build_tried(self) -> Card:
        card = Card("Tried")
        self.tried = Table("Texts you tried", row_height=34)
        scaled(self.tried.setMinimumHeight, 34 * 5)
        self.tried_model = RowsModel((mark("text"), mark("answer")), self.tried)
        self.tried.setModel(self.tried_model)
        self.tried.set_style(0, "text", stretch=3)
        self.tried.set_style(1, "chip", stretch=2)
        self.tried.horizontalHeader().hide()
        self.nothing_tried = Text("The last ten texts you try stay here. A click brings one back.", "muted", wrap=True)
        card.add(self.nothing_tried)
        card.add(self.tried, 1)
        card.body.addStretch(0)
        return card

    def _build_examples(self) -> Card:
        card = self.examples_card = Card("Rows it has never seen", Text("a click tries a row", "muted"))
        self.examples = Table("Rows it has never seen", fits=True)
        self.examples_model = RowsModel(EXAMPLES, self.examples)
        self.examples.setModel(self.examples_model)
        self.examples.set_style(0, "text", stretch=1)
        self.examples.set_style(1, "outline", most=MOST_LABEL)
        self.examples.set_style(2, "chip", most=MOST_LABEL)
        card.add(self.examples)
        return card

    def _connect(self) -> None:
        for editor in (self.editor, self.other):
            editor.textChanged.connect(self._on_text_changed)
        self._settled.timeout.connect(self._on_settled)
        self.examples.clicked.connect(self._on_example)
        self.examples.row_opened.connect(self._open_example)
        self.tried.clicked.connect(self._on_tried)
        self.tried.row_opened.connect(self._open_tried)

    def _ask(self) -> None:
        prompt = {"text": self.text()} | ({"text2": self.second()} if self._is_pair else {})
        if all(text.strip() for text in prompt.values()):
            # “and 1 more” would take the room of the one.
            self.asked.emit(prompt, {"top": MOST_LABELS + (self._labels == MOST_LABELS + 1)})
        else:
            self.stop_asked.emit()
            self._clear_answer()

    def _show_answer(self) -> None:
        labels = [item for item in self._items if isinstance(item, Label)]
        self.bars.set_bars([Bar(item.label, item.score, threshold=self._threshold_of(item)) for item in labels])
        self.bars.setVisible(bool(labels))
        left, is_none = self._labels - len(labels), _is_none(labels)
        self.more.set_words(lambda: more_words(left if labels else 0, is_none=is_none))
        self.more.setVisible(bool(labels) and (left > 0 or is_none))
        self._show_number()
        self._show_person()
        self.retranslate()

    def _show_person(self) -> None:
        """Say where the answer is not for the model to give."""
        person = person_of(self._facts)
        self.person.setVisible(person is not None and bool(is_for_a_person(self._items, self._facts)))
        if person is not None:
            self.person.set_words(SENT, below=f"{100 * min(1.0, person.below):g}")

    def _threshold_of(self, item: Label) -> float | None:
        return None if item.chosen is None else self._thresholds.get(item.label, MIDDLE)

    def _show_number(self) -> None:
        number = next((item for item in self._items if isinstance(item, Number)), None)
        self.number.setVisible(number is not None)
        if number is not None:
            self.number.set_value("{number}", partial(range_words, number), number=number.written or show(number.value))

    def _clear_answer(self) -> None:
        self._items = []
        self._settled.stop()
        self.person.hide()
        self.bars.set_bars([])
        self.bars.hide()
        self.number.hide()
        self.more.set_words("What the model takes the text for appears here.")
        self.more.show()
        self.hint.set_words("answers as you type")
        self.retranslate()

    def retranslate(self) -> None:
        """Say how far the answer can be trusted."""
        first = self._items[0] if self._items else None
        best = first.score if isinstance(first, Label) and first.chosen is None else -1.0
        right, rows = how_often_right(self._scores, best)
        known = bool(self._items) and rows >= ENOUGH
        self.trust.setVisible(known)
        if known:
            sentence = tr(
                "On rows it had never seen, where it was about this sure, it was right {right} times of {rows}.",
                right=right,
                rows=rows,
            )
            self.trust.setText(sentence)

    def _tell_tried(self) -> None:
        has = self.tried_model.rowCount() > 0
        self.tried.setVisible(has)
        self.nothing_tried.setVisible(not has)

    def _on_text_changed(self) -> None:
        self._settled.stop()
        self._pause.start()
        self.edited.emit()

    def _on_settled(self) -> None:
        tried = (self.text().strip(), self.second().strip())
        if not tried[0] or not self._items:
            return
        others = [row for row in self.tried_model.rows() if row.value != tried]
        self.tried_model.set_rows([Row((_said(*tried), answer_words(self._items)), tried), *others][:MOST_TRIED])
        self._tell_tried()

    def _on_example(self, index: object) -> None:
        self._open_example(index.row())  # type: ignore[attr-defined]

    def _open_example(self, row: int) -> None:
        case = self.examples_model.value(row)
        if isinstance(case, Case):
            self.fill_pair(case.text("text"), case.text("text2"))

    def _on_tried(self, index: object) -> None:
        self._open_tried(index.row())  # type: ignore[attr-defined]

    def _open_tried(self, row: int) -> None:
        tried = self.tried_model.value(row)
        if isinstance(tried, tuple):
            self.fill_pair(*map(str, tried))


def _editor(placeholder: Words, name: Words) -> PlainEditor:
    return PlainEditor(placeholder, name=name, letters=17, height=62)


def _is_none(labels: Sequence[Label]) -> bool:
    return bool(labels) and all(item.chosen is False for item in labels)


def _said(text: str, second: str) -> str:
    return f"{text}  ·  {second}" if second else text


def pick_examples(cases: Sequence[Case], most: int) -> list[Case]:
    """Return the surest mistake, and rows spread over the others: the surest mistakes alone would show a model unfairly."""
    wrong = [case for case in cases if case.right is False][:1]
    right = [case for case in cases if case.right or case.right is None]
    room = most - len(wrong)
    step = max(1, len(right) // room) if room else 1
    return right[step // 2 :: step][:room] + wrong


def how_often_right(scores: Sequence[tuple[float, bool]], sure: float) -> tuple[int, int]:
    """Return how many of the rows whose score is about `sure` are right, and how many there are."""
    alike = [right for score, right in scores if abs(score - sure) <= ALIKE]
    return sum(alike), len(alike)
