"""CasesCard: the scored rows, surest mistakes first; or the passages that surprised a writing model most."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from slm_studio.core.changes import changes
from slm_studio.core.measures import measure
from slm_studio.core.report import CASES_FILE, Case, CaseReader, Wanted, columns_of, first_case
from slm_studio.core.results import Report, Span, plain_spans
from slm_studio.core.tasks import all_tasks
from slm_studio.core.tasks.info import Shown, Style
from slm_studio.core.texts import mark, tr
from slm_studio.ui.evaluate.correcting import Correcting
from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.changed import Changed
from slm_studio.ui.widgets.fields import Choice, SearchField
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.mark_editor import Markable
from slm_studio.ui.widgets.marks import Marked, order_of
from slm_studio.ui.widgets.row_reader import Cells, ReadableTable
from slm_studio.ui.widgets.rows_model import Cell, Row, RowsModel, changes_cell, marks_cell
from slm_studio.ui.widgets.segmented import Segmented
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.table import Table
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words

OFF = "error"  # the cell that says how far a number lies off
ANSWER = "predicted"  # the cell that holds the model's
PAGE = 200  # rows that are read together
SLICE = 0.015  # seconds of reading between two looks at the keyboard
# style of a column of scored rows → that of the table, the most pixels it takes, its share of what is left
STYLES: dict[Style, tuple[str, int, float]] = {
    "prose": ("text", 0, 1.0), "text": ("text", 200, 0.0), "outline": ("outline", 200, 0.0), "chip": ("chip", 200, 0.0),
    "bar": ("bar", 170, 0.0), "number": ("number", 70, 0.0), "perplexity": ("number", 120, 0.0), "spans": ("spans", 0, 0.8), "changes": ("changes", 0, 1.0),
}  # fmt: skip


class CasesCard(Card):
    """Reads cases.jsonl as far as it is looked at; filters by label, by a cell of the matrix, and by words."""

    cleared = Signal()  # the person wants to see every row again

    def __init__(self, correcting: Correcting | None = None, parent: QWidget | None = None) -> None:
        super().__init__("Surest mistakes first", parent=parent)
        self._theme = the_theme()
        self._correcting = correcting
        self._touched: dict[int, Case] = {}  # the rows that were corrected here, perhaps taken back since
        self._mended: dict[int, tuple[Span, ...]] = {}  # scored row → what marks it in the data since
        self._folder: Path | None = None
        self._reader: CaseReader | None = None
        self._columns: tuple[Shown, ...] = ()
        self._gold = ""  # the cell that holds the true answer
        self._judged = False  # rows are right or wrong
        self.is_needed = True  # there is something to show or to say
        self._left = 0  # rows still to be read for this page
        self._cell: tuple[str, str, int] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._build_filters()
        self._build_table()
        self._theme.changed.connect(self._fit)
        self._fit()
        self._connect()

    def set_report(self, report: Report, known: Sequence[str] = ()) -> None:
        """Show the rows of a report; `known` are the labels that its model knows, which have colours in other places too."""
        self._cell, self._touched, self._mended = None, {}, {}
        self._folder = Path(report.folder)
        first = first_case(self._folder)
        self._columns = columns_of(report.task, first, report.target)
        self._gold = _gold(report.task)
        self._judged = first is not None and first.right is not None
        # Rows of a model from elsewhere stayed there, which is a line, not an empty table; other reports have none.
        self.is_needed = first is not None or not (self._folder / CASES_FILE).is_file()
        for widget in (self.search, self.pages, self._hint):
            widget.setVisible(first is not None)
        self._fit()
        names = sorted(report.labels or [score.label for score in report.per_label], key=str.casefold)
        self.model.order = order_of([*known, *names])
        self.set_title(self._title())
        self.kind.setVisible(self._judged)
        self.label.setVisible(self._judged and bool(names))
        self._count_mistakes(report)
        self.label.set_options([("", mark("every label")), *((label, _Name(label)) for label in names)], "")
        self.search.blockSignals(True)
        self.search.clear()
        self.search.blockSignals(False)
        self._set_columns()
        can_mend = self._correcting is not None and self._gold_at() >= 0
        self.table.elsewhere = frozenset({self._gold_at()}) if can_mend else frozenset()
        self.pages.let_mark(self._marks_of if can_mend else None)
        self._read_again()

    def _title(self) -> str:
        if not self._judged:
            if any(each.key == OFF for each in self._columns):
                return mark("Farthest off first")
            passages = any(each.style == "perplexity" for each in self._columns)
            return mark("Most surprising passages") if passages else mark("Answers side by side")
        sure = any(each.key == "score" for each in self._columns)
        return mark("Surest mistakes first") if sure else mark("Mistakes first")

    def _gold_at(self) -> int:
        """Return the column in which the file's own marks stand, or -1."""
        marks = (at for at, each in enumerate(self._columns) if (each.key, each.style) == (self._gold, "spans"))
        return next(marks, -1)

    @property
    def mended(self) -> int:
        """Return how many rows have other marks in the data than were scored."""
        return len(self._mended)

    def show_mended(self, case: Case) -> None:
        """Show what marks a row in the data now, where one corrected it."""
        self._touched[case.row] = case
        self.show_data()

    def show_data(self) -> None:
        """Look again at the rows that were corrected: some of it may have been taken back, or the data be another."""
        if self._correcting is None or not self._touched:
            return
        texts = {case.place: _marked_text(case, self._columns) for case in self._touched.values()}
        now = self._correcting.marks(texts)
        pairs = ((case, now.get(case.place, case.spans(self._gold))) for case in self._touched.values())
        self._mended = {case.row: marks for case, marks in pairs if marks != case.spans(self._gold)}
        self.model.set_rows([self._row(case) for case in self.cases()])
        self.pages.show_marks_again()

    def _marks_of(self, row: int) -> Markable | None:
        case = self.model.value(row)
        assert self._correcting is not None and isinstance(case, Case)
        return self._correcting.markable(case, _marked_text(case, self._columns), case.spans(ANSWER), self.model.order)

    def _row(self, case: Case) -> Row:
        return _row(self._now(case), self._columns, case)

    def _now(self, case: Case) -> Case:
        """Return a scored row with the marks that it has in the data."""
        mended = self._mended.get(case.row)
        return case if mended is None else replace(case, cells={**case.cells, self._gold: plain_spans(mended)})

    def _count_mistakes(self, report: Report) -> None:
        accuracy = report.value("accuracy")
        accuracy = report.value("exact_match") if accuracy is None else accuracy
        if accuracy is None:
            self.kind.rename("mistakes", "mistakes")
            self.kind.choose("mistakes" if self._judged else "all")
            return
        mistakes = round((1 - accuracy) * report.rows)
        self.kind.rename("mistakes", lambda: tr("{n} {n:mistake|mistakes}", n=mistakes))
        self.kind.choose("mistakes" if mistakes else "all")

    def show_cell(self, true: str, predicted: str, count: int) -> None:
        """Show the rows of one cell of the matrix."""
        self._cell = (true, predicted, count)
        self.label.choose("")
        self.kind.choose("all")
        self._read_again()

    def show_label(self, label: str) -> None:
        """Show the rows that carry a label, mistakes first."""
        self._cell = None
        self.kind.choose("all")
        self.label.choose(label)
        self._read_again()

    def cases(self) -> list[Case]:
        """Return the rows that are shown."""
        return [row.value for row in self.model.rows() if isinstance(row.value, Case)]

    def wanted(self) -> Wanted:
        """Return what is asked for."""
        words, texts = (
            self.search.text().strip(),
            tuple(each.key for each in self._columns if each.style in ("prose", "changes")),
        )
        if self._cell is not None:
            said = {self._gold: self._cell[0], ANSWER: self._cell[1]}
            return Wanted(says=said, words=words, texts=texts)
        label = str(self.label.current() or "")
        return Wanted(
            says={self._gold: label} if label else {},
            words=words,
            texts=texts,
            mistakes=self._judged and self.kind.current() == "mistakes",
        )

    def _fit(self) -> None:
        px = self._theme.px
        self.label.setMaximumWidth(px(230))
        self.table.setMinimumHeight(px(38) * 4)
        if self.pages.isHidden():
            self.setMinimumHeight(0)
            return
        needed = self.pages.least_height()
        self.setMinimumHeight(max(px(410), self.height() - self.pages.height() + needed if needed else 0))

    def _build_filters(self) -> None:
        self.kind = Segmented(
            (("mistakes", mark("mistakes")), ("all", mark("all rows"))), kind="pills", name="Which rows"
        )
        self.label = Choice([("", mark("every label"))], name="Label in the file")
        self.search = SearchField("Find in the rows")
        self.filtered, self.clear_button = Text("", "strong", wrap=True), Button("Clear filter", "link")
        row = SideBySide(gap=8)
        row.add(Actions(self.kind, self.label), 0)
        row.add(self.search, 1)
        row.limit(self.search, 64)
        self.add(row)
        self._strip = QWidget()
        strip = QHBoxLayout(self._strip)
        strip.setContentsMargins(0, 0, 0, 0)
        strip.addWidget(self.filtered, 1)
        strip.addWidget(self.clear_button)
        self.add(self._strip)
        self._strip.hide()

    def _build_table(self) -> None:
        self.table = Table("Scored rows")
        self.model = RowsModel((), self.table)
        self.table.setModel(self.model)
        self.pages = ReadableTable(self.table, self._whole_row)
        self.add(self.pages, 1)
        foot = SideBySide(gap=8)
        self.state, self.more_button = Text("", "muted", wrap=True), Button("Show more", "link")
        self._hint = Text("Space or a double click opens a row in full", "muted", wrap=True)
        foot.add(self.state, 1)
        foot.add(self._hint, 0)
        foot.add(Actions(self.more_button), 0)
        self.add(foot)

    def _connect(self) -> None:
        self._timer.timeout.connect(self._on_timeout)
        self.kind.chosen.connect(self._on_filter)
        self.label.chosen.connect(self._on_filter)
        self.search.searched.connect(self._read_again)
        self.clear_button.clicked.connect(self._on_clear)
        self.table.edit_requested.connect(self.pages.mark_row)
        self.pages.height_changed.connect(self._fit)
        self.more_button.clicked.connect(self._read_on)

    def _set_columns(self) -> None:
        self.model.set_headers([column.title for column in self._columns])
        self.table.clear_styles()
        for at, column in enumerate(self._columns):
            style, most, stretch = STYLES[column.style]
            self.table.set_style(at, style, most=most, stretch=stretch)

    def _read_again(self) -> None:
        self.model.set_rows([])
        self._strip.setVisible(self._cell is not None)
        if self._cell is not None:
            true, predicted, count = self._cell
            self.filtered.set_words(lambda: _cell_words(true, predicted, count))
        self._reader = CaseReader(self._folder, self.wanted()) if self._folder else None
        self._read_on()

    def _read_on(self) -> None:
        self._left = PAGE
        self._timer.start()
        self._on_timeout()

    def _on_timeout(self) -> None:
        if self._reader is None or self._reader.is_over or not self._left:
            self._timer.stop()
        else:
            found = self._reader.read(self._left, SLICE)
            self._left -= len(found)
            self.model.add_rows([self._row(case) for case in found])
        self._tell()

    def _tell(self) -> None:
        shown = self.model.rowCount()
        ended = self._reader is None or self._reader.is_over
        self.more_button.setVisible(not ended and not self._left)
        if ended and not shown:
            self.state.set_words(self._why_empty)
        elif ended:
            self.state.set_words(lambda: tr("{n} {n:row|rows}", n=shown))
        else:
            self.state.set_words("the first {n} rows", n=shown)

    def _why_empty(self) -> str:
        wanted = self.wanted()
        if wanted.words or wanted.says:
            return tr("No row is like this.")
        return (
            tr("No mistakes: every row is right.")
            if wanted.mistakes
            else tr("The rows of this report are not on this computer.")
        )

    def _on_filter(self, chosen: object) -> None:
        self._cell = None
        self._read_again()

    def _on_clear(self) -> None:
        self._cell = None
        self.kind.choose("mistakes")
        self.label.choose("")
        self.cleared.emit()
        self._read_again()

    def _whole_row(self, row: int) -> tuple[Words, Cells]:
        """Return everything that a row says: its text, and the other columns with their names."""
        case = self.model.value(row)
        assert isinstance(case, Case)
        if row == self.model.rowCount() - 1 and self.more_button.isVisible():
            self._read_on()
        shown = self._now(case)
        return partial(tr, "Row {n}", n=(case.row if case.place < 0 else case.place) + 1), [
            (column.title, _whole(shown, column, self._columns, self.model.order)) for column in self._columns
        ]


class _Name:
    """A label is the same in every language."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self) -> str:
        return self._name or tr("(empty)")


def _gold(task: str) -> str:
    """Return the cell that holds the true answer: it is called like the role that the answers play."""
    return next((info.answer.name for info in all_tasks() if info.key == task and info.answer), "")


def _row(shown: Case, columns: Sequence[Shown], case: Case) -> Row:
    return Row([_cell(shown, column, columns) for column in columns], case)


def _cell(case: Case, column: Shown, columns: Sequence[Shown]) -> str | Cell:
    if column.style == "spans":
        return marks_cell(_marked_text(case, columns), case.spans(column.key))
    if column.style == "changes":
        return changes_cell(_before(case, column, columns), case.text(column.key))
    if column.style == "bar":
        return Cell(f"{case.number(column.key):.2f}", share=case.number(column.key))
    if column.style == "number":
        return _number(case.number(column.key))
    if column.style == "perplexity":
        return measure("perplexity").written(math.exp(min(case.number(column.key), 700)))
    return case.text(column.key) or (tr(column.blank) if column.blank else "")


def _number(number: float) -> str:
    """Return a number with two digits after the point, a very small one with two that count."""
    return f"{number:,.2f}" if abs(number) >= 0.01 or not number else f"{number:.2g}"


def _marked_text(case: Case, columns: Sequence[Shown]) -> str:
    """Return the text that spans mark: the first that is read as prose."""
    return next((case.text(column.key) for column in columns if column.style == "prose"), "")


def _before(case: Case, column: Shown, columns: Sequence[Shown]) -> str:
    """Return what stands in the column before one."""
    return case.text(columns[max(0, list(columns).index(column) - 1)].key)


def _whole(case: Case, column: Shown, columns: Sequence[Shown], order: tuple[str, ...]) -> str | Marked | Changed:
    if column.style == "changes":
        return Changed(tuple(changes(_before(case, column, columns), case.text(column.key))))
    if column.style == "spans":
        return Marked(_marked_text(case, columns), case.spans(column.key), order)
    cell = _cell(case, column, columns)
    return cell.text if isinstance(cell, Cell) else cell


def _cell_words(true: str, predicted: str, count: int) -> str:
    if true == predicted:
        return tr("true {label}, and predicted so: {n} {n:row|rows}", n=count, label=true)
    return tr(
        "true {label}, predicted {answer}: {n} {n:row|rows}",
        n=count,
        label=true,
        answer=predicted,
    )
