"""Values: the JSON values of a text as it streams: one array, lines, objects without line ends between them, or all in a row.

What cannot be read costs its line, never what follows; every such line is counted with its number.
"""

import json
import re
from collections.abc import Iterator

from slm_studio.core.errors import StudioError
from slm_studio.core.texts import mark
from slm_studio.engine.data.literals import find_literal, may_be_literal, read_literal
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.records import Constant, Number, Record
from slm_studio.engine.data.source import Source

MOST_DOCUMENT = 1 << 30  # characters of a document that must be held whole
MOST_RECORD = 64 << 20  # characters of one record in an array
PIECE = 1 << 13  # characters: an error's line is counted from the beginning of what is held, so little is
LONGEST_WORD = 10  # characters: “-Infinity” may be cut by the end of a chunk
_BLANK = re.compile(r"[ \t\r\n\x1e\ufeff]*")
_BLANK_OR_COMMA = re.compile(r"[ \t\r\n\x1e\ufeff,]*")
_LINE_END = re.compile(r"\r\n|\n|\r")


class Values:
    """Iterates over the values. A top-level array is opened, unless each line is a list of its own (`lists_are_rows`)."""

    def __init__(self, texts: Iterator[str], source: Source, notes: Notes, *, lists_are_rows: bool = False) -> None:
        self.count = 0
        self.arrays = 0
        self.unreadable = 0  # lines
        self._texts, self._source, self._notes = _pieces(texts), source, notes
        self._lists_are_rows = lists_are_rows
        self._buffer, self._at, self._ended = "", 0, False
        self._tail = 0  # where only blanks follow in the buffer
        self._line = 1  # of the buffer's beginning
        self._in_array = False
        self._elements = 0  # of the open array
        self._spans_lines = False  # some record does: then a cut one at the end is one record, not lines
        self._problem: StudioError | None = None  # the first one
        self._strict, self._lenient = _decoder(self._pairs), _decoder(self._pairs, strict=False)

    def __iter__(self) -> Iterator[object]:
        while self._skip():
            sign = self._buffer[self._at]
            if self._in_array and sign == "]":
                self._close_array()
            elif sign == "[" and not self._in_array and not self._lists_are_rows:
                self._in_array, self._elements, self._at = True, 0, self._at + 1
                self.arrays += 1
            elif (value := self._value()) is not _NOTHING:
                self.count += 1
                self._elements += 1
                yield value
        self._end()

    def _skip(self) -> bool:
        """Go to the next value. False at the end of the text."""
        while True:
            at = _BLANK.match(self._buffer, self._at).end()  # type: ignore[union-attr]  # matches always
            if self._buffer.startswith(",", at):
                if not self._in_array:
                    self._notes.add(
                        "commas",
                        mark(
                            "{count} {count:line ends|lines end} in a comma, as in an array; {count:it does|they do} no harm."
                        ),
                        place=max(0, self.count - 1),
                    )
                at = _BLANK_OR_COMMA.match(self._buffer, at).end()  # type: ignore[union-attr]
            self._at = at
            if at < len(self._buffer):
                return True
            if not self._grow():
                return False

    def _value(self) -> object:
        """Return the value that begins here, or nothing, having gone past it."""
        while True:
            try:
                value, end = self._strict.raw_decode(self._buffer, self._at)
            except RecursionError:
                return self._give_up(_too_deep(self._source))
            except json.JSONDecodeError as error:
                if self._may_go_on(error) and self._grow():
                    continue
                return self._second_try(error)
            if end == len(self._buffer) and self._grow():
                continue  # a number may go on behind the buffer
            if not self._spans_lines and not self._in_array:
                self._spans_lines = bool(_LINE_END.search(self._buffer, self._at, end))
            self._at = end
            return value

    def _second_try(self, error: json.JSONDecodeError) -> object:
        """Read what strict JSON forbids: raw line ends and tabs in a text, or Python's way of writing."""
        if error.msg.startswith("Invalid control character"):
            try:
                value, self._at = self._lenient.raw_decode(self._buffer, self._at)
            except (ValueError, RecursionError):
                pass
            else:
                self._notes.add(
                    "texts-raw",
                    mark(
                        "{count} {count:record holds|records hold} line ends or tabs that JSON would escape; {count:it was|they were} kept."
                    ),
                    place=self.count,
                )
                return value
        if may_be_literal(self._buffer, error.pos):
            end = find_literal(self._buffer, self._at)
            if end < 0 and self._grow():
                return self._value()
            try:
                value = read_literal(self._buffer[self._at : end], self._pairs) if end > 0 else _NOTHING
            except ValueError:
                value = _NOTHING
            if value is not _NOTHING:
                self._at = end
                self._notes.add(
                    "records-python",
                    mark(
                        "{count} {count:record is|records are} written as Python, with single quotes, None or a comma too many, and {count:was|were} read as meant."
                    ),
                    place=self.count,
                )
                return value
        return self._give_up(self._damaged(error), is_cut=self._may_go_on(error))

    def _give_up(self, problem: StudioError, is_cut: bool = False) -> object:
        """Go past a line that nobody can read, or end what cannot go on."""
        self._problem = self._problem or problem
        if self._in_array and not (is_cut and self._elements):
            raise problem
        if is_cut and self.count and (self._in_array or self._spans_lines):
            self._say_cut()
            self._in_array, self._at = False, len(self._buffer)
            return _NOTHING
        self.unreadable += 1
        self._notes.add(
            "lines-unreadable",
            mark("{count} {count:line is|lines are} no JSON and {count:was|were} skipped."),
            line=self._line_at(self._at),
        )
        while not (end := _LINE_END.search(self._buffer, self._at)) and self._grow():
            pass
        self._at = end.end() if end else len(self._buffer)
        return _NOTHING

    def _close_array(self) -> None:
        self._in_array, self._at = False, self._at + 1
        if not self._elements and self.count:
            no_record(self._notes, self._line_at(self._at))

    def _end(self) -> None:
        if self._in_array and self._elements:
            self._say_cut()
        if self.arrays > 1:
            self._notes.add("arrays", mark("{count} arrays one after another were read as one."), count=self.arrays)
        if not self.count and self._problem is not None and self._notes.format == "json":
            raise self._problem

    def _say_cut(self) -> None:
        self._notes.add(
            "file-cut", mark("The file ends in the middle of a record, after {rows} whole ones."), rows=self.count
        )

    def _may_go_on(self, error: json.JSONDecodeError) -> bool:
        """Say whether a value fails only because the text read so far ends."""
        near = error.pos >= self._tail - LONGEST_WORD
        return near or error.msg.startswith("Unterminated string")

    def _grow(self) -> bool:
        """Read on, at least as much as is held. False where nothing is left."""
        if self._ended:
            return False
        rest = len(self._buffer) - self._at
        if rest > (MOST_RECORD if self._in_array else MOST_DOCUMENT):
            raise _too_large(self._source, MOST_RECORD if self._in_array else MOST_DOCUMENT)
        parts, length = [], 0
        self._ended = True
        for text in self._texts:
            parts.append(text)
            length += len(text)
            if length > rest:
                self._ended = False
                break
        self._line = self._line_at(self._at)
        self._buffer = "".join([self._buffer[self._at :], *parts])
        self._at, self._tail = 0, len(self._buffer.rstrip())
        return length > 0

    def _line_at(self, at: int) -> int:
        return self._line + (self._buffer.count("\n", 0, at) or self._buffer.count("\r", 0, at))

    def _pairs(self, pairs: list[tuple[str, object]]) -> Record:
        """Make an object of its pairs. Of a key that stands twice the last value counts, which is said."""
        record = dict(pairs)
        if len(record) != len(pairs):
            keys = [key for key, _ in pairs]
            self._notes.add(
                "keys-twice",
                mark("{count} {count:object names|objects name} a key twice, such as “{name}”; the last value counts."),
                place=self.count,
                name=next(key for key in keys if keys.count(key) > 1),
            )
        return record

    def _damaged(self, error: json.JSONDecodeError) -> StudioError:
        return StudioError(
            "json-damaged",
            "“{name}” is no whole JSON: {reason} in line {line}, after {rows} whole records.",
            "Export it again as JSON lines, one object a line.",
            name=self._source.title,
            reason=error.msg,
            line=self._line_at(error.pos),
            rows=self.count,
        )


_NOTHING = object()


def _pieces(texts: Iterator[str]) -> Iterator[str]:
    for text in texts:
        for start in range(0, len(text), PIECE):
            yield text[start : start + PIECE]


def no_record(notes: Notes, line: int | None = None) -> None:
    """Count a value that is no row: null, an empty list, a bare text among objects."""
    notes.add(
        "no-record",
        mark(
            "{count} {count:value is no record|values are no records}, such as null or [], and {count:was|were} skipped."
        ),
        line=line,
    )


def _decoder(pairs, strict: bool = True) -> json.JSONDecoder:  # type: ignore[no-untyped-def]  # noqa: ANN001
    return json.JSONDecoder(
        strict=strict, parse_float=Number, parse_int=Number, parse_constant=Constant, object_pairs_hook=pairs
    )


def _too_deep(source: Source) -> StudioError:
    return StudioError(
        "json-too-deep",
        "“{name}” nests lists or objects thousands of levels deep.",
        "Save the rows as flat JSON lines: one object a line, with text in its values.",
        name=source.title,
    )


def _too_large(source: Source, limit: int) -> StudioError:
    return StudioError(
        "json-too-large",
        "“{name}” holds a JSON value of more than {limit} million characters, which must be held whole.",
        "Save the records as JSON lines, one object a line.",
        name=source.title,
        limit=limit >> 20,
    )
