"""Tag: a text whose names are marked as you type, and a list of what was found."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from slm_studio.core.errors import show
from slm_studio.core.measures import measure
from slm_studio.core.report import Case
from slm_studio.core.results import Report, Span, marked
from slm_studio.core.saved import SavedModel
from slm_studio.core.span_errors import KINDS, LENIENT, span_errors
from slm_studio.core.tagged import labels_of_model
from slm_studio.core.texts import mark, tr
from slm_studio.ui.tasks.view import QuickView, ReportCard
from slm_studio.ui.widgets.buttons import IconButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.copying import clipboard
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.marked_text import Legend, MarkedText
from slm_studio.ui.widgets.marks import order_of
from slm_studio.ui.widgets.page import GAP
from slm_studio.ui.widgets.rows_model import Cell, Row, RowsModel, marks_cell
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.table import Table

PAUSE = 120  # milliseconds after the last key before the model is asked
MOST_EXAMPLES = 6
FOUND = (mark("marked words"), mark("label"), mark("sure"))
EXAMPLES = (mark("text"), mark("marked in the file"), mark("model said"))

BROKEN = mark(
    "A tag in the file that goes on with nothing, as I-PER after O, begins a name. The model itself never writes such a tag."
)


class TagView(QuickView):
    """Marks while the person types. The old marks stay on their words until the new answer is there."""

    pieces = (Span,)
    timed = mark("marks as you type · {time}")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(PAUSE, parent)
        self._order: tuple[str, ...] = ()  # the labels that the model knows
        self._folder = ""
        self._asked_for = ""  # the text that the answer is of
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self._build_text())
        column.addWidget(self._build_found())
        column.addWidget(self._build_examples())
        column.addStretch(1)
        self.field = self.editor
        self._connect()
        self._clear_answer()

    def set_model(self, model: SavedModel, cases: Sequence[Case]) -> None:
        """Try another model; rows of its report become examples."""
        self._order = order_of(labels_of_model(model))
        chosen = pick_examples(cases, MOST_EXAMPLES)
        for table in (self.examples_model, self.found_model):
            table.order = self._order
        self.examples_model.set_rows([_example(case) for case in chosen])
        self.examples_card.setVisible(bool(chosen))
        if model.folder != self._folder:
            self._folder = model.folder
            self._clear_answer()
        self._ask()

    def text(self) -> str:
        """Return the text."""
        return self.editor.toPlainText()

    def fill(self, text: str) -> None:
        """Put a text into the field and ask at once."""
        self.editor.setPlainText(text)
        self.editor.moveCursor(QTextCursor.MoveOperation.End)
        self.primary()

    def _build_text(self) -> Card:
        card = Card()
        self.editor = MarkedText("Write or paste a text, or choose a row below.", name="Text to mark")
        scaled(self.editor.setFixedHeight, 96)
        self.legend = Legend()
        self.hint = Text("marks as you type", "muted")
        self.copy_button = IconButton("copy", "Copy the text with its marks")
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.legend, 1)
        row.addWidget(self.hint)
        row.addWidget(self.copy_button)
        card.add(self.editor)
        card.body.addLayout(row)
        return card

    def _build_found(self) -> Card:
        card = Card("Marked words")
        self.found = Table("Marked words", row_height=34, fits=True)
        self.found_model = RowsModel(FOUND, self.found)
        self.found.setModel(self.found_model)
        self.found.set_style(0, "text", stretch=3)
        self.found.set_style(1, "spans", most=200)
        self.found.set_style(2, "bar", stretch=2)
        self.answer_words = Text("", "muted", wrap=True)
        card.add(self.answer_words)
        card.add(self.found)
        return card

    def _build_examples(self) -> Card:
        card = self.examples_card = Card("Rows it has never seen", Text("a click tries a row", "muted"))
        self.examples = Table("Rows it has never seen", fits=True)
        self.examples_model = RowsModel(EXAMPLES, self.examples)
        self.examples.setModel(self.examples_model)
        self.examples.set_style(0, "text", stretch=4)
        for at in (1, 2):
            self.examples.set_style(at, "spans", stretch=3)
        card.add(self.examples)
        return card

    def _connect(self) -> None:
        self.editor.textChanged.connect(self._on_text_changed)
        self.copy_button.clicked.connect(self._on_copy)
        self.examples.clicked.connect(self._on_example)
        self.examples.row_opened.connect(self._open_example)
        self.found.clicked.connect(self._on_found)
        self.found.row_opened.connect(self._open_found)

    def _ask(self) -> None:
        text = self.text()
        if text.strip():
            self._asked_for = text
            self.asked.emit({"text": text}, {})
        else:
            self.stop_asked.emit()
            self._clear_answer()

    def _is_still_asked(self) -> bool:
        return self.text() == self._asked_for

    def _show_answer(self) -> None:
        text, order = self._asked_for, self._shown_order()
        self.editor.set_marks(self._items, order)
        self.found_model.order = order
        self.found_model.set_rows([_found(text, span) for span in self._items])
        self.found.setVisible(bool(self._items))
        self.answer_words.set_words("Nothing is marked: the model takes no word for a name." if not self._items else "")
        self.answer_words.setVisible(not self._items)
        self._show_legend()

    def _clear_answer(self) -> None:
        self._items, self._arriving = [], []
        self.editor.set_marks((), ())
        self.found_model.set_rows([])
        self.found.hide()
        self.answer_words.set_words("The words that the model marks appear here, with how sure it is.")
        self.answer_words.show()
        self.hint.set_words("marks as you type")
        self._show_legend()

    def _shown_order(self) -> tuple[str, ...]:
        """Return the labels of the model; of one that does not tell, those that it answers."""
        return self._order or order_of([span.label for span in self._items])

    def _show_legend(self) -> None:
        self.legend.set_labels(self._shown_order(), [span.label for span in self._items])
        self.copy_button.setEnabled(bool(self._items))

    def _on_text_changed(self) -> None:
        self._pause.start()
        self.edited.emit()

    def _on_copy(self) -> None:
        clipboard(marked(self._asked_for, self._items))

    def _on_example(self, index: object) -> None:
        self._open_example(index.row())  # type: ignore[attr-defined]

    def _open_example(self, row: int) -> None:
        case = self.examples_model.value(row)
        if isinstance(case, Case):
            self.fill(case.text("text"))

    def _on_found(self, index: object) -> None:
        self._open_found(index.row())  # type: ignore[attr-defined]

    def _open_found(self, row: int) -> None:
        """Select the words in the text."""
        span = self.found_model.value(row)
        if isinstance(span, Span):
            self.editor.select(span)


class SpanErrors(ReportCard):
    """One row a label; hidden where a report has no such counts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("What became of the names", parent=parent)
        self.table = Table("What became of the names", fits=True)
        self.model = RowsModel((mark("label"), *KINDS.values()), self.table)
        self.table.setModel(self.model)
        self.table.set_style(0, "outline", stretch=1)
        for column in range(1, len(KINDS) + 1):
            self.table.set_style(column, "number", most=140)
        self.lenient = Text("", wrap=True)
        self.add(self.table)
        self.add(self.lenient)
        self.add(Text(BROKEN, "muted", wrap=True))

    def set_report(self, report: Report) -> None:
        """Show the counts of a report."""
        counts = span_errors(report)
        self.setVisible(bool(counts))
        self.model.set_rows([Row((label, *map(show, numbers)), label) for label, numbers in counts.items()])
        values = [report.facts.get(key) for key in LENIENT]
        self.lenient.setVisible(None not in values)
        if None not in values:
            self.lenient.set_words(partial(lenient_words, report))


def lenient_words(report: Report) -> str:
    """Return what F1 would be where half found counts."""
    exact, same, partly = (measure("entity_f1").written(report.facts[key]) for key in LENIENT)
    return tr(
        "Entity F1 counts a name only where words and label are right. With the right words under any label it would be {exact}, with the right label on some of the words {type}, and with half a point for some of the words, under any label, {partial}.",
        exact=exact,
        type=same,
        partial=partly,
    )


VIEW = TagView
CARDS = (SpanErrors,)


def pick_examples(cases: Sequence[Case], most: int) -> list[Case]:
    """Return rows in which something is marked: two mistakes, and rows spread over the others."""
    telling = [case for case in cases if case.spans("tags") or case.spans("predicted")]
    wrong = [case for case in telling if not case.right][:2]
    right = [case for case in telling if case.right]
    room = most - len(wrong)
    step = max(1, len(right) // room)
    return right[step // 2 :: step][:room] + wrong


def _example(case: Case) -> Row:
    text = case.text("text")
    return Row((text, *(marks_cell(text, case.spans(key)) for key in ("tags", "predicted"))), case)


def _found(text: str, span: Span) -> Row:
    label = Cell(span.label, marks=(("", span.label),))
    return Row((text[span.start : span.end], label, Cell(f"{span.score:.2f}", share=span.score)), span)
