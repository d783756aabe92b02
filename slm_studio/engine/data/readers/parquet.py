"""Parquet: columns of any type, as text. Its metadata is looked at before a page is unpacked."""

import json
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from slm_studio.core.dataset import ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.texts import mark
from slm_studio.engine.data.class_names import named, names_of_lists
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.readers import Chunk
from slm_studio.engine.data.records import MOST_COLUMNS, most_filled
from slm_studio.engine.data.source import Source

MAGIC = b"PAR1"
BATCH = 8192
MOST_BYTES = 8 << 30  # unpacked; more is refused
MOST_EXPANSION = 500  # times the file's size; more is a bomb
INNOCENT = 256 << 20  # unpacked bytes below which the expansion does not matter


def sniff(head: bytes, name: str) -> float:
    """Four bytes tell."""
    return 1.0 if head.startswith(MAGIC) else 0.0


def read(source: Source, options: ReadOptions, notes: Notes) -> Iterator[Chunk]:
    """Yield the rows batch by batch."""
    notes.format = "parquet"
    limit = INNOCENT if source.size * MOST_EXPANSION < INNOCENT else min(MOST_BYTES, source.size * MOST_EXPANSION)
    try:
        file = pq.ParquetFile(str(source.path), memory_map=False)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(source, error) from error
    with file:
        _check(file, source, limit)
        yield from _batches(file, source, limit, _most_filled(file, notes), notes)


def _batches(
    file: pq.ParquetFile, source: Source, limit: int, columns: list[str] | None, notes: Notes
) -> Iterator[Chunk]:
    total, rows, unpacked = max(1, file.metadata.num_rows), 0, 0
    batches = file.iter_batches(batch_size=BATCH, columns=columns)
    names = names_of_lists(file.schema_arrow.metadata)
    while True:
        try:
            batch = next(batches, None)
            chunk = {each: _cells(each, batch, rows, names, notes) for each in batch.schema.names} if batch else {}
        except (pa.ArrowException, OSError) as error:
            raise _damaged(source, error) from error
        if batch is None:
            return
        unpacked += sum(column.nbytes for column in chunk.values())
        if unpacked > limit:
            raise _too_large(source, unpacked)
        rows += len(batch)
        source.position = source.size * rows // total
        yield chunk


def _cells(name: str, batch: pa.RecordBatch, row: int, names: Mapping[str, Sequence[str]], notes: Notes) -> pa.Array:
    """Return a column as text; numbers in lists by their names, where the file has them."""
    column = batch.column(name)
    if name not in names or not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        return _text(name, column, row, notes)
    cells, unknown = [], 0
    for numbers in column.to_pylist():
        found, missing = named(numbers or (), names[name])
        cells.append(None if numbers is None else _spell(found))
        unknown += missing
    if unknown:
        notes.add(
            "tags-unnamed",
            mark("{count} {count:number has|numbers have} no name in “{column}” and {count:stands|stand} as {count:it is|they are}."),
            count=unknown,
            column=name,
        )  # fmt: skip
    notes.add(
        "tags-named-" + name,
        mark("The numbers in “{column}” became their names, {names} of which the file lists."),
        column=name,
        names=len(names[name]),
    )
    return pa.array(cells, pa.string())


def _check(file: pq.ParquetFile, source: Source, limit: int) -> None:
    facts = file.metadata
    unpacked = sum(facts.row_group(number).total_byte_size for number in range(facts.num_row_groups))
    if unpacked > limit:
        raise _too_large(source, unpacked)


def _most_filled(file: pq.ParquetFile, notes: Notes) -> list[str] | None:
    """Return the columns to read where there are too many: those with the fewest nulls; None for all."""
    names = file.schema_arrow.names
    if len(names) <= MOST_COLUMNS:
        return None
    empty = dict.fromkeys(names, 0)
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        for place in range(group.num_columns):
            column = group.column(place)
            name = column.path_in_schema.partition(".")[0]
            if column.statistics is not None and column.statistics.has_null_count and name in empty:
                empty[name] += column.statistics.null_count
    kept = most_filled({name: -nulls for name, nulls in empty.items()})
    notes.add(
        "keys-left-out",
        mark("The file has {columns} columns; the {kept} that are filled most were read."),
        count=len(names) - len(kept),
        columns=len(names),
        kept=len(kept),
    )
    return [name for name in names if name in kept]


def _text(name: str, column: pa.Array, row: int, notes: Notes) -> pa.Array:
    """Return a column as text and count what was none."""
    kind = column.type
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
        kind = column.type
    if column.null_count:
        notes.add(
            "cells-null",
            mark("{count} {count:cell is|cells are} null; {count:it|they} became empty."),
            count=column.null_count,
            place=row,
        )
    if pa.types.is_string(kind):
        return _valid(column, row, notes)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _valid(column.cast(pa.string()), row, notes)
    notes.add(
        "column-" + name,
        mark("Column “{column}” holds values of type {type}; they became text."),
        column=name,
        type=str(kind),
    )
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return pa.array([cell if cell is None else cell.decode("utf-8", "replace") for cell in column.to_pylist()])
    if pa.types.is_nested(kind):
        return pa.array([cell if cell is None else _spell(cell) for cell in column.to_pylist()], pa.string())
    try:
        return column.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return pa.array([None if cell is None else str(cell) for cell in column.to_pylist()], pa.string())


def _valid(column: pa.Array, row: int, notes: Notes) -> pa.Array:
    """Return texts that are UTF-8: a program may have written other bytes into them."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        cells = [
            None if cell is None else cell.decode("utf-8", "replace") for cell in column.cast(pa.binary()).to_pylist()
        ]
        for place, (before, after) in enumerate(zip(column.cast(pa.binary()).to_pylist(), cells, strict=True)):
            if before is not None and after is not None and before != after.encode():
                notes.add(
                    "cells-undecodable",
                    mark("{count} {count:cell holds|cells hold} bytes that are no UTF-8; each became �."),
                    place=row + place,
                )
        return pa.array(cells, pa.string())
    return column


def _spell(cell: object) -> str:
    return json.dumps(cell, ensure_ascii=False, default=str)


def _damaged(source: Source, error: BaseException) -> StudioError:
    return StudioError(
        "parquet-damaged",
        "“{name}” is no whole Parquet file: {reason}.",
        "Fetch or export it again.",
        name=source.title,
        reason=str(error).splitlines()[0][:200] if str(error) else type(error).__name__,
    )


def _too_large(source: Source, unpacked: int) -> StudioError:
    return StudioError(
        "expands-too-much",
        "“{name}” has {packed} MB on disk and would unpack to more than {unpacked} MB.",
        "If that is what you want, write the columns you need to a file of their own.",
        name=source.title,
        packed=source.size >> 20,
        unpacked=unpacked >> 20,
    )
