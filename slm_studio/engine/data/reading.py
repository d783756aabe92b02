"""Reading: any file a person drops becomes rows that the app owns, with a report of what was guessed and repaired."""

from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from slm_studio.core.dataset import ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Progress
from slm_studio.core.texts import mark
from slm_studio.engine.data import encoding, names
from slm_studio.engine.data.keeping import Part, keep_dataset, staging_folder
from slm_studio.engine.data.kinds import unknown_format
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.readers import Reader, all_readers
from slm_studio.engine.data.records import TooManyKeys
from slm_studio.engine.data.rows import open_table
from slm_studio.engine.data.single_lists import unwrap_single_lists
from slm_studio.engine.data.source import HEAD, Source, open_source, shown
from slm_studio.engine.data.table import TableWriter, batches

SURE = 0.1  # a reader less sure than this does not take the file


def read_dataset(path: Path, options: ReadOptions = ReadOptions()) -> Iterator[Event]:  # noqa: B008  (frozen)
    """Read a file (and the person's own validation and test files) and yield Finished(Dataset).

    The same rows under the same name give the same dataset: it is found again by its fingerprint.
    """
    with staging_folder() as staging:
        parts = {"train": Path(path), "validation": _optional(options.validation), "test": _optional(options.test)}
        found: dict[str, Part] = {}
        for split, each in parts.items():
            if each is not None:
                own = options if split == "train" else _for_held_out(options, parts["train"], each)
                found[split] = yield from _read_part(each, own, staging / f"{split}.arrow")
        found = unwrap_single_lists(found)
        _name_alike(found)
        _same_columns(found)
        train = found["train"]
        if len(found) == 1:
            found |= _split_by_column(train, staging)
        report = train.notes.report()
        yield Finished(keep_dataset(train.title, shown(Path(path).absolute()), found, report))


def pick_reader(source: Source, options: ReadOptions, notes: Notes) -> Reader:
    """Return the reader for a file, after its encoding was guessed (or taken from the options) into `notes`."""
    readers = all_readers()
    if source.kind in readers:
        return readers[source.kind]
    if source.name.lower().endswith(".parquet"):
        return readers["parquet"]  # which says what is wrong with it
    sample = source.sample()
    notes.encoding = encoding.check_name(options.encoding) if options.encoding else encoding.guess(sample).name
    if not options.encoding and encoding.is_binary(sample, notes.encoding):
        raise StudioError(
            "file-binary",
            "“{name}” holds no text: its bytes look like a program, a picture or an archive.",
            "Export it as CSV, JSON lines or plain text from the program that made it.",
            name=source.title,
        )
    if options.delimiter:
        return readers["csv"]
    head = "".join(encoding.decode_stream(iter([sample[:HEAD]]), notes.encoding, Notes())).encode("utf-8", "replace")
    scores = {name: reader.sniff(head, source.name) for name, reader in readers.items()}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] < SURE:
        raise unknown_format(source.title, Path(source.name).suffix or "?")
    return readers[best]


def _optional(path: str) -> Path | None:
    return Path(path) if path else None


def _for_held_out(options: ReadOptions, train: Path | None, path: Path) -> ReadOptions:
    """What was settled for the training file holds for a held-out file of the same kind only."""
    return options if train is not None and train.suffix == path.suffix else ReadOptions()


def _read_part(path: Path, options: ReadOptions, out: Path) -> Generator[Event, None, Part]:
    """Read one file into one Arrow file; returns its Part."""
    source, notes = open_source(path), Notes()
    reader = pick_reader(source, options, notes)
    try:
        writer = yield from _write_rows(reader, source, options, notes, out)
    except TooManyKeys as error:
        notes = Notes(encoding=notes.encoding, columns=error.most_filled)
        writer = yield from _write_rows(reader, source, options, notes, out)
        notes.add(
            "keys-left-out",
            mark("The records have {keys} different keys; the {kept} that are filled most became columns."),
            count=error.keys - len(error.most_filled),
            keys=error.keys,
            kept=len(error.most_filled),
        )
    if source.is_gzip:
        notes.add("gzip", mark("The file was unpacked (gzip)."))
    if not writer.rows:
        raise _no_rows(source, notes)
    if source.is_changed():
        notes.add(
            "file-changed",
            mark("The file was changed while it was read. Read it again once the other program is done."),
        )
    return Part(
        title=source.title,
        path=out,
        columns=tuple(writer.columns),
        rows=writer.rows,
        fingerprint=writer.fingerprint(),
        notes=notes,
    )


def _write_rows(
    reader: Reader, source: Source, options: ReadOptions, notes: Notes, out: Path
) -> Generator[Event, None, TableWriter]:
    with TableWriter(out, notes) as writer:
        for chunk in reader.read(source, options, notes):
            writer.write(chunk)
            yield Progress(mark("Reading rows"), min(source.position, source.size), source.size)
    return writer


def _no_rows(source: Source, notes: Notes) -> StudioError:
    if bad := notes.found.get("lines-unreadable"):
        return StudioError(
            "no-rows",
            "None of the {count} lines of “{name}” is JSON.",
            "Export it again as JSON lines, or change its ending to .txt to read it as plain text.",
            name=source.title,
            count=bad.count,
        )
    if notes.format in ("csv", "tsv") and notes.header:
        return StudioError(
            "no-rows",
            "“{name}” has a header but no rows.",
            "Add rows below the header, or choose another file.",
            name=source.title,
        )
    return StudioError("no-rows", "“{name}” holds no rows.", "Choose a file with rows in it.", name=source.title)


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
