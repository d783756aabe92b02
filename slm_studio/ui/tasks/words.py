"""Words: ask vectors for neighbours, analogies, the odd one out and likeness, and see words on a map."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from slm_studio.core.report import Case
from slm_studio.core.results import Hit, Report
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark, tr
from slm_studio.ui.tasks.view import QuickView, ReportCard
from slm_studio.ui.widgets.buttons import ElidedButton, IconButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.fields import LineField
from slm_studio.ui.widgets.flow import Flow
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.page import GAP
from slm_studio.ui.widgets.rows_model import Cell, Row, RowsModel
from slm_studio.ui.widgets.segmented import Segmented
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.table import Table
from slm_studio.ui.widgets.word_map import Place, WordMap
from slm_studio.ui.widgets.words import words

PAUSE = 250  # milliseconds after the last key before the model is asked
TOP, ON_MAP = 10, 300
NEAR, ANALOGY, ODD, LIKENESS = "near", "analogy", "odd", "similarity"
FEWEST = {ANALOGY: 3, ODD: 3, LIKENESS: 2}  # words without which nothing is asked
OFFERED = 8  # words to begin with
DIRECTIONS, NEIGHBOURS = "directions", "neighbours"  # how a map is drawn


class WordsView(QuickView):
    """Answers as you type; the map marks the words of the question and of its answer."""

    pieces = (Hit,)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(PAUSE, parent)
        self._folder = ""
        self._asked: tuple[str, ...] = ()  # the words of the question that is answered
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self._build_question())
        row = SideBySide()
        row.limit(row.add(self._build_answer(), 2), 240, 420)
        row.add(self._build_map(), 3)
        column.addWidget(row, 1)
        self.field = self.word
        self._connect()
        self._show_kind(NEAR)

    def set_model(self, model: SavedModel, cases: Sequence[Case]) -> None:
        """Try other vectors; frequent words of theirs are offered to begin with."""
        if model.folder == self._folder:
            self._ask()
            return
        self._folder = model.folder
        self._clear_answer()
        self.map.set_places(())
        common = model.facts.get("common")
        self._offer([str(word) for word in common] if isinstance(common, list | tuple) else [])
        self._draw_map()
        self._ask()

    def text(self) -> str:
        """Return the words of the question."""
        return self.word.text() if self.kind.current() == NEAR else " ".join(self._words())

    def fill(self, text: str) -> None:
        """Ask for the neighbours of a word."""
        self.kind.choose(NEAR)
        self._show_kind(NEAR)
        self.word.setText(text)
        self.primary()

    def state(self) -> object:
        """Return what is asked, and every field."""
        return {"kind": self.kind.current(), "fields": [field.text() for field in self._fields()]}

    def restore(self, state: object) -> None:
        """Fill the fields as they were."""
        if not isinstance(state, dict) or not isinstance(state.get("fields"), list):
            return
        for field, text in zip(self._fields(), state["fields"], strict=False):
            field.setText(str(text))
        if state.get("kind") in (NEAR, ANALOGY, ODD, LIKENESS):
            self.kind.choose(state["kind"])
            self._show_kind(state["kind"])

    def _build_question(self) -> Card:
        card = Card()
        self.kind = Segmented(
            (
                (NEAR, "Nearest words"),
                (ANALOGY, "Analogy"),
                (ODD, "Odd one out"),
                (LIKENESS, "Likeness of two"),
            ),
            kind="pills",
            name="What to ask",
            wraps=True,
        )
        self.word = LineField("A word, or several", name="Word")
        self.first_word = LineField("man", name="First word of the analogy")
        self.second_word = LineField("king", name="Second word of the analogy")
        self.third_word = LineField("woman", name="Third word of the analogy")
        self.list = LineField("Three words or more, with blanks between", name="Words to compare")
        self.pair = LineField("Two words, with a blank between", name="Two words")
        self.analogy = QWidget()
        row = QHBoxLayout(self.analogy)
        row.setContentsMargins(0, 0, 0, 0)
        for part in (
            self.first_word,
            Text(":", "muted"),
            self.second_word,
            Text("=", "muted"),
            self.third_word,
            Text(": ?", "muted"),
        ):
            row.addWidget(part, 1 if isinstance(part, LineField) else 0)
        self.hint = Text("answers as you type", "muted")
        self.offered = QWidget()
        self._offers = Flow(self.offered, gap=8)
        card.add(self.kind)
        for part in (self.word, self.analogy, self.list, self.pair, self.offered, self.hint):
            card.add(part)
        return card

    def _build_answer(self) -> Card:
        card = Card("Answer")
        self.table = Table("Answer", row_height=34, fits=True)
        self.model = RowsModel((mark("word"), mark("likeness")), self.table)
        self.table.setModel(self.model)
        self.table.set_style(0, "text", stretch=3)
        self.table.set_style(1, "bar", stretch=2)
        self.answer_words = Text("", "muted", wrap=True)
        card.add(self.answer_words)
        card.add(self.table)
        card.body.addStretch(1)
        return card

    def _build_map(self) -> Card:
        self.method = Segmented(
            ((DIRECTIONS, "by direction (PCA)"), (NEIGHBOURS, "by neighbours (t-SNE)")),
            name="How the map is drawn", wraps=True,
        )  # fmt: skip
        card = Card("Map", self.method)
        self.map = WordMap()
        words(self.map.setAccessibleName, "Map of words")
        self.map_words = Text("", "muted", wrap=True)
        self.nearer = IconButton("plus", "Nearer")
        self.farther = IconButton("minus", "Farther")
        self.nearer.steps = self.farther.steps = True
        self.whole = IconButton("refresh", "The whole map")
        row = QHBoxLayout()
        row.addWidget(self.map_words, 1)
        for button in (self.nearer, self.farther, self.whole):
            row.addWidget(button)
        card.add(self.map, 1)
        card.body.addLayout(row)
        return card

    def _connect(self) -> None:
        self.kind.chosen.connect(self._on_kind)
        for field in self._fields():
            field.textChanged.connect(self._on_typed)
            field.returnPressed.connect(self.primary)
        self.table.clicked.connect(self._on_row)
        self.table.row_opened.connect(self._open_row)
        self.method.chosen.connect(self._draw_map)
        self.map.word_chosen.connect(self.fill)
        self.nearer.clicked.connect(self._on_nearer)
        self.farther.clicked.connect(self._on_farther)
        self.whole.clicked.connect(self.map.reset)

    def _fields(self) -> tuple[LineField, ...]:
        return (self.word, self.first_word, self.second_word, self.third_word, self.list, self.pair)

    def _words(self) -> tuple[str, ...]:
        """Return the words that are typed for what is asked."""
        kind = self.kind.current()
        if kind == ANALOGY:
            return tuple(
                field.text().strip()
                for field in (self.first_word, self.second_word, self.third_word)
                if field.text().strip()
            )
        field = {ODD: self.list, LIKENESS: self.pair}.get(kind, self.word)
        return tuple(field.text().replace(",", " ").replace("，", " ").replace("、", " ").split())

    def _ask(self) -> None:
        kind, asked = self.kind.current(), self._words()
        if len(asked) < FEWEST.get(kind, 1):
            self.stop_asked.emit()
            self._clear_answer()
            return
        self._asked = asked
        prompt = {"text": self.word.text().strip() if kind == NEAR else asked}
        self.asked.emit(prompt, {"ask": kind, "top": TOP})

    def _show_kind(self, kind: str) -> None:
        for part, shown in ((self.word, NEAR), (self.analogy, ANALOGY), (self.list, ODD), (self.pair, LIKENESS)):
            part.setVisible(kind == shown)
        self.offered.setVisible(kind == NEAR and self._offers.count() > 0)

    def _show_answer(self) -> None:
        self.model.set_rows([_row(hit) for hit in self._items])
        self.table.setVisible(bool(self._items))
        odd = self.kind.current() == ODD and bool(self._items)
        self.answer_words.setVisible(odd)
        if odd:
            self.answer_words.set_words("“{word}” fits the others least.", word=self._items[0].text)
        near = [hit.text for hit in self._items]
        self.map.mark(self._asked, near)
        if not self.map.holds(near[:TOP]):
            self._draw_map()

    def _clear_answer(self) -> None:
        self._items, self._arriving, self._asked = [], [], ()
        self.model.set_rows([])
        self.table.hide()
        self.answer_words.set_words(
            "Words and their likeness appear here: 1 is the same direction, 0 nothing in common."
        )
        self.answer_words.show()
        self.hint.set_words("answers as you type")
        self.map.mark((), ())

    def _offer(self, common: Sequence[str]) -> None:
        """Offer words to begin with."""
        self._offers.clear()
        for word in common[:OFFERED]:
            button = ElidedButton("{word}", kind="pill", small=True, word=word)
            button.clicked.connect(partial(self.fill, word))
            self._offers.addWidget(button)
        self.offered.setVisible(bool(common) and self.kind.current() == NEAR)

    def _draw_map(self, *_: object) -> None:
        self.map_words.set_words("The map is being drawn…")
        options = {"method": self.method.current(), "top": ON_MAP}
        self.inquired.emit("render", {"prompt": {"text": self._asked}, "options": options}, self._on_map)

    def _on_map(self, drawn: object) -> None:
        """Show the words of a map; None where it was stopped, an error where it could not be."""
        points = drawn.get("points") if isinstance(drawn, Mapping) else None
        if not isinstance(points, list | tuple):
            self.map_words.set_words("")
            return
        self.map.set_places([Place(str(word), float(x), float(y), float(likeness)) for word, likeness, x, y in points])
        self.map.mark(self._asked, [hit.text for hit in self._items])
        self.map_words.set_words("Ctrl and the wheel zoom, dragging moves, a click asks for a word.")
        if not self._offers.count():
            self._offer([str(word) for word in drawn.get("common", ())])  # type: ignore[union-attr]

    def _on_kind(self, kind: str) -> None:
        self._show_kind(kind)
        self.edited.emit()
        self._ask()

    def _on_typed(self) -> None:
        self._pause.start()
        self.edited.emit()

    def _on_row(self, index: object) -> None:
        self._open_row(index.row())  # type: ignore[attr-defined]

    def _open_row(self, row: int) -> None:
        hit = self.model.value(row)
        if isinstance(hit, Hit):
            self.fill(hit.text)

    def _on_nearer(self) -> None:
        self.map.zoom(1.25)

    def _on_farther(self) -> None:
        self.map.zoom(0.8)


class KindsOfAnalogy(ReportCard):
    """How many analogies of each kind are right; hidden where a report has none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Analogies by kind", parent=parent)
        self.table = Table("Analogies by kind", fits=True)
        self.model = RowsModel((mark("kind"), mark("right"), mark("questions")), self.table)
        self.table.setModel(self.model)
        self.table.set_style(0, "text", stretch=3)
        self.table.set_style(1, "bar", stretch=2)
        self.table.set_style(2, "number", most=140)
        self.add(self.table)

    def set_report(self, report: Report) -> None:
        """Show the shares of a report."""
        kinds = [key.removeprefix("asked:") for key in report.facts if key.startswith("asked:")]
        self.setVisible(bool(kinds))
        rows = []
        for kind in kinds:
            asked, right = report.facts[f"asked:{kind}"], report.facts.get(f"right:{kind}", 0.0)
            share = right / max(1.0, asked)
            rows.append(Row((kind or tr("without a kind"), Cell(f"{share:.3f}", share=share), f"{asked:,.0f}"), kind))
        self.model.set_rows(rows)


VIEW = WordsView
CARDS = (KindsOfAnalogy,)


def _row(hit: Hit) -> Row:
    return Row((hit.text, Cell(f"{hit.score:.3f}", share=max(0.0, min(1.0, hit.score)))), hit)
