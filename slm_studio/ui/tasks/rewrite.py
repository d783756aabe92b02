"""Rewrite: the source on the left, what it becomes on the right, word by word; what changed is marked, other answers stand below."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from slm_studio.core.answers import PAIR
from slm_studio.core.changes import Piece, changes, new_words
from slm_studio.core.events import Note, Progress
from slm_studio.core.generation import RewritingOptions
from slm_studio.core.measures import measure
from slm_studio.core.pair_columns import CORRECTION, SUMMARY
from slm_studio.core.report import Case
from slm_studio.core.results import Report, Token, Variant
from slm_studio.core.saved import SavedModel
from slm_studio.core.sides import TURNED, sides_of
from slm_studio.core.texts import mark, tr
from slm_studio.ui.parts.forms import KnobForm
from slm_studio.ui.tasks.view import READING, ReportCard, TaskView, time_words
from slm_studio.ui.widgets.buttons import Button, IconButton, WorkButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.changed_text import ChangedText
from slm_studio.ui.widgets.copying import clipboard
from slm_studio.ui.widgets.fields import Check
from slm_studio.ui.widgets.fold import Fold
from slm_studio.ui.widgets.labels import ElidedText, Text
from slm_studio.ui.widgets.marked_text import MarkedText
from slm_studio.ui.widgets.page import GAP
from slm_studio.ui.widgets.rows_model import Cell, Row, RowsModel
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.table import Table

KNOBS = ("beams", "length_penalty", "temperature", "top_p", "repetition_penalty", "max_new_tokens", "seed")
MOST_EXAMPLES = 6
SOURCE, TARGET = mark("Source"), mark("Target")
EXAMPLES = (mark("source"), mark("in the file"), mark("model said"))
OTHERS = (mark("answer"), mark("likely"))


class RewriteView(TaskView):
    """Asks when it is told to, for an answer takes a while; the old answer stays until the new one begins."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind, self._folder, self._asked_for = "", "", ""
        self._sides: tuple[str, str] = ("", "")
        self._back = False
        self._waiting: list[str] = []  # arrived, not yet shown: one insertion for a whole batch
        self._others: list[Variant] = []
        self._is_new = False  # whether the next piece begins an answer
        self._flush = QTimer(self)
        self._flush.setSingleShot(True)
        self._flush.setInterval(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self._build_texts(), 1)
        column.addWidget(self._build_others())
        column.addWidget(self._build_knobs())
        column.addWidget(self._build_examples())
        self.field = self.source
        self._connect()
        self.retranslate()
        self._tell()

    def set_model(self, model: SavedModel, cases: Sequence[Case]) -> None:
        """Try another model; rows of its report become examples."""
        self._kind = str(model.facts.get("target") or "")
        self._sides = sides_of(model.facts)
        chosen = pick_examples(cases)
        self.examples_model.set_rows([Row([case.text(key) for key in _SHOWN], case) for case in chosen])
        self.examples_card.setVisible(bool(chosen))
        goes_both_ways = bool(model.facts.get("both_ways"))
        self.swap_button.setVisible(goes_both_ways)
        if model.folder != self._folder:
            is_first = not self._folder  # then the direction is that of before the restart
            self._folder, self._back = model.folder, self._back and is_first and goes_both_ways
            self._clear()
        self._tell()

    def text(self) -> str:
        """Return the source."""
        return self.source.toPlainText()

    def fill(self, text: str) -> None:
        """Put a source into the field and ask at once."""
        self.source.setPlainText(text)
        self.primary()

    def chosen(self) -> dict[str, object]:
        """Return the direction."""
        return {"back": self._back}

    def state(self) -> object:
        """Return the source, and which way it goes."""
        return {"text": self.text(), "back": self._back}

    def restore(self, state: object) -> None:
        """Show the source of before the restart."""
        if isinstance(state, dict) and isinstance(state.get("text"), str):
            self.source.setPlainText(state["text"])
            self._back = state.get("back") is True
            self._tell()

    def begin(self) -> None:
        """Say that an answer is on its way."""
        self._waiting.clear()
        self._others, self._is_new = [], True
        self._show_pair(None)
        self.turned_row.hide()
        self.button.set_busy()
        self.numbers.set_words("")
        self._tell()

    def take(self, item: object) -> None:
        """Take a piece of the answer, another whole one, or how far the beams are."""
        if isinstance(item, Progress) and item.total:
            self.numbers.set_words(READING, done=item.done, total=item.total)
        elif isinstance(item, Variant):
            self._others.append(item)
        elif isinstance(item, Token):
            self._waiting.append(item.text)
            if not self._flush.isActive():
                self._flush.start()

    def note(self, note: Note) -> None:
        """Offer the other direction for a text that is in its language."""
        if note.code == TURNED:
            is_chinese = note.values.get("language") == "zh"
            self.turned.set_words("This looks like Chinese." if is_chinese else "This looks like English.")
            self.turn_button.set_words("Translate from Chinese" if is_chinese else "Translate from English")
            self.turned_row.show()

    def finish(self, numbers: object) -> None:
        """Mark what changed, and say how long it took."""
        self._on_flush()
        self._rest()
        told = numbers if isinstance(numbers, dict) else {}
        self._show_pair(told.get(PAIR))
        seconds = told.get("seconds")
        if isinstance(seconds, int | float):
            self.numbers.set_words("{time}", time=time_words(float(seconds)))

    def _show_pair(self, pair: object) -> None:
        """Say which learnt pair an answer is of, where it is not the model's own."""
        self.pair.setVisible(isinstance(pair, dict))
        if isinstance(pair, dict):
            self.pair.set_words("As in a pair that it learnt: “{source}”", source=str(pair.get("source")))

    def fail(self) -> None:
        """Leave what came until then."""
        self._on_flush()
        self._rest()

    def primary(self) -> None:
        """Rewrite the source."""
        if self.button.state == "busy" or self.form.has_problem():
            return
        if not self.text().strip():
            self._clear()
            return
        self._asked_for = self.text()
        self.asked.emit({"text": self._asked_for}, self.form.values() | {"back": self._back})

    def retranslate(self) -> None:
        """Say what an empty seed means."""
        self.form.set_placeholders({"seed": tr("a new one each time"), "beams": tr("Automatic")})

    def others(self) -> list[str]:
        """Return the other answers that are shown."""
        return [row.value.text for row in self.others_model.rows() if isinstance(row.value, Variant)]

    def _build_texts(self) -> QWidget:
        self.source_card, self.target_card = Card(SOURCE), Card(TARGET)
        self.source = MarkedText("Write or paste a text, or choose a row below.", name="Source")
        self.target = ChangedText("What the source becomes appears here.", name="Target")
        for editor in (self.source, self.target):
            scaled(editor.setMinimumHeight, 120)
        self.swap_button = IconButton("swap", "The other way round")
        self.copy_button = IconButton("copy", "Copy the answer")
        self.source_card.add(self.source, 1)
        self.target_card.add(self.target, 1)
        self.button, self.clear_button = WorkButton("Rewrite"), Button("Clear", "quiet")
        left = QHBoxLayout()
        for widget in (self.button, self.clear_button):
            left.addWidget(widget)
        left.addStretch(1)
        left.addWidget(self.swap_button)
        self.source_card.body.addLayout(left)
        self.source_card.add(self._build_turned())
        self.marks = Check("Mark changes", quiet=True)
        self.marks.setChecked(True)
        self.numbers = ElidedText("", "muted")
        self.numbers.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.pair = ElidedText("", "muted")
        self.pair.hide()
        self.target_card.add(self.pair)
        right = QHBoxLayout()
        right.addWidget(self.marks)
        right.addWidget(self.numbers, 1)
        right.addWidget(self.copy_button)
        self.target_card.body.addLayout(right)
        row = SideBySide()
        row.add(self.source_card)
        row.add(self.target_card)
        return row

    def _build_turned(self) -> QWidget:
        """Build what is said of a text in the language that is written."""
        self.turned, self.turn_button = Text("", "muted"), Button("", kind="link", small=True)
        self.turned_row = QWidget()
        row = QHBoxLayout(self.turned_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.turned)
        row.addWidget(self.turn_button)
        row.addStretch(1)
        self.turned_row.hide()
        return self.turned_row

    def _build_others(self) -> Card:
        card = self.others_card = Card("Other answers", Text("a click shows one", "muted"))
        self.others_table = Table("Other answers", row_height=34, fits=True)
        self.others_model = RowsModel(OTHERS, self.others_table)
        self.others_table.setModel(self.others_model)
        self.others_table.set_style(0, "text", stretch=3)
        self.others_table.set_style(1, "bar", stretch=1)
        card.add(self.others_table)
        card.hide()
        return card

    def _build_knobs(self) -> Fold:
        self.form = KnobForm(RewritingOptions, names=KNOBS, columns=3)
        self.fold = Fold("How it writes")
        self.fold.add(self.form)
        self._on_form({})
        return self.fold

    def _build_examples(self) -> Card:
        card = self.examples_card = Card("Rows it has never seen", Text("a click tries a row", "muted"))
        self.examples = Table("Rows it has never seen", fits=True)
        self.examples_model = RowsModel(EXAMPLES, self.examples)
        self.examples.setModel(self.examples_model)
        for at in range(len(EXAMPLES)):
            self.examples.set_style(at, "text", stretch=1)
        card.add(self.examples)
        return card

    def _connect(self) -> None:
        self._flush.timeout.connect(self._on_flush)
        self.source.textChanged.connect(self._on_source_changed)
        self.button.started.connect(self.primary)
        self.button.stop_requested.connect(self.stop_asked)
        self.clear_button.clicked.connect(self._on_clear)
        self.swap_button.clicked.connect(self._on_swap)
        self.turn_button.clicked.connect(self._on_turn)
        self.copy_button.clicked.connect(self._on_copy)
        self.marks.toggled.connect(self._show_changes)
        self.form.changed.connect(self._on_form)
        self.form.problem_changed.connect(self.button.setDisabled)
        self.examples.clicked.connect(self._on_example)
        self.examples.row_opened.connect(self._open_example)
        self.others_table.clicked.connect(self._on_other)
        self.others_table.row_opened.connect(self._open_other)

    def _rest(self) -> None:
        self.button.set_ready()
        self._show_changes()
        self.others_model.set_rows(
            [Row((each.text, Cell(f"{each.score:.2f}", share=each.score)), each) for each in self._others]
        )
        self.others_card.setVisible(bool(self._others))
        self._tell()

    def _tell(self) -> None:
        busy = self.button.state == "busy"
        one, other = self._sides[:: -1 if self._back else 1]
        self.source_card.set_title("{name}" if one else SOURCE, name=one)
        self.target_card.set_title("{name}" if other else TARGET, name=other)
        self.clear_button.setEnabled(bool(self.text()) and not busy)
        self.copy_button.setEnabled(bool(self.target.text()))
        self.swap_button.setEnabled(not busy)
        self.marks.setVisible(self._kind in (SUMMARY, CORRECTION))

    def _show_changes(self, *_: object) -> None:
        """Mark what is other than in the source; of a summary, where most is gone, only words that the source does not have."""
        text = self.target.text()
        pieces = [Piece(text, "same")] if text else []
        if text and self._kind in (SUMMARY, CORRECTION) and self.marks.isChecked():
            compare = changes if self._kind == CORRECTION else new_words
            pieces = compare(self._asked_for, text)
        self.target.set_pieces(pieces)

    def _clear(self) -> None:
        self.target.set_pieces([])
        self._show_pair(None)
        self.turned_row.hide()
        self._others = []
        self.others_card.hide()
        self.numbers.set_words("")
        self._tell()

    def _on_flush(self) -> None:
        self._flush.stop()
        if not self._waiting:
            return
        if self._is_new:
            self.target.set_pieces([])
            self._is_new = False
        text, self._waiting = "".join(self._waiting), []
        self.target.add(text)

    def _on_source_changed(self) -> None:
        self.edited.emit()
        self._tell()

    def _on_clear(self) -> None:
        self.source.clear()
        self._clear()
        self.source.setFocus()

    def _on_swap(self) -> None:
        """Go the other way, from what was just written."""
        answer = self.target.text()
        self._back = not self._back
        self._clear()
        if answer:
            self.fill(answer)
        self.edited.emit()

    def _on_turn(self) -> None:
        """Rewrite the source that stands there in the other direction."""
        self._back = not self._back
        self._clear()
        self.primary()
        self.edited.emit()

    def _on_copy(self) -> None:
        clipboard(self.target.text())

    def _on_form(self, values: object) -> None:
        self.fold.set_summary("{now}", now=self.form.summary)

    def _on_example(self, index: object) -> None:
        self._open_example(index.row())  # type: ignore[attr-defined]

    def _open_example(self, row: int) -> None:
        case = self.examples_model.value(row)
        if isinstance(case, Case):
            self._back = case.cells.get("back") is True
            self.fill(case.text("text"))

    def _on_other(self, index: object) -> None:
        self._open_other(index.row())  # type: ignore[attr-defined]

    def _open_other(self, row: int) -> None:
        other = self.others_model.value(row)
        if isinstance(other, Variant):
            self.target.set_pieces([Piece(other.text, "same")])
            self._show_changes()


class Counted(ReportCard):
    """How each direction fared, and how scores were counted; hidden where a report does not say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("How it was counted", parent=parent)
        self.directions = Text("", wrap=True)
        self.counted = Text("", "muted", wrap=True)
        self.add(self.directions)
        self.add(self.counted)

    def set_report(self, report: Report) -> None:
        """Show the words of a report."""
        self.setVisible(bool(report.counted))
        self.counted.set_words("{words}", words=report.counted)
        there, back = report.value("chrf_there"), report.value("chrf_back")
        self.directions.setVisible(there is not None and back is not None)
        if there is not None and back is not None:
            chrf = measure("chrf")
            self.directions.set_words(
                "From source to target the likeness is {there}, from target to source {back}.",
                there=chrf.written(there),
                back=chrf.written(back),
            )


VIEW = RewriteView
CARDS = (Counted,)
_SHOWN = ("text", "rewritten", "predicted")


def pick_examples(cases: Sequence[Case]) -> list[Case]:
    """Return rows from all over, the least alike and the most alike among them."""
    step = max(1, len(cases) // MOST_EXAMPLES)
    return list(cases[step // 2 :: step][:MOST_EXAMPLES])
