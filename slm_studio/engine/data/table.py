"""The app-owned Arrow file of one part: written in batches while a file is read, every column text."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from slm_studio.core import files
from slm_studio.core.texts import mark
from slm_studio.engine.data.encoding import whole_characters
from slm_studio.engine.data.headers import free_name
from slm_studio.engine.data.notes import Notes

Cells = Sequence[str | None]  # or an Arrow array: text; None where the file says there is nothing
Chunk = Mapping[str, Cells]  # column → cells, all of one length

BATCH = 65_536  # rows of a record batch, at most


class TableWriter:
    """Writes chunks of columns as record batches. A column that turns up late is empty in the rows before it."""

    def __init__(self, path: Path, notes: Notes, columns: Iterable[str] = ()) -> None:
        self.path = path
        self.notes = notes
        self.rows = 0
        self.columns: dict[str, _Digest] = {name: _Digest() for name in columns}
        self._names: dict[str, str] = {}  # as the file has it → as a column can be called
        self._writer: pa.RecordBatchFileWriter = None  # opened with the first rows, when the columns are known
        self._sink: pa.OSFile = None

    def __enter__(self) -> "TableWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._writer is None:
            self._open()
        self._close()

    def write(self, chunk: Chunk) -> None:
        """Append some rows."""
        arrays = {self._named(name): self._text(cells) for name, cells in chunk.items()}
        length = max(map(len, arrays.values()), default=0)
        if not length:
            for name in arrays:
                self.columns.setdefault(name, _Digest())
            return
        if new := [name for name in arrays if name not in self.columns]:
            self._widen(new)
        if self._writer is None:
            self._open()
        missing = pa.array([""] * length, pa.string()) if len(arrays) < len(self.columns) else None
        batch = [arrays.get(name, missing) for name in self.columns]
        for array, digest in zip(batch, self.columns.values(), strict=True):
            digest.update(array)
        table = pa.table(batch, names=list(self.columns))
        self._writer.write_table(table, max_chunksize=BATCH)
        self.rows += length

    def fingerprint(self) -> str:
        """Return the sha256 over names and cells; how the rows were cut into batches does not matter."""
        total = hashlib.sha256(f"{self.rows}".encode())
        for name, digest in self.columns.items():
            total.update(name.encode("utf-8", "replace") + b"\0" + digest.value())
        return total.hexdigest()

    def _named(self, name: str) -> str:
        if name not in self._names:
            whole = whole_characters(name)
            if whole != name:
                self.notes.add(
                    "half-names",
                    mark(
                        "{count} column {count:name holds|names hold} half of a character (a lone surrogate), which became �."
                    ),
                )
            self._names[name] = free_name(whole, list(self._names.values()))
        return self._names[name]

    def _text(self, cells: Cells) -> pa.Array:
        if isinstance(cells, pa.Array | pa.ChunkedArray):
            array = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
            array = array if array.type == pa.string() else array.cast(pa.string())
        else:
            array = self._encoded(cells)
        return pc.fill_null(array, "") if array.null_count else array

    def _encoded(self, cells: Sequence[str | None]) -> pa.Array:
        try:
            return pa.array(cells, pa.string())
        except UnicodeEncodeError:  # halves of characters, written as \ud800 in JSON
            mended = [cell and whole_characters(cell) for cell in cells]
            for place, (before, after) in enumerate(zip(cells, mended, strict=True)):
                if before != after:
                    self.notes.add(
                        "half-characters",
                        mark(
                            "{count} {count:cell holds|cells hold} half of a character (a lone surrogate), which became �."
                        ),
                        place=self.rows + place,
                    )
            return pa.array(mended, pa.string())

    def _open(self) -> None:
        schema = pa.schema([(name, pa.string()) for name in self.columns])
        self._sink = pa.OSFile(str(self.path), "wb")
        self._writer = pa.ipc.new_file(self._sink, schema)

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._sink is not None:
            self._sink.close()
            self._sink = None

    def _widen(self, new: Sequence[str]) -> None:
        """Take in columns that turned up late: the rows so far are written again with them."""
        for name in new:
            self.columns[name] = _Digest.of_empty(self.rows)
        if self._writer is None:
            return
        self._close()
        former = self.path.with_suffix(".narrow")
        self.path.rename(former)
        self._open()
        for batch in read_batches(former):
            blank = pa.array([""] * len(batch), pa.string())
            arrays = [batch.column(name) if name in batch.schema.names else blank for name in self.columns]
            self._writer.write_table(pa.table(arrays, names=list(self.columns)))
        former.unlink()


class _Digest:
    """A running sha256 of one column: lengths and bytes apart, so that batches leave no trace."""

    def __init__(self) -> None:
        self.lengths = hashlib.sha256()
        self.content = hashlib.sha256()

    @classmethod
    def of_empty(cls, rows: int) -> "_Digest":
        digest = cls()
        digest.lengths.update(np.zeros(rows, "<i4").tobytes())
        return digest

    def update(self, array: pa.Array) -> None:
        """Take in some cells."""
        _, offsets_buffer, data = array.buffers()
        offsets = np.frombuffer(offsets_buffer, "<i4", len(array) + 1, array.offset * 4)
        self.lengths.update(np.diff(offsets).astype("<i4").tobytes())
        if data is not None:
            self.content.update(memoryview(data)[int(offsets[0]) : int(offsets[-1])])

    def value(self) -> bytes:
        """Return the digest so far."""
        return self.lengths.digest() + self.content.digest()


def read_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the batches of an Arrow file without mapping it: memory stays low, and the file can be removed after."""
    try:
        with pa.OSFile(str(path), "rb") as source:
            file = pa.ipc.open_file(source)
            for number in range(file.num_record_batches):
                yield file.get_batch(number)
    except pa.ArrowInvalid as error:
        raise files.damaged(path, error) from error


def batches(table: pa.Table, size: int = BATCH) -> Iterator[pa.Table]:
    """Yield a table in slices of at most `size` rows."""
    for start in range(0, table.num_rows, size):
        yield table.slice(start, size)
