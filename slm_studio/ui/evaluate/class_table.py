"""ClassTable: how each label fares, weakest first; a header sorts, a row shows its rows."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from slm_studio.core.errors import show
from slm_studio.core.results import ClassScore, Report
from slm_studio.core.tasks import all_tasks
from slm_studio.core.texts import mark, tr
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.rows_model import Cell, Row, RowsModel
from slm_studio.ui.widgets.table import Table
from slm_studio.ui.widgets.theme import the_theme

COLUMNS: tuple[tuple[str, Callable[[ClassScore], object]], ...] = (
    (mark("label"), lambda score: score.label.casefold()),
    (mark("F1"), lambda score: score.f1),
    (mark("precision"), lambda score: score.precision),
    (mark("recall"), lambda score: score.recall),
    (mark("rows"), lambda score: score.support),
)
COUNTED_MARKS = mark("marked")  # where a label is that of words in a row, not of the row
MOST_ROWS = 10  # rows in view; the table scrolls beyond


class ClassTable(Card):
    """One row a label."""

    label_opened = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Each label", Text("a header sorts · a row shows the label's rows", "muted", wrap=True), parent=parent
        )
        self._theme = the_theme()
        self._scores: tuple[ClassScore, ...] = ()
        self.sorted_by, self.descending = 1, False
        self.counted = COLUMNS[-1][0]  # what the last column counts
        self.table = Table("Scores of each label")
        self.model = RowsModel([_Heading(self, at) for at in range(len(COLUMNS))], self.table)
        self.table.setModel(self.model)
        self.table.set_style(0, "outline", stretch=3)
        self.table.set_style(1, "bar", stretch=2)
        for column in (2, 3):
            self.table.set_style(column, "number", width=110)
        self.table.set_style(4, "number", width=90)
        header = self.table.horizontalHeader()
        header.setSectionsClickable(True)
        header.setCursor(Qt.CursorShape.PointingHandCursor)
        self.add(self.table)
        header.sectionClicked.connect(self.sort_by)
        self.table.clicked.connect(self._on_clicked)
        self.table.row_opened.connect(self._on_opened)
        self._theme.changed.connect(self._fit)

    def set_report(self, report: Report) -> None:
        """Show the labels of a report; none hides the card."""
        self._scores = tuple(report.per_label)
        self.counted = COUNTED_MARKS if marks_of_task(report.task) else COLUMNS[-1][0]
        self.setVisible(bool(self._scores))
        self._fill()

    def sort_by(self, column: int) -> None:
        """Sort by a column; the same one again turns the order round."""
        self.descending = not self.descending if column == self.sorted_by else False
        self.sorted_by = column
        self._fill()

    def labels(self) -> list[str]:
        """Return the labels in the order shown."""
        return [str(row.value) for row in self.model.rows()]

    def _fill(self) -> None:
        key = COLUMNS[self.sorted_by][1]
        ordered = sorted(self._scores, key=lambda score: (key(score), score.label), reverse=self.descending)
        self.model.set_rows([_row(score) for score in ordered])
        self.model.retranslate()
        self._fit()

    def _fit(self) -> None:
        rows = min(MOST_ROWS, len(self._scores))
        self.table.setFixedHeight(self._theme.px(38) * (rows + 1) + 2)

    def _on_clicked(self, index: object) -> None:
        self._on_opened(index.row())  # type: ignore[attr-defined]

    def _on_opened(self, row: int) -> None:
        self.label_opened.emit(str(self.model.value(row)))


class _Heading:
    """A column's name, with an arrow where the table is sorted by it."""

    def __init__(self, owner: ClassTable, column: int) -> None:
        self._owner, self._column = owner, column

    def __call__(self) -> str:
        name = tr(self._owner.counted if self._column == len(COLUMNS) - 1 else COLUMNS[self._column][0])
        if self._column != self._owner.sorted_by:
            return name
        return f"{name} {'▾' if self._owner.descending else '▴'}"


def marks_of_task(task: str) -> bool:
    """Say whether a task marks words within a row."""
    return any(info.key == task and info.answers == "spans" for info in all_tasks())


def _row(score: ClassScore) -> Row:
    cells = (
        score.label,
        Cell(f"{score.f1:.2f}", share=score.f1),
        f"{score.precision:.2f}",
        f"{score.recall:.2f}",
        show(score.support),
    )
    return Row(cells, score.label)
