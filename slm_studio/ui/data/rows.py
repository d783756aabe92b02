"""RowsCard: the table of the dataset, with a search, and the rows of one label or one finding."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from slm_studio.core.dataset import EXAMPLES, Column, Dataset
from slm_studio.core.editing import Change, check_length
from slm_studio.core.errors import StudioError
from slm_studio.core.label_sets import labels_in
from slm_studio.core.report import NONE
from slm_studio.core.results import LIST
from slm_studio.core.tasks.info import Reads
from slm_studio.core.texts import mark, tr
from slm_studio.ui.parts import dialogue_rows, listed_rows
from slm_studio.ui.parts.marked_rows import MarkedRows
from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.arrow_model import ArrowModel
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.fields import SearchField
from slm_studio.ui.widgets.labels import ElidedText, Text
from slm_studio.ui.widgets.mark_editor import Markable
from slm_studio.ui.widgets.marks import Marked
from slm_studio.ui.widgets.row_reader import Cells, ReadableTable
from slm_studio.ui.widgets.rows_model import Cell
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.table import Table
from slm_studio.ui.widgets.words import Words, words

OTHER_WIDTH, LABEL_WIDTH, NUMBER_WIDTH = 180, 230, 90  # pixels at most


SHORT: tuple[Reads, ...] = ("label", "labels", "number")  # answers that take little room


class RowsCard(Card):
    """Shows every row; `actions` takes further buttons, which stand below."""

    filter_cleared = Signal()
    failed = Signal(object)  # StudioError: why a row cannot be marked

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(padding=6, parent=parent)
        self.model = ArrowModel(self, editable=True)
        self._marked: MarkedRows | None = None
        self._dialogues: Mapping[str, dialogue_rows.Show] = {}  # by the columns that hold some
        self._lists: Mapping[str, dialogue_rows.Show] = {}  # the same
        self._asked_column = 0  # the cell that was to be edited when its row was opened to be marked
        self.table = Table("Rows")
        self.table.setModel(self.model)
        self.table.cells.choices = self._choices
        self.search = SearchField("Find")
        self.found = Text("", "muted")
        self.actions = Actions()
        self._only = QWidget()
        self._what = ElidedText("", "second")
        self.all_button = Button("Show all rows", "link", small=True)
        self._build_only()
        self.pages = ReadableTable(self.table, self._whole_row)
        self.add(self.pages, 1)
        foot = SideBySide(gap=8)
        foot.layout().setContentsMargins(8, 0, 8, 4)
        foot.limit(foot.add(self.search, 1), 150, 300)
        foot.add(self.found, 1)
        foot.add(self.actions, 0)
        self.add(foot)
        self.search.searched.connect(self._on_searched)
        self.model.filtered.connect(self._on_filtered)
        self.all_button.clicked.connect(self.show_all)
        self.table.edit_requested.connect(self._on_edit_requested)
        self.pages.list_requested.connect(self._on_list_requested)

    def open(self, dataset: Dataset, reads: Mapping[str, Reads]) -> None:
        """Show the rows of a dataset (again from the first); `reads` says how columns that play a role are read."""
        self.search.blockSignals(True)
        self.search.clear()
        self.search.blockSignals(False)
        self._only.hide()
        self.found.set_words("")
        self.model.open(dataset.part())
        self.dress(dataset, reads)
        total = dataset.rows
        words(self.search.setPlaceholderText, lambda: tr("Find in {n} {n:row|rows}", n=total))

    def open_version(self, dataset: Dataset) -> None:
        """Show the same rows with some other cells; what was searched and where one reads stay."""
        self.model.open_version(dataset.part())

    def show_edits(self, changes: Sequence[Change]) -> None:
        """Show changes that the file lacks."""
        self.model.set_edits({(each.row, each.column): each.after for each in changes if each.split == "train"})

    def dress(self, dataset: Dataset, reads: Mapping[str, Reads]) -> None:
        """Give the columns the look of their roles."""
        self.table.clear_styles()
        self._marked = MarkedRows(self.model, dataset, reads)
        self._dialogues = dialogue_rows.shows(self.model, dataset.columns)
        sets = _shown_sets(self.model, dataset, reads)
        self._lists = {
            name: show for name, show in listed_rows.shows(self.model, dataset.columns).items() if name not in sets
        }
        shows = {**self._dialogues, **self._lists, **sets, **self._marked.shows()}
        self.model.show_as(shows, self._marked.order)
        names = self.model.columns
        markable = {self._marked.texts, self._marked.marks} if self._marked.texts and self._marked.marks else set()
        self.table.elsewhere = frozenset(names.index(name) + 1 for name in markable)
        self.pages.let_mark(self._marks_of if markable else None)
        texts = {column for column, each in reads.items() if each not in SHORT} or {longest(dataset.columns)}
        with self.table.dressing():
            self.table.set_style(0, "muted", most=NUMBER_WIDTH)
            for at, column in enumerate(dataset.columns, start=1):
                if column.name == self._marked.marks:
                    self.table.set_style(at, "spans", stretch=1.0)
                elif reads.get(column.name) in ("label", "labels"):
                    self.table.set_style(at, "chip", most=LABEL_WIDTH)
                elif reads.get(column.name) == "number":
                    self.table.set_style(at, "number", most=OTHER_WIDTH)
                elif column.name in texts:
                    self.table.set_style(at, "text", stretch=1.0)
                else:
                    self.table.set_style(at, "text", most=OTHER_WIDTH)

    def begin(self, column: str) -> None:
        """Open the first cell of a column for being filled."""
        if self._marked is not None and self._marked.texts and column == self._marked.marks:
            self.pages.mark_row(0)
        else:
            self.table.edit_here(0, self.model.columns.index(column) + 1)

    def close_file(self) -> None:
        """Let the file go."""
        self.model.close()

    def least_height(self) -> int:
        """Return the pixels without which something would be cut."""
        needed = self.pages.least_height()
        return self.height() - self.pages.height() + needed if needed else 0

    def settle(self) -> None:
        """Keep what is being typed or marked: other rows are about to be made of these."""
        self.table.keep_edit()
        self.pages.keep_marks()

    def _marks_of(self, row: int) -> Markable | None:
        if self._marked is None or not self.model.editable:
            return None
        at = self.model.source_row(row)
        try:
            marking = self._marked.marking(at)
            check_length(marking.cell)
        except StudioError as error:
            self.failed.emit(error)
            return None
        return Markable(
            marking, self._marked.order, partial(self._keep_marks, at, self._marked.marks), may_be_typed=True
        )

    def _keep_marks(self, row: int, column: str, before: str, after: str) -> bool:
        """Hand the new cell to whoever keeps changes; say whether it stands there now."""
        self.model.edited.emit(row, column, before, after)
        return self.model.cell(row, column) == after

    def _on_edit_requested(self, row: int, column: int) -> None:
        self._asked_column = column
        self.pages.mark_row(row)

    def _on_list_requested(self, row: int) -> None:
        assert self._marked is not None
        column = self._asked_column or self.model.columns.index(self._marked.marks) + 1
        self.table.edit_here(row, column)

    def show_label(self, column: str, label: str, joined: str = "") -> None:
        """Show the rows of one label only; where cells are `joined` of several, those that hold it."""
        sentence = mark("Rows whose {column} holds “{label}”") if joined else mark("Rows whose {column} is “{label}”")
        self._say_only(lambda: tr(sentence, column=column, label=label))
        self.model.search("", where={column: label}, joined=joined)

    def show_rows(self, rows: Sequence[int]) -> None:
        """Show these rows only."""
        count = len(rows)
        more = mark("The first {n} rows of the finding")
        self._say_only(lambda: tr(more if count == EXAMPLES else "{n} {n:row|rows} of the finding", n=count))
        self.model.show_rows(list(rows))

    def show_all(self) -> None:
        """Show every row again."""
        self._only.hide()
        self.search.clear()
        self.model.show_rows(None)
        self.found.set_words("")
        self.filter_cleared.emit()

    def _whole_row(self, row: int) -> tuple[Words, Cells]:
        at = self.model.source_row(row)
        return partial(tr, "Row {n}", n=at + 1), [
            (partial(str, name), self._cell(at, name)) for name in self.model.columns
        ]

    def _cell(self, row: int, column: str) -> str | Marked:
        """Return a cell in full: words as the text that they make, tags as what they mark in it, dialogues and lists as one reads them."""
        marked = self._marked.marked(row) if self._marked and column == self._marked.marks else None
        if marked is not None:
            return marked
        if self._marked and column == self._marked.texts:
            return self._marked.text(row)
        cell = self.model.cell(row, column)
        if column in self._lists:
            return listed_rows.whole(cell)
        return (dialogue_rows.whole(cell) if column in self._dialogues else "") or cell

    def _choices(self, column: int) -> Sequence[str]:
        return self.model.values(self.model.columns[column - 1])

    def _build_only(self) -> None:
        row = QHBoxLayout(self._only)
        row.setContentsMargins(10, 4, 4, 0)
        row.addWidget(self._what, 1)
        row.addWidget(self.all_button, 0, Qt.AlignmentFlag.AlignRight)
        self._only.hide()
        self.add(self._only)

    def _say_only(self, sentence: object) -> None:
        self._what.set_words(sentence)  # type: ignore[arg-type]
        self._only.show()

    def _on_searched(self, text: str) -> None:
        self._only.hide()
        self.model.search(text)

    def _on_filtered(self, count: int) -> None:
        if count == self.model.total:
            self.found.set_words("")
        else:
            self.found.set_words(lambda: tr("{n} {n:row|rows}", n=count))


def _shown_sets(
    model: ArrowModel, dataset: Dataset, reads: Mapping[str, Reads]
) -> dict[str, Callable[[int], Cell | None]]:
    """Return how columns of several labels a cell are shown: as the labels, however they are joined."""
    joined = {column.name: column.joins for column in dataset.columns if reads.get(column.name) == "labels"}
    return {name: partial(_set_cell, model, name, sign) for name, sign in joined.items()}


def _set_cell(model: ArrowModel, column: str, joined: str, row: int) -> Cell:
    cell = model.cell(row, column)
    return Cell(", ".join(labels_in(cell, joined)) or (tr(NONE) if cell.strip() or joined not in ("", LIST) else ""))


def longest(columns: Sequence[Column]) -> str:
    """Return the column whose examples are the longest: what is read where nobody said which is the text."""
    return max(columns, key=lambda column: sum(map(len, column.examples))).name
