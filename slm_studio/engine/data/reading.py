"""Reading: any file a person drops becomes rows that the app owns, with a report of what was guessed and repaired."""

from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from slm_studio.core.dataset import ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished
from slm_studio.core.texts import mark
from slm_studio.engine.data import names
from slm_studio.engine.data.aligned import pairs_in, read_pairs
from slm_studio.engine.data.bundles import read_bundle
from slm_studio.engine.data.encoding import check_name
from slm_studio.engine.data.gathering import gather
from slm_studio.engine.data.judged import collection_in, read_collection
from slm_studio.engine.data.keeping import Part, keep_dataset, staging_folder
from slm_studio.engine.data.kinds import is_archive
from slm_studio.engine.data.mark_columns import list_marks
from slm_studio.engine.data.nbest import gather_lists
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.opening import read_part
from slm_studio.engine.data.parts import beside
from slm_studio.engine.data.recordings import APART, are_recordings, read_recordings
from slm_studio.engine.data.rows import open_table
from slm_studio.engine.data.single_lists import unwrap_single_lists
from slm_studio.engine.data.source import shown
from slm_studio.engine.data.table import TableWriter, batches
from slm_studio.engine.data.turns import join_turns

OFFERS = {
    "validation": mark("“{name}” lies beside it and can be the rows that choose the best model."),
    "test": mark("“{name}” lies beside it and can be the rows of the final score."),
}


def read_dataset(path: Path, options: ReadOptions = ReadOptions()) -> Iterator[Event]:  # noqa: B008  (frozen)
    """Read a file, a folder or a zip (and the person's own validation and test files) and yield Finished(Dataset).

    The same rows under the same name give the same dataset: it is found again by its fingerprint.
    """
    if options.encoding:
        options = replace(options, encoding=check_name(options.encoding))
    with staging_folder() as staging:
        found = yield from _read_any(Path(path), options, staging / "train")
        for split, each in (("validation", options.validation), ("test", options.test)):
            if each:
                own = _for_held_out(options, Path(path), Path(each))
                held = yield from _read_any(Path(each), own, staging / split)
                found[split] = held["train"]
        found = unwrap_single_lists(found)
        _name_alike(found)
        _same_columns(found)
        found = list_marks(gather_lists(join_turns(found)))
        train = found["train"]
        if len(found) == 1:
            found |= _split_by_column(train, staging)
        if len(found) == 1 and not options.beside:
            _offer(Path(path), train.notes)
        report = train.notes.report()
        yield Finished(keep_dataset(train.title, shown(Path(path).absolute()), found, report))


def _read_any(path: Path, options: ReadOptions, staging: Path) -> Generator[Event, None, dict[str, Part]]:
    """Read one file, or all that a folder, a zip or a drop of several files holds; returns the part of each split."""
    if path == Path():  # no name at all would mean whatever folder the engine runs in
        raise StudioError("file-missing", "No file is named.", "Choose a file, a folder or a zip.")
    staging.mkdir()
    paths = [path, *map(Path, options.beside)]
    if pairs := pairs_in(paths):
        return (yield from read_pairs(pairs, options, staging))
    if are_recordings(paths):
        heard = yield from read_recordings(paths, replace(options, beside=()), staging)
        if heard is not None:
            return heard
    if len(paths) == 1 and not path.is_dir() and not is_archive(path):
        part = yield from read_part(path, options, staging / "train.arrow")
        return {"train": part}
    gathered = yield from gather(paths, staging)
    if collection := collection_in(gathered):
        return (yield from read_collection(gathered, collection, options, staging))
    found = yield from read_bundle(gathered, replace(options, beside=()), staging)
    if are_recordings(paths):
        found["train"].notes.add("cues-apart", APART)
    return found


def _offer(path: Path, notes: Notes) -> None:
    """Notice test.tsv beside train.tsv. It is only offered: what lies in a folder was not dropped."""
    if path.is_dir():
        return
    found = beside(path)
    notes.offered = {split: shown(each.absolute()) for split, each in found.items()}
    for split, each in found.items():
        notes.add(f"offered-{split}", OFFERS[split], name=shown(Path(each.name)))


def _for_held_out(options: ReadOptions, train: Path, path: Path) -> ReadOptions:
    """What was settled for the training file holds for a held-out file of the same kind only."""
    return replace(options, beside=()) if train.suffix == path.suffix else ReadOptions()


def _name_alike(found: dict[str, Part]) -> None:
    """Give held-out files without a header the column names of the training file, where they are as wide."""
    train = found["train"]
    for split, part in found.items():
        alike = part.columns != train.columns and len(part.columns) == len(train.columns)
        if not alike or part.notes.header or part.notes.format not in ("csv", "tsv", "txt"):
            continue
        table = open_table(part.path).rename_columns(list(train.columns))
        named = part.path.with_name(f"{split}-named.arrow")
        with TableWriter(named, part.notes, train.columns) as writer:
            for batch in batches(table):
                writer.write({name: batch.column(name) for name in train.columns})
        del table
        named.replace(part.path)
        found[split] = replace(part, columns=train.columns, fingerprint=writer.fingerprint())


def _same_columns(found: dict[str, Part]) -> None:
    """Refuse held-out files whose columns differ from the training file's."""
    train = found["train"]
    for split, part in found.items():
        if missing := [name for name in train.columns if name not in part.columns]:
            raise StudioError(
                "columns-differ",
                "“{name}” ({split}) has no column “{column}”, which “{train}” has.",
                "Give both files the same columns. “{name}” has: {columns}.",
                name=part.title,
                split=split,
                column=missing[0],
                train=train.title,
                columns=", ".join(part.columns),
            )
        extra = [name for name in part.columns if name not in train.columns]
        if extra:
            train.notes.add(
                f"columns-unseen-{split}",
                mark("“{name}” ({split}) has {count} {count:column|columns} that the training rows lack, which {count:is|are} left out: {columns}."),
                count=len(extra),
                name=part.title,
                split=split,
                columns=", ".join(extra),
            )  # fmt: skip


def _split_by_column(train: Part, staging: Path) -> dict[str, Part]:
    """Cut the rows by a column that names their split (train, dev, test …), where there is one."""
    table = open_table(train.path)
    column = next((name for name in train.columns if _names_splits(name, table)), None)
    if column is None:
        return {}
    masks: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    for value in pc.unique(table.column(column)).to_pylist():
        masks[names.SPLIT_VALUES[value.strip().casefold()]].append(value)
    found = {}
    for split, values in masks.items():
        if values:
            found[split] = _part_of(table, column, values, replace(train, path=staging / f"{split}-of-column.arrow"))
    del table
    for split, part in found.items():
        part.path.replace(staging / f"{split}.arrow")
        found[split] = replace(part, path=staging / f"{split}.arrow")
    counts = {split: part.rows for split, part in found.items()}
    train.notes.add(
        "split-by-column",
        mark("Column “{column}” splits the rows: {train} to train, {validation} to validate, {test} to test."),
        column=column,
        train=counts.get("train", 0),
        validation=counts.get("validation", 0),
        test=counts.get("test", 0),
    )
    return found


def _names_splits(name: str, table: pa.Table) -> bool:
    if names.folded(name) not in names.SPLIT_NAMES:
        return False
    values = {value.strip().casefold() for value in pc.unique(table.column(name)).to_pylist()[:100]}
    meant = {names.SPLIT_VALUES.get(value) for value in values}
    return None not in meant and "train" in meant and len(meant) > 1


def _part_of(table: pa.Table, column: str, values: list[str], part: Part) -> Part:
    wanted = pa.array(values, pa.string())
    with TableWriter(part.path, part.notes, part.columns) as writer:
        for batch in batches(table):
            chosen = batch.filter(pc.is_in(batch.column(column), wanted))
            writer.write({name: chosen.column(name) for name in part.columns})
    return replace(part, rows=writer.rows, fingerprint=writer.fingerprint())
