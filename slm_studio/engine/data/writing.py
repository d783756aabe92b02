"""Writing: rows as csv, tsv, jsonl, json, txt or parquet, so that reading them back gives the same cells."""

import codecs
import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from slm_studio.core import files, targets
from slm_studio.core.dataset import NESTED, Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Note, Progress
from slm_studio.core.results import FileResult
from slm_studio.core.texts import mark
from slm_studio.engine.data.gathering import files_in
from slm_studio.engine.data.headers import free_name
from slm_studio.engine.data.names import SPLIT_NAMES, folded
from slm_studio.engine.data.rows import open_part
from slm_studio.engine.data.source import shown
from slm_studio.engine.data.suggesting import text_column
from slm_studio.engine.data.table import batches

BATCH = 10_000
Tables = Sequence[pa.Table]
ENDINGS = {"ndjson": "jsonl", "jl": "jsonl", "tab": "tsv", "text": "txt", "md": "txt", "pq": "parquet"}


def write_file(dataset: Dataset, out: Path, to: str = "", bom: bool | None = None) -> Iterator[Event]:
    """Write a dataset's rows to `out` in the format `to` (else by the ending of `out`). Ends in Finished(FileResult).

    `bom`: let a csv that needs it begin with the mark by which Excel knows UTF-8; None: where the file came from Excel.
    The rows of every part are written; where files were the parts, a column “split” says which.
    """
    began = time.monotonic()
    _refuse_own_files(dataset, out)
    kind = _format(out, to)
    tables = list(_parts(dataset))
    if kind == "txt" and tables[0].num_columns > 1:
        yield _say_left_out(dataset, list(tables[0].column_names))
    total = sum(table.num_rows for table in tables)
    columns = [text_column(dataset)] if kind == "txt" else list(tables[0].column_names)
    bom = dataset.is_from_excel if bom is None else bom
    yield from _write(kind, out, columns, tables, total, bom, nested_columns(dataset))
    yield Finished(FileResult(rows=total, out=str(out), checked={"format": kind}, seconds=time.monotonic() - began))


def write_table(table: pa.Table, out: Path, bom: bool = False, nested: Collection[str] = ()) -> Iterator[Event]:
    """Write a table to `out`, in the format by which its name ends (`bom` as in write_file). Yields Progress.

    In JSON the cells of `nested` columns are lists and objects again, as they came.
    """
    yield from _write(_format(out, ""), out, list(table.column_names), [table], table.num_rows, bom, nested)


def nested_columns(dataset: Dataset) -> set[str]:
    """Return the columns whose cells are lists or objects, written as text."""
    return {column.name for column in dataset.columns if column.kind in NESTED}


def _write(
    kind: str,
    out: Path,
    columns: Sequence[str],
    tables: Sequence[pa.Table],
    total: int,
    bom: bool,
    nested: Collection[str],
) -> Iterator[Event]:
    done = 0
    with targets.target_file(out) as stream:
        if bom and kind == "csv" and not _is_ascii(columns, tables):
            stream.write(codecs.BOM_UTF8)
        writer = _WRITERS[kind](stream, columns, tables, nested)
        for table in tables:
            for batch in batches(table.select(columns), BATCH):
                writer.write(batch)
                done += batch.num_rows
                yield Progress(mark("Writing rows"), done, total)
        writer.close()


def _is_ascii(columns: Sequence[str], tables: Sequence[pa.Table]) -> bool:
    """Say whether every reader sees the same letters whatever encoding it takes."""
    if not all(name.isascii() for name in columns):
        return False
    cells = (table.column(name) for table in tables for name in columns)
    return all(pc.all(pc.string_is_ascii(column)).as_py() is not False for column in cells)


def check_target(out: Path, source: Path) -> None:
    """Refuse an `out` that is a file to be read, takes no rows, or is of a kind without room beside the texts."""
    _refuse_source(out, source)
    if _format(out, "") == "txt":
        raise StudioError(
            "no-columns",
            "Plain text has no room for answers beside the texts (“{name}”).",
            "Give it another ending, for example .csv or .jsonl.",
            name=shown(Path(out.name)),
        )


def _format(out: Path, to: str) -> str:
    ending = (to or out.suffix).lower().lstrip(".")
    if not ending:
        raise StudioError(
            "no-format",
            "“{name}” does not say in which format to write.",
            "Give it an ending, for example .csv or .jsonl.",
            name=shown(Path(out.name)),
        )
    kind = ENDINGS.get(ending, ending)
    if kind not in _WRITERS:
        raise StudioError(
            "no-such-format",
            "Files of the kind “{kind}” cannot be written.",
            "Choose one of: {formats}.",
            kind=ending or "?",
            formats=", ".join(_WRITERS),
        )
    return kind


def _refuse_own_files(dataset: Dataset, out: Path) -> None:
    """Never write over a file the rows came from, nor into the app's own copy."""
    _refuse_source(out, Path(dataset.source), Path(dataset.folder))


def _refuse_source(out: Path, source: Path, folder: Path | None = None) -> None:
    target = targets.check_file(out)
    if _is_read(target, source) or (folder is not None and target.is_relative_to(folder.resolve())):
        raise StudioError(
            "overwrites-source",
            "“{path}” is the file these rows were read from.",
            "Choose another name.",
            path=shown(out),
        )


def _is_read(target: Path, source: Path) -> bool:
    """Say whether `target` is `source`, or one of the files that a folder is read for, under whatever name."""
    if not target.exists() or not source.exists():
        return False
    return any(target.samefile(each) for each in ([source] if source.is_file() else files_in(source)))


def _parts(dataset: Dataset) -> Iterator[pa.Table]:
    """Yield the rows of each part; a column that is called as readers know it keeps apart what files kept apart."""
    by_column = any(remark.code == "split-by-column" for remark in dataset.report.remarks)
    name, place = _split_column([column.name for column in dataset.columns])
    for split in ("train", *dataset.held_out):
        table = open_part(dataset, split)  # type: ignore[arg-type]
        if dataset.held_out and not by_column:
            table = table.add_column(place, name, pa.array([split] * table.num_rows, pa.string()))
        yield table


def _say_left_out(dataset: Dataset, columns: Sequence[str]) -> Note:
    """Say what a text file has no place for."""
    kept = text_column(dataset)
    return Note(
        "columns-left-out",
        mark("A text file holds one column, “{column}”. Left out {count:is|are}: {columns}."),
        {"column": kept, "count": len(columns) - 1, "columns": ", ".join(name for name in columns if name != kept)},
    )


def _split_column(columns: Sequence[str]) -> tuple[str, int]:
    """Return a free name by which readers know which part a row belongs to, and its place.

    Of two such columns the first counts, so it stands before one that came with the rows.
    """
    known = {folded(column) for column in columns} & {*SPLIT_NAMES}
    name = next((each for each in SPLIT_NAMES if each not in known), free_name("split", columns))
    return name, 0 if known else len(columns)


class _Delimited:
    """CSV by RFC 4180, quoted only where needed; TSV with every cell quoted if one needs it."""

    delimiter = ","

    def __init__(self, stream: BinaryIO, columns: Sequence[str], tables: Tables, nested: Collection[str]) -> None:
        self.stream = stream
        self.all = self.quotes_all(tables)
        self._rows([tuple(columns)])

    def quotes_all(self, tables: Sequence[pa.Table]) -> bool:
        """Say whether every cell is quoted."""
        return False

    def write(self, batch: pa.Table) -> None:
        """Write some rows."""
        self._rows(list(zip(*(column.to_pylist() for column in batch.columns), strict=True)))

    def close(self) -> None:
        """Nothing stands at the end."""

    def _rows(self, rows: Sequence[Sequence[str]]) -> None:
        lines = [self._line(row) for row in rows]
        self.stream.write("".join(f"{line}\n" for line in lines).encode())

    def _line(self, row: Sequence[str]) -> str:
        line = self.delimiter.join(map(self._cell, row))
        # A line of nothing but delimiters would be no row when it is read again, nor would an empty one for others.
        return line if any(row) or self.all else '""' + line

    def _cell(self, cell: str) -> str:
        if self.all or self._needs_quotes(cell):
            return '"' + cell.replace('"', '""') + '"'
        return cell

    def _needs_quotes(self, cell: str) -> bool:
        return (
            any(ch in cell for ch in (self.delimiter, '"', "\n", "\r")) or cell != cell.strip() or cell[:1] == "\ufeff"
        )


class _Tabbed(_Delimited):
    """Between tabs quotes are literal unless they stand everywhere, so it is all or nothing."""

    delimiter = "\t"

    def quotes_all(self, tables: Sequence[pa.Table]) -> bool:
        """Say whether a cell holds a tab, a line end or a quote at its beginning, or all cells of a row are empty."""
        rows = (
            row
            for table in tables
            for batch in batches(table)
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)
        )
        return any((len(row) > 1 and not any(row)) or any(map(self._is_torn, row)) for row in rows)

    def _line(self, row: Sequence[str]) -> str:
        return self.delimiter.join(map(self._cell, row))

    def _is_torn(self, cell: str) -> bool:
        return "\t" in cell or "\n" in cell or "\r" in cell or cell.lstrip().startswith('"')

    def _needs_quotes(self, cell: str) -> bool:
        return False


class _JsonLines:
    """One object a line, every cell a string exactly as read; nested ones as they came."""

    def __init__(self, stream: BinaryIO, columns: Sequence[str], tables: Tables, nested: Collection[str]) -> None:
        self.stream, self.nested = stream, nested

    def write(self, batch: pa.Table) -> None:
        """Write some rows."""
        self.stream.write("".join(f"{_object(row, self.nested)}\n" for row in batch.to_pylist()).encode())

    def close(self) -> None:
        """Nothing stands at the end."""


class _JsonArray:
    """An array with one object a line."""

    def __init__(self, stream: BinaryIO, columns: Sequence[str], tables: Tables, nested: Collection[str]) -> None:
        self.stream, self.nested, self.before = stream, nested, "[\n"

    def write(self, batch: pa.Table) -> None:
        """Write some rows."""
        rows = [_object(row, self.nested) for row in batch.to_pylist()]
        if rows:
            self.stream.write((self.before + ",\n".join(rows)).encode())
            self.before = ",\n"

    def close(self) -> None:
        """Close the array."""
        self.stream.write(b"\n]\n")


class _Plain:
    """One cell a line; a cell with a line end of its own has no place here."""

    def __init__(self, stream: BinaryIO, columns: Sequence[str], tables: Tables, nested: Collection[str]) -> None:
        self.stream, self.row = stream, 0

    def write(self, batch: pa.Table) -> None:
        """Write some lines."""
        cells = batch.column(0).to_pylist()
        for place, cell in enumerate(cells):
            if "\n" in cell or "\r" in cell:
                raise StudioError(
                    "cell-has-line-ends",
                    "Row {row} holds line ends, which plain text cannot keep apart from rows.",
                    "Write CSV, JSON lines or Parquet instead.",
                    row=self.row + place + 1,
                )
        self.row += len(cells)
        self.stream.write("".join(f"{cell}\n" for cell in cells).encode())

    def close(self) -> None:
        """Nothing stands at the end."""


class _Parquet:
    """Parquet with zstd, every column a string."""

    def __init__(self, stream: BinaryIO, columns: Sequence[str], tables: Tables, nested: Collection[str]) -> None:
        self.writer = pq.ParquetWriter(stream, tables[0].select(columns).schema, compression="zstd")

    def write(self, batch: pa.Table) -> None:
        """Write some rows as a row group."""
        self.writer.write_table(batch)

    def close(self) -> None:
        """Write the metadata."""
        self.writer.close()


def _object(row: Mapping[str, str], nested: Collection[str]) -> str:
    values = {name: _unfolded(cell) if name in nested else cell for name, cell in row.items()}
    return json.dumps(values, ensure_ascii=False)


def _unfolded(cell: str) -> object:
    """Return the list or object that a cell is the text of; the text where reading it again would give another one.

    A number that is none (NaN, Infinity) has no place in JSON, so what holds one stays a text.
    """
    if not cell.startswith(("[", "{")):
        return cell
    try:
        value = files.parse_json(cell.encode())
        return value if json.dumps(value, ensure_ascii=False, allow_nan=False) == cell else cell
    except ValueError:
        return cell


_WRITERS: dict[
    str,
    Callable[
        [BinaryIO, Sequence[str], Tables, Collection[str]], _Delimited | _JsonLines | _JsonArray | _Plain | _Parquet
    ],
] = {
    "csv": _Delimited,
    "tsv": _Tabbed,
    "jsonl": _JsonLines,
    "json": _JsonArray,
    "txt": _Plain,
    "parquet": _Parquet,
}
