"""RowsModel: a few rows in memory for a Table (samples, worst cases, models, files)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from slm_studio.core.changes import changes
from slm_studio.core.results import Span, spans_in_words
from slm_studio.ui.widgets.cells import MARKS, SECOND_LINE, SHARE
from slm_studio.ui.widgets.words import Words, sentence

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell shows beyond its words: a second line (style “two”), a share of 1 (style “bar”), or marked stretches."""

    text: str
    second: str = ""
    share: float | None = None
    marks: tuple[
        tuple[str, str], ...
    ] = ()  # style “spans”: stretches of a text, each with its label; “changes”: pieces, each with its kind


def marks_cell(text: str, spans: Sequence[Span]) -> Cell:
    """Return the cell for what is marked in a text."""
    return Cell(spans_in_words(text, spans), marks=tuple((text[each.start : each.end], each.label) for each in spans))


def changes_cell(before: str, after: str) -> Cell:
    """Return the cell for a text in which it is marked what is other than in the one before."""
    return Cell(after, marks=tuple((piece.text, piece.kind) for piece in changes(before, after)))


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells in the order of the columns, and the thing it stands for."""

    cells: Sequence[str | Cell]
    value: object = None
    tooltips: Mapping[int, str] = field(default_factory=dict)


class RowsModel(QAbstractTableModel):
    """Shows rows under headers that follow the language."""

    def __init__(self, headers: Sequence[Words], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._headers = list(headers)
        self._rows: list[Row] = []
        self.order: tuple[str, ...] = ()  # the labels of marks in the order of their colours

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows. Where they stand for the same things as before, only cells that changed are painted anew."""
        if [row.value for row in rows] == [row.value for row in self._rows]:
            self._change_rows(list(rows))
            return
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def _change_rows(self, rows: list[Row]) -> None:
        before, self._rows = self._rows, rows
        changed = [at for at, (old, new) in enumerate(zip(before, rows, strict=True)) if old != new]
        columns = sorted({column for at in changed for column in _changed(before[at].cells, rows[at].cells)})
        if columns:
            self.dataChanged.emit(self.index(changed[0], columns[0]), self.index(changed[-1], columns[-1]))

    def add_rows(self, rows: Sequence[Row]) -> None:
        """Show more rows below the others."""
        if rows:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(rows) - 1)
            self._rows.extend(rows)
            self.endInsertRows()

    def set_headers(self, headers: Sequence[Words]) -> None:
        """Show other columns; the rows go with the old ones."""
        self.beginResetModel()
        self._headers, self._rows = list(headers), []
        self.endResetModel()

    def value(self, row: int) -> object:
        """Return the thing that a row stands for."""
        return self._rows[row].value

    def rows(self) -> tuple[Row, ...]:
        """Return the rows."""
        return tuple(self._rows)

    def retranslate(self) -> None:
        """Ask the headers again."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, max(0, len(self._headers) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return the rows."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return the columns."""
        return 0 if parent.isValid() else len(self._headers)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what a cell shows."""
        row = self._rows[index.row()]
        cell = row.cells[index.column()] if index.column() < len(row.cells) else ""
        shown = cell if isinstance(cell, Cell) else Cell(cell)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return shown.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ": ".join(part for part in (shown.text, shown.second) if part)
        if role == SECOND_LINE:
            return shown.second
        if role == SHARE:
            return shown.share
        if role == MARKS:
            return shown.marks, self.order
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.tooltips.get(index.column())
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the name of a column."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return sentence(self._headers[section]) if self._headers[section] else ""
        return None


def _changed(old: Sequence[str | Cell], new: Sequence[str | Cell]) -> list[int]:
    """Return the columns whose cells differ; all where only what is said of the row does."""
    longest = max(len(old), len(new))
    return [at for at in range(longest) if [*old[at : at + 1]] != [*new[at : at + 1]]] or [*range(longest)]
