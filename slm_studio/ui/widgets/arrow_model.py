"""ArrowModel: a table of millions of rows over a memory-mapped Arrow file; only what is visible is read.

pyarrow and numpy are imported when the first file is opened: their 0.2 s do not belong between launch and window.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from slm_studio.core import files
from slm_studio.core.label_sets import labels_in
from slm_studio.ui.widgets.cells import MARKS
from slm_studio.ui.widgets.rows_model import Cell

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

Index = QModelIndex | QPersistentModelIndex
SHOWN_BYTES = 2000  # a cell may hold megabytes; the eye sees one line
VALUES, VALUES_OF = (
    200,
    16,
)  # different texts of a column that are offered, and batches of 65,536 rows that are looked at
SEARCH_ROWS = 20_000  # rows searched between two looks at the event loop


class ArrowModel(QAbstractTableModel):
    """Shows an app-owned Arrow file (every column text). Column 0 is the row's number in the file, from 1.

    A search runs in slices beside the event loop: `filtering(done, total)`, then `filtered(count)`.
    With `editable`, cells can be changed: `edited` tells whoever keeps the changes, who shows them with `set_edits`.
    """

    filtering = Signal(object, object)
    filtered = Signal(object)
    edited = Signal(object, str, str, str)  # row in the file (from 0), column name, its text before and after

    def __init__(self, parent: QObject | None = None, *, editable: bool = False) -> None:
        super().__init__(parent)
        self.editable = editable
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._search_on)
        self._forget()

    def open(self, path: Path) -> None:
        """Map a file and show its rows. Raises StudioError where it is damaged, OSError where it is gone; what was shown stays."""
        mapped, reader = _map(path)
        self.beginResetModel()
        self._timer.stop()
        self._forget()
        self._take(mapped, reader)
        self.endResetModel()

    def open_version(self, path: Path) -> None:
        """Map a file of the same rows, some of whose cells are others: what is shown and searched stays where it is."""
        mapped, reader = _map(path)
        self._batches, self._edits, self._values = {}, {}, {}
        self._take(mapped, reader)
        self._tell_changed()

    def close(self) -> None:
        """Let the file go."""
        self.beginResetModel()
        self._timer.stop()
        self._forget()
        self.endResetModel()

    @property
    def total(self) -> int:
        """Return the rows of the file, whatever is shown."""
        return self._starts[-1]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the file's columns (the table's column n + 1 is the file's column n)."""
        return tuple(self._names)

    def source_row(self, row: int) -> int:
        """Return the row in the file (from 0) that stands in the shown row."""
        return int(self._shown[row]) if self._shown is not None else row

    def cell(self, row: int, column: str) -> str:
        """Return the whole text of a cell; `row` counts in the file."""
        changed = self._edits.get((row, column))
        return changed if changed is not None else self._array(row, self._names.index(column)).as_py() or ""

    def row(self, row: int) -> dict[str, str]:
        """Return the whole texts of a row's cells, by column."""
        return {name: self.cell(row, name) for name in self._names}

    def values(self, column: str) -> list[str]:
        """Return the different texts of a column, the most frequent first, for a choice: at most VALUES of them."""
        if column not in self._values:
            import pyarrow as pa
            import pyarrow.compute as pc

            assert self._reader is not None
            at = self._names.index(column)
            batches = range(min(self._reader.num_record_batches, VALUES_OF))
            cells = pa.chunked_array([self._reader.get_batch(number).column(at) for number in batches], pa.string())
            counts = pc.value_counts(cells).to_pylist()
            counts.sort(key=lambda each: (-each["counts"], each["values"] or ""))
            self._values[column] = [each["values"] for each in counts if each["values"]][:VALUES]
        made = [text for (_, name), text in self._edits.items() if name == column and text]
        return list(dict.fromkeys([*self._values[column], *made]))

    def show_rows(self, rows: Sequence[int] | None) -> None:
        """Show these rows of the file only (those that a finding names), or all."""
        import numpy as np

        self._timer.stop()
        self.beginResetModel()
        self._shown = None if rows is None else np.asarray(rows, dtype=np.int64)
        self.endResetModel()
        self.filtered.emit(self.rowCount())

    def search(self, text: str, *, where: Mapping[str, str] | None = None, joined: str = "") -> None:
        """Show the rows that hold `text` in any column (case aside) and equal `where` in its columns.

        Where cells are `joined` of several labels, one of them is enough.
        """
        if not text and not where:
            self.show_rows(None)
            return
        self._wanted, self._where, self._joined = text, dict(where or {}), joined
        self._found, self._at = [], 0
        self._timer.start()

    def set_edits(self, edits: Mapping[tuple[int, str], str]) -> None:
        """Show these changes over the file's cells: (row in the file, column) → text."""
        self._edits = dict(edits)
        self._tell_changed()

    def _tell_changed(self) -> None:
        if self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))

    def _take(self, mapped: pa.MemoryMappedFile, reader: pa.RecordBatchFileReader) -> None:
        import numpy as np

        self._map, self._reader = mapped, reader
        counts = [reader.get_batch(at).num_rows for at in range(reader.num_record_batches)]
        self._starts = [0, *np.cumsum(counts).tolist()]
        self._names = list(reader.schema.names)

    def show_as(self, shows: Mapping[str, Callable[[int], Cell | None]], order: tuple[str, ...]) -> None:
        """Show columns in other words: what each shows of a row of the file, or None for the cell as it is.

        `order`: the labels of marks in the order of their colours.
        """
        self._shows, self._order = dict(shows), order

    def _forget(self) -> None:
        self._shows: dict[str, Callable[[int], Cell | None]] = {}
        self._order: tuple[str, ...] = ()
        self._map: pa.MemoryMappedFile | None = None
        self._reader: pa.RecordBatchFileReader | None = None
        self._starts: list[int] = [0]
        self._names: list[str] = []
        self._shown: np.ndarray | None = None
        self._batches: dict[int, pa.RecordBatch] = {}
        self._edits: dict[tuple[int, str], str] = {}
        self._values: dict[str, list[str]] = {}
        self._wanted, self._where, self._joined = "", {}, ""
        self._found: list[np.ndarray] = []
        self._at = 0

    def _batch(self, number: int) -> pa.RecordBatch:
        if number not in self._batches:
            if len(self._batches) > 8:
                self._batches.pop(next(iter(self._batches)))
            assert self._reader is not None
            self._batches[number] = self._reader.get_batch(number)
        return self._batches[number]

    def _array(self, row: int, column: int) -> pa.Scalar:
        number = bisect_right(self._starts, row) - 1
        return self._batch(number).column(column)[row - self._starts[number]]

    def _shown_text(self, row: int, column: int) -> str:
        changed = self._edits.get((row, self._names[column]))
        if changed is not None:
            return changed
        scalar = self._array(row, column)
        if not scalar.is_valid:
            return ""
        buffer = scalar.as_buffer() if hasattr(scalar, "as_buffer") else None
        if buffer is None or buffer.size <= SHOWN_BYTES:
            return str(scalar.as_py())
        return buffer.slice(0, SHOWN_BYTES).to_pybytes().decode("utf-8", "ignore") + "…"

    def _search_on(self) -> None:
        import numpy as np

        end = min(self.total, self._at + SEARCH_ROWS)
        while self._at < end:
            number = bisect_right(self._starts, self._at) - 1
            start = self._at - self._starts[number]
            count = min(end, self._starts[number + 1]) - self._at
            hits = self._hits(self._batch(number).slice(start, count))
            self._found.append(np.flatnonzero(hits) + self._at)
            self._at += count
        self.filtering.emit(self._at, self.total)
        if self._at >= self.total:
            self._timer.stop()
            self.show_rows(np.concatenate(self._found) if self._found else [])

    def _hits(self, batch: pa.RecordBatch) -> np.ndarray:
        import numpy as np
        import pyarrow.compute as pc

        hits = np.ones(batch.num_rows, dtype=bool)
        for name, value in self._where.items():
            if self._joined:
                cells = batch.column(name).to_pylist()
                hits &= np.array([value in labels_in(cell or "", self._joined) for cell in cells], bool)
            else:
                hits &= _mask(pc.equal(batch.column(name), value))
        if self._wanted:
            columns = (pc.match_substring(column, self._wanted, ignore_case=True) for column in batch.columns)
            hits &= np.logical_or.reduce([_mask(column) for column in columns])
        return hits

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return the rows."""
        if parent.isValid():
            return 0
        return self.total if self._shown is None else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return the columns."""
        return 0 if parent.isValid() or not self._names else len(self._names) + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what a cell shows."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, MARKS):
            return None
        row = self.source_row(index.row())
        show = self._shows.get(self._names[index.column() - 1]) if index.column() and self._shows else None
        cell = show(row) if show is not None and role != Qt.ItemDataRole.EditRole else None
        if role == MARKS:
            return (cell.marks, self._order) if cell is not None else None
        if cell is not None:
            return cell.text
        if index.column() == 0:
            return f"{row + 1:,}"
        if role == Qt.ItemDataRole.EditRole:
            return self.cell(row, self._names[index.column() - 1])
        return self._shown_text(row, index.column() - 1)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the name of a column."""
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return None
        return "#" if section == 0 else self._names[section - 1]

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Say what a cell lets one do."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if self.editable and index.column() > 0 else flags

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take an edited cell."""
        row, name = self.source_row(index.row()), self._names[index.column() - 1]
        before = self.cell(row, name)
        if role != Qt.ItemDataRole.EditRole or str(value) == before:
            return False
        self.edited.emit(row, name, before, str(value))
        return True


def _map(path: Path) -> tuple[pa.MemoryMappedFile, pa.RecordBatchFileReader]:
    import pyarrow as pa

    try:
        mapped = pa.memory_map(str(path), "r")
        return mapped, pa.ipc.open_file(mapped)
    except pa.ArrowInvalid as error:
        raise files.damaged(path, error) from error


def _mask(values: pa.Array) -> np.ndarray:
    import pyarrow.compute as pc

    return pc.fill_null(values, False).to_numpy(zero_copy_only=False)
