"""Editing: cells changed and columns added by hand make a new version of a dataset, in which nothing else is another."""

from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from slm_studio.core.dataset import Dataset, ReadReport, Remark, list_datasets
from slm_studio.core.editing import Change, check_cell, check_row, edited_name, merge, moved_on
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Progress
from slm_studio.core.texts import mark
from slm_studio.engine.data.encoding import whole_characters
from slm_studio.engine.data.keeping import Part, fingerprint_of, keep_dataset, staging_folder
from slm_studio.engine.data.notes import PLACES, Notes
from slm_studio.engine.data.rows import open_table
from slm_studio.engine.data.table import TableWriter, batches

CODE = "edited"


def edit_dataset(dataset: Dataset, changes: Sequence[Change], columns: Sequence[str] = ()) -> Iterator[Event]:
    """Write a version with some cells changed and empty columns added, to be filled by hand.

    Ends in Finished(Dataset): the former one where it holds the same rows. All changes are checked before anything is
    written; one that cannot be made refuses all.
    """
    by_part: dict[str, list[Change]] = defaultdict(list)
    for change in merge(changes):
        by_part[change.split].append(change)
    if not by_part and not columns:
        yield Finished(dataset)
        return
    _check_new(dataset, columns)
    for split, some in by_part.items():
        _check(dataset, split, some)
    with staging_folder() as staging:
        parts: dict[str, Part] = {}
        for split in ("train", *dataset.held_out):
            parts[split] = yield from _write_part(dataset, split, by_part[split], columns, staging)
        report = _report(dataset.report, by_part)
        former = _same_rows(fingerprint_of(parts), dataset)
        yield Finished(former or keep_dataset(edited_name(dataset.name), dataset.source, parts, report))


def _check_new(dataset: Dataset, columns: Sequence[str]) -> None:
    """Refuse a column that is there already."""
    known = [column.name for column in dataset.columns]
    for place, name in enumerate(columns):
        if name in (*known, *columns[:place]):
            raise StudioError(
                "column-there",
                "“{dataset}” has a column “{column}” already.",
                "Take that one, or call the new one something else.",
                dataset=dataset.name,
                column=name,
            )


def _check(dataset: Dataset, split: str, changes: Sequence[Change]) -> None:
    """Refuse what cannot be done to a part."""
    if split != "train" and split not in dataset.held_out:
        raise StudioError(
            "no-such-part",
            "“{dataset}” has no rows called “{part}”.",
            "Edit its training rows, or open it with a file for them.",
            dataset=dataset.name,
            part=split,
        )
    table = open_table(dataset.part(split))  # type: ignore[arg-type]
    kinds = {column.name: column.kind for column in dataset.columns if column.name in table.column_names}
    rows: dict[int, dict[str, str]] = {}
    for change in changes:
        dataset.column(change.column)  # raises where there is none
        if not 0 <= change.row < table.num_rows:
            raise StudioError(
                "no-such-row",
                "There is no row {row} in “{dataset}”; it has {rows} {rows:row|rows}.",
                "Open the rows again and edit what stands there.",
                row=change.row + 1,
                dataset=dataset.name,
                rows=table.num_rows,
            )
        cells = rows.setdefault(change.row, {name: _cell(table, change.row, name) for name in kinds})
        if cells.get(change.column, "") != change.before:
            raise moved_on(change, cells.get(change.column, ""))
        check_cell(kinds[change.column], change.before, change.after)
        cells[change.column] = change.after
    for row in sorted({change.row for change in changes if kinds[change.column] in ("words", "tags")}):
        check_row(kinds, rows[row], row)


def _cell(table: pa.Table, row: int, column: str) -> str:
    return table.column(column)[row].as_py() or ""


def _write_part(
    dataset: Dataset, split: str, changes: Sequence[Change], new: Sequence[str], staging: Path
) -> Generator[Event, None, Part]:
    """Write one part again with its changed cells and its new columns; returns it."""
    table = open_table(dataset.part(split))  # type: ignore[arg-type]
    wanted: dict[str, dict[int, str]] = defaultdict(dict)
    for change in changes:
        wanted[change.column][change.row] = change.after
    names, done, notes = (*table.column_names, *new), 0, Notes()
    with TableWriter(staging / f"{split}.arrow", notes, names) as writer:
        for batch in batches(table):
            cells = {name: _changed(batch.column(name), wanted.get(name, {}), done) for name in table.column_names}
            writer.write(cells | {name: pa.chunked_array([[""] * batch.num_rows], pa.string()) for name in new})
            done += batch.num_rows
            yield Progress(mark("Writing rows"), done, table.num_rows)
    return Part(
        title=dataset.name,
        path=writer.path,
        columns=names,
        rows=writer.rows,
        fingerprint=writer.fingerprint(),
        notes=notes,
    )


def _changed(cells: pa.ChunkedArray, wanted: Mapping[int, str], start: int) -> pa.ChunkedArray:
    """Return the cells of a batch that begins at row `start`, with those in `wanted` replaced."""
    places = sorted(row - start for row in wanted if start <= row < start + len(cells))
    if not places:
        return cells
    mask = np.zeros(len(cells), bool)
    mask[places] = True
    new = [whole_characters(wanted[start + at]) for at in places]
    return pc.replace_with_mask(cells, pa.array(mask), pa.array(new, pa.string()))


def _report(report: ReadReport, by_part: Mapping[str, Sequence[Change]]) -> ReadReport:
    """Return the report with what was changed by hand; another file beside it would be read without that."""
    if not any(by_part.values()):
        return replace(report, offered={})
    former = next((each for each in report.remarks if each.code == CODE), None)
    count = sum(map(len, by_part.values())) + (former.count if former else 0)
    rows = {*(former.rows if former else ()), *(change.row for change in by_part.get("train", ()))}
    said = Remark(
        code=CODE,
        message=mark("{count} {count:change was|changes were} made to cells by hand."),
        count=count,
        rows=tuple(sorted(rows)[:PLACES]),
        values={"count": count},
    )
    others = tuple(each for each in report.remarks if each.code != CODE)
    return replace(report, remarks=(*others, said), offered={})


def _same_rows(fingerprint: str, dataset: Dataset) -> Dataset | None:
    """Return the oldest version that holds the same rows: a change that was taken back leaves no version of its own."""
    return next(
        (
            each
            for each in reversed(list_datasets())
            if (each.fingerprint, each.source) == (fingerprint, dataset.source)
            and _others(each.report) == _others(dataset.report)
            and all(each.part(split).is_file() for split in ("train", *each.held_out))  # type: ignore[arg-type]
        ),
        None,
    )


def _others(report: ReadReport) -> tuple[Remark, ...]:
    return tuple(each for each in report.remarks if each.code != CODE)
