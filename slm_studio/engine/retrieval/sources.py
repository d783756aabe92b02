"""Sources of passages: a file, a folder or zip of documents, or a column of a dataset; and whether one has changed."""

import hashlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.dropped import TEXTS
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.data import documents
from slm_studio.engine.data.cells import said
from slm_studio.engine.data.gathering import UNREADABLE, Member, files_in, gather, some
from slm_studio.engine.data.judged import collection_in
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.reading import read_dataset
from slm_studio.engine.data.rows import open_table
from slm_studio.engine.data.source import shown
from slm_studio.engine.data.suggesting import text_column
from slm_studio.engine.retrieval.cutting import Document

PART = 1024  # rows that are read at once


@dataclass(slots=True)
class Source:
    """Where passages come from."""

    name: str  # a path, or the name of a dataset
    kind: str  # documents | column
    stamp: str
    column: str = ""
    dataset: str = ""
    members: list[Member] = field(default_factory=list)
    rows: Dataset | None = None
    left_out: int = 0
    notes: Notes = field(default_factory=Notes)  # of what was read


def source_of_dataset(dataset: Dataset, column: str) -> Source:
    """Return a column of a dataset; the one that looks like texts where none is named."""
    column = dataset.column(column).name if column else text_column(dataset)
    return Source(dataset.name, "column", f"{dataset.fingerprint}:{column}", column, dataset.id, rows=dataset)


def source_of_path(path: Path, column: str, staging: Path) -> Work[Source]:
    """Yield Progress; return the documents in a file, folder or zip, or a table's column. Raises StudioError."""
    if not path.exists():
        raise StudioError(
            "file-missing", "“{path}” does not exist.", "Check the name, or choose another file.", path=str(path)
        )
    stamp = stamp_of(path)
    gathered = yield from gather([path], staging)
    collection = collection_in(gathered)
    corpus = collection.corpus if collection else None  # of passages and queries it is the passages that are searched
    texts = [member for member in gathered.members if member.ending in TEXTS and not corpus]
    if texts and (not column or path.is_dir()):
        tables = [member.name for member in gathered.members if member not in texts]
        found = Source(str(path), "documents", stamp, members=texts, left_out=len(gathered.others) + len(tables))
        gathered.say(found.notes)
        _say_tables(tables, found.notes)
        return found
    dataset = yield from _read(corpus.path if corpus else path)
    found = source_of_dataset(dataset, column)
    found.name, found.stamp, found.dataset = str(path), stamp, ""
    return found


def _say_tables(names: list[str], notes: Notes) -> None:
    """Say which tables lie among documents, and how they are searched: which of their columns would be a passage?"""
    if names:
        notes.add(
            "tables-unsearched",
            mark(
                "{count} {count:table lies|tables lie} among the texts and {count:was|were} left out: {names}. To search a table, choose it by itself: then a column of it is searched."
            ),
            count=len(names),
            names=some(names),
        )


def documents_of(source: Source) -> Iterator[Document]:
    """Yield the documents of a source; each file, or each row, is one."""
    if source.rows is not None:
        yield from _rows(source, source.rows)
        return
    guess = documents.shared_encoding(source.members)
    for chunk in documents.read(source.members, None, guess, ReadOptions(), source.notes):
        for text, name in zip(chunk["text"], chunk["file"], strict=True):
            yield Document(str(text), str(name), pages=source.notes.pages.pop(str(name), ()))
    for code in (documents.SKIPPED, UNREADABLE):
        if code in source.notes.found:
            source.left_out += source.notes.found[code].count


def stamp_of(path: Path) -> str:
    """Return what changes where a file, or one of a folder's, does: from names, sizes and times, without reading them."""
    listed = files_in(path) if path.is_dir() else [path]
    digest = hashlib.blake2b(digest_size=16)
    for each in listed:
        about = each.stat()
        name = each.relative_to(path).as_posix() if path.is_dir() else each.name
        digest.update(f"{name}\0{about.st_size}\0{about.st_mtime_ns}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _rows(source: Source, dataset: Dataset) -> Iterator[Document]:
    table = open_table(dataset.part()).column(source.column)
    name, is_list = shown(Path(dataset.name)), dataset.column(source.column).kind == "list"
    for start in range(0, len(table), PART):
        for place, cell in enumerate(table.slice(start, PART).to_pylist()):
            yield Document(said(cell or "", "lines" if is_list else "text"), name, start + place)


def _read(path: Path) -> Generator[Event, None, Dataset]:
    for event in read_dataset(path):
        if isinstance(event, Finished):
            assert isinstance(event.result, Dataset)
            return event.result
        yield event
    raise AssertionError("reading ends in Finished")
