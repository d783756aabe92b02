"""JSON: an array of records, read as it streams, or one document in which the records are found."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain

from slm_studio.core.dataset import ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.texts import mark
from slm_studio.engine.data.headers import invented_names
from slm_studio.engine.data.nested import find_records
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.readers import Chunk
from slm_studio.engine.data.records import DECODER, Flattener, Record
from slm_studio.engine.data.source import Source

MOST_DOCUMENT = 1 << 30  # characters of a document that must be held whole
MOST_RECORD = 64 << 20  # characters of one record in an array
GROUP = 5000  # records turned into columns at once
_BLANK = " \t\r\n,"


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
    texts = source.text(notes.encoding, notes)
    begin = ""
    while not begin.strip() and (more := next(texts, None)) is not None:
        begin += more
    texts = chain([begin.lstrip()], texts)
    values = _stream_array if begin.lstrip().startswith("[") else _document
    yield from _rows(values(texts, source, notes), notes)


def _rows(values: Iterator[object], notes: Notes) -> Iterator[Chunk]:
    """Turn records (or lists, or single texts) into columns, group by group."""
    flattener, group, shape = Flattener(notes), [], _Shape()
    for value in values:
        group.append(shape.record(value))
        if len(group) == GROUP:
            yield flattener.columns(group)
            group = []
    yield flattener.columns(group)


class _Shape:
    """Gives elements that are no objects a name: a text is the column “text”, a list has numbered columns."""

    def record(self, value: object) -> Record:
        """Return an element as a record."""
        if isinstance(value, dict):
            return value
        if isinstance(value, list):
            return dict(zip(invented_names([], max(2, len(value))), value, strict=False))
        return {"text": value}


def _stream_array(texts: Iterator[str], source: Source, notes: Notes) -> Iterator[object]:
    """Yield the elements of an array while it is read, holding one at a time."""
    buffer, at, count, ended = next(texts)[1:], 0, 0, False
    line = 0  # lines before the buffer
    while True:
        at = _skip_blank(buffer, at)
        if at < len(buffer) and buffer[at] == "]":
            return
        try:
            value, end = _element(buffer, at, ended)
        except RecursionError as error:
            raise _too_deep(source) from error
        if end:
            yield value
            at, count = end, count + 1
            continue
        if ended or len(buffer) - at > MOST_RECORD:
            if not count or (at < len(buffer) and not _is_cut(buffer, at)):
                raise _damaged(buffer, at, source, count, line)
            notes.add("file-cut", mark("The file ends in the middle of a record, after {rows} whole ones."), rows=count)
            return
        line += buffer.count("\n", 0, at)
        buffer, ended = _longer(buffer[at:], texts)
        at = 0


def _element(buffer: str, at: int, ended: bool) -> tuple[object, int]:
    """Return the element at a place and where it ends; 0 where it is not whole in the buffer."""
    if at >= len(buffer):
        return None, 0
    try:
        value, end = DECODER.raw_decode(buffer, at)
    except ValueError:
        return None, 0
    return (value, end) if end < len(buffer) or ended else (None, 0)  # a number may go on behind the buffer


def _longer(rest: str, texts: Iterator[str]) -> tuple[str, bool]:
    """Return at least twice as much text, and whether that was the last of it."""
    parts, length, wanted = [rest], len(rest), 2 * len(rest)
    for text in texts:
        parts.append(text)
        length += len(text)
        if length > wanted:
            return "".join(parts), False
    return "".join(parts), True


def _skip_blank(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at


def _is_cut(text: str, at: int) -> bool:
    """Say whether the element fails only at the end of the text."""
    try:
        DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        return error.pos >= len(text.rstrip()) - 1 or "Unterminated string" in error.msg
    return True


def _document(texts: Iterator[str], source: Source, notes: Notes) -> Iterator[object]:
    """Return the records of one document, or several documents in a row as records themselves."""
    parts, length = [], 0
    for text in texts:
        parts.append(text)
        length += len(text)
        if length > MOST_DOCUMENT:
            raise StudioError(
                "json-too-large",
                "“{name}” is one JSON object of more than {limit} million characters, which must be held whole.",
                "Save the records as JSON lines, one object a line.",
                name=source.title,
                limit=MOST_DOCUMENT >> 20,
            )
    text = "".join(parts)
    del parts
    values = _values(text, source, notes)
    if len(values) > 1:
        notes.add("documents", mark("The file holds {rows} JSON documents in a row; each is a row."), rows=len(values))
        return iter(values)
    found = find_records(values[0])
    notes.path = found.path
    if found.others:
        notes.add(
            "lists-unread",
            mark("Further lists of records were left out: {names}."),
            count=len(found.others),
            names=", ".join(found.others[:10]),
        )
    return iter(found.records)


def _values(text: str, source: Source, notes: Notes) -> Sequence[object]:
    values: list[object] = []
    at = _skip_blank(text, 0)
    while at < len(text):
        try:
            value, at = DECODER.raw_decode(text, at)
        except ValueError as error:
            if values and _is_cut(text, at):
                notes.add(
                    "file-cut",
                    mark("The file ends in the middle of a record, after {rows} whole ones."),
                    rows=len(values),
                )
                return values
            raise _damaged(text, at, source, len(values)) from error
        except RecursionError as error:
            raise _too_deep(source) from error
        values.append(value)
        at = _skip_blank(text, at)
    return values


def _damaged(text: str, at: int, source: Source, rows: int, before: int = 0) -> StudioError:
    """Return the error for what stands at a place; `before` counts the lines before the text."""
    line, reason = 1, ""
    try:
        DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        line, reason = error.lineno, error.msg
    except RecursionError:
        return _too_deep(source)
    return StudioError(
        "json-damaged",
        "“{name}” is no whole JSON: {reason} in line {line}, after {rows} whole records.",
        "Export it again as JSON lines. (Text in single quotes is Python, not JSON.)",
        name=source.title,
        reason=reason or "it ends too early",
        line=before + line,
        rows=rows,
    )


def _too_deep(source: Source) -> StudioError:
    return StudioError(
        "json-too-deep",
        "“{name}” nests lists or objects thousands of levels deep.",
        "Save the rows as flat JSON lines: one object a line, with text in its values.",
        name=source.title,
    )
