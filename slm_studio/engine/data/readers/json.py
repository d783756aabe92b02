"""JSON: an array of records, read as it streams, or one document in which the records are found."""

from collections.abc import Iterator
from itertools import chain, islice

from slm_studio.core.dataset import ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.texts import mark
from slm_studio.engine.data.annotated import with_spans
from slm_studio.engine.data.elements import as_records
from slm_studio.engine.data.nested import find_records
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.questioned import with_questions
from slm_studio.engine.data.readers import Chunk
from slm_studio.engine.data.records import Flattener, Record
from slm_studio.engine.data.source import Source
from slm_studio.engine.data.values import Values

GROUP = 5000  # records turned into columns at once


def sniff(head: bytes, name: str) -> float:
    """An array or an object at the beginning."""
    begins = head.lstrip()[:1]
    if name.lower().endswith(".json"):
        return 0.9 if begins in (b"[", b"{") else 0.5
    if begins == b"[":
        return 0.85 if head.lstrip()[1:].lstrip()[:1] in (b"{", b"[", b'"') else 0.1
    return 0.45 if begins == b"{" else 0.0


def read(source: Source, options: ReadOptions, notes: Notes) -> Iterator[Chunk]:
    """Yield the records."""
    notes.format, notes.header = "json", True
    yield from read_values(Values(source.text(notes.encoding, notes), source, notes), source, notes)


def read_values(values: Values, source: Source, notes: Notes) -> Iterator[Chunk]:
    """Turn values into columns, group by group; a file that is one object is looked into."""
    flattener, rows = Flattener(notes), 0
    records = with_spans(with_questions(_records(values, notes), notes), notes)
    while group := list(islice(records, GROUP)):
        rows += len(group)
        yield flattener.columns(group)
    flattener.end()
    skipped = values.unreadable + (notes.found["no-record"].count if "no-record" in notes.found else 0)
    if rows and skipped > rows:
        raise StudioError(
            "lines-mostly-unreadable",
            "Only {rows} of {all} lines of “{name}” can be read as records.",
            "Look at line {line}, and export the file again as JSON lines: one object a line.",
            name=source.title,
            rows=rows,
            all=rows + skipped,
            line=_first_place(notes),
        )


def _records(values: Values, notes: Notes) -> Iterator[Record]:
    stream = iter(values)
    first = list(islice(stream, 2))
    if notes.format == "json" and len(first) == 1 and isinstance(first[0], dict) and not values.arrays:
        found = find_records(first[0], notes)
        notes.path = found.path
        if found.others:
            notes.add(
                "lists-unread",
                mark("Further lists of records were left out: {names}."),
                count=len(found.others),
                names=", ".join(found.others[:10]),
            )
        yield from as_records(found.records, notes)
        return
    yield from as_records(chain(first, stream), notes)
    if notes.format == "json" and not values.arrays:
        notes.add("documents", mark("The file holds {rows} JSON documents in a row; each is a row."), rows=values.count)


def _first_place(notes: Notes) -> int:
    found = (notes.found.get(code) for code in ("lines-unreadable", "no-record"))
    return min((note.places[0] for note in found if note and note.places), default=1)
