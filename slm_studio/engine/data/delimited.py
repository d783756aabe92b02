"""Records of delimited text: RFC 4180, but a stray quote never swallows the rows behind it.

Lines without a quote are cut at the delimiter. A line with quotes is matched strictly first. Only where an opening
quote finds no close on its line are the next lines looked at, and they are taken only if the whole fits strictly and
does not look like rows of its own. Whatever is left is read leniently: the quote is part of the text, and counted.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from slm_studio.core.texts import mark
from slm_studio.engine.data.lines import Lines
from slm_studio.engine.data.notes import Notes

JOINED_LINES = 500_000  # a quoted cell, which may be a whole book, spans at most so many lines …
JOINED_LENGTH = 16 << 20  # … and characters
PATIENCE = 50  # unclosed quotes after which only a few lines are looked at
ROWS_ALIKE = 10  # lines inside a quoted cell that all look like rows: the quote was a stray one

Record = list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Grammar:
    """How lines become cells. `width` is the expected number of cells, 0 where it is not known yet.

    `surplus` is the place of the cell that delimiters nobody quoted belong to; -1 leaves them as cells of their own.
    """

    delimiter: str
    quoting: bool
    width: int = 0
    surplus: int = -1


_ENDS_SPEECH = re.compile(
    r'^[^"]*[^\s"]"(?=[\s.,;:!?)]|$)'
)  # `HEY" you`: the first quote within closes, so the one before opened
EACH_LINE = "\n"  # as a delimiter: no line holds a line end, so each line is one cell


class RecordReader:
    """Turns groups of lines into groups of records and counts what it had to repair.

    The first `above` records (titles and the header) are left out, and so is every later one that repeats `header`.
    """

    def __init__(
        self,
        groups: Iterator[Lines],
        grammar: Grammar,
        notes: Notes,
        above: int = 0,
        header: Record | None = None,
        most: int = sys.maxsize,
    ) -> None:
        self.groups = groups
        self.grammar = grammar
        self.notes = notes
        self.row = -above  # number of the next record, for remarks
        # As it stands, and as a file that was joined to others brought it along, its byte order mark before it.
        self.headers = () if header is None else (header, ["\ufeff" + header[0], *header[1:]])
        self.most = most  # records of a group
        self.lines: list[str] = []
        self.ends: list[str] = []
        self.at = 0  # the next line within `lines`
        self.gone = 0  # lines of the file before lines[0]
        self.unclosed = 0
        self.joined = 0
        self.open_at = -1  # the first record whose quote was still open where the text ended
        escaped = re.escape(grammar.delimiter)
        plain = f"[^{escaped}]*" if len(grammar.delimiter) == 1 else "(?:.*?)"
        blank = "[ ]*" if grammar.delimiter == "\t" else r"[ \t]*" if grammar.delimiter.strip() else ""
        self.field = re.compile(rf'(?:"([^"]*(?:""[^"]*)*)"|({plain})){escaped}', re.DOTALL)
        self.opening = re.compile(rf'{blank}"')
        self.closing = re.compile(rf'(?<!")(?:"")*"({blank})(?={escaped}|$)', re.DOTALL)
        self.skips_blank = grammar.width != 1

    def __iter__(self) -> Iterator[list[Record]]:
        """Yield groups of records."""
        while self._pull():
            if self.at == 0 and not (self.grammar.quoting and any('"' in line for line in self.lines)):
                yield self._plain_records()
                continue
            yield self._records()

    def _pull(self) -> bool:
        """Fetch the next group of lines once all are used."""
        if self.at < len(self.lines):
            return True
        group = next(self.groups, None)
        if group is None:
            return False
        self.gone += len(self.lines)
        self.lines, self.ends, self.at = group[0], group[1], 0
        return True

    def _reach(self, place: int) -> bool:
        """Make sure that lines[place] is there, fetching more lines behind those in hand."""
        while place >= len(self.lines):
            group = next(self.groups, None)
            if group is None:
                return False
            self.lines = self.lines + group[0]
            self.ends = self.ends + group[1]
        return True

    def _plain_records(self) -> list[Record]:
        delimiter, lines = self.grammar.delimiter, self.lines
        self.at = len(lines)
        blank = delimiter[0]
        if self.skips_blank and any([not line or line[0] == blank for line in lines]):  # noqa: C419  (twice as fast)
            for number, line in enumerate(lines):
                if self._is_blank(line):
                    self._note_blank(number)
            lines = [line for line in lines if not self._is_blank(line)]
        found = [line.split(delimiter) for line in lines]
        if self.row < 0:
            above = min(-self.row, len(found))
            found, self.row = found[above:], self.row + above
        for header in self.headers:
            if header in found:
                self._note_repeats(found.count(header))
                found = [record for record in found if record != header]
        if self.grammar.surplus >= 0 and max(map(len, found), default=0) > self.grammar.width:
            found = [self._rejoined(record, delimiter.join(record), self.row + at) for at, record in enumerate(found)]
        self.row += len(found)
        return found

    def _records(self) -> list[Record]:
        """Return the records of the lines in hand (and of those that their quoted cells reach into)."""
        found: list[Record] = []
        delimiter, blank = self.grammar.delimiter, self.grammar.delimiter[0]
        surplus, width = self.grammar.surplus, self.grammar.width
        while self.at < len(self.lines) and len(found) < self.most:
            line, first = self.lines[self.at], self.at
            if line and '"' not in line and line[0] != blank:  # most lines
                self.at += 1
                record: Record | None = line.split(delimiter)
            else:
                record = self._record()
            if record is None:
                continue
            if self.row < 0:
                self.row += 1
                continue
            if record in self.headers:
                self._note_repeats(1)
                continue
            if surplus >= 0 and len(record) > width:
                record = self._rejoined(record, self._text(first, self.at - 1), self.row)
            found.append(record)
            self.row += 1
        return found

    def _record(self) -> Record | None:
        """Return the record that begins at the next line, or None for a blank line."""
        line = self.lines[self.at]
        if self.skips_blank and self._is_blank(line):
            self._note_blank(self.at)
            self.at += 1
            return None
        if '"' not in line or not self.grammar.quoting:
            self.at += 1
            return line.split(self.grammar.delimiter)
        record = self._strict(line)
        if record is None and line.count('"') % 2:
            record = self._joined()
            if record is not None:
                return record
        self.at += 1
        return record if record is not None else self._lenient(line)[0]

    def _is_blank(self, line: str) -> bool:
        """Say whether a line holds no cell: nothing, or nothing but delimiters."""
        return not line or (line.startswith(self.grammar.delimiter) and not line.replace(self.grammar.delimiter, ""))

    def _rejoined(self, record: Record, text: str, row: int) -> Record:
        """Give the delimiters nobody quoted back to the cell they belong to, which stays as it stands in the file."""
        width, place = self.grammar.width, self.grammar.surplus
        if len(record) <= width or (place < width - 1 and not any(record[width:])):
            return record
        starts = self._starts(text)
        if len(starts) != len(record):
            return record
        after = len(record) - (width - 1 - place)
        end = starts[after] - len(self.grammar.delimiter) if after < len(record) else len(text)
        self.notes.add(
            "rows-joined",
            mark("{count} {count:row holds|rows hold} unquoted delimiters; {count:its|their} pieces were joined."),
            place=row,
        )
        return [*record[:place], text[starts[place] : end], *record[after:]]

    def _starts(self, text: str) -> list[int]:
        """Return where each cell of a record begins in its text."""
        delimiter = self.grammar.delimiter
        if '"' in text and self.grammar.quoting:
            if self._strict(text) is None:
                return self._lenient(text, quiet=True)[1]
            return [found.start() for found in self.field.finditer(text + delimiter)]
        starts = [0]
        while (at := text.find(delimiter, starts[-1])) >= 0:
            starts.append(at + len(delimiter))
        return starts

    def _strict(self, text: str) -> Record | None:
        """Return the cells where every quote stands as RFC 4180 wants it, else None."""
        cells = []
        for quoted, plain in self.field.findall(text + self.grammar.delimiter):
            if plain and '"' in plain and self.opening.match(plain):
                return None
            cells.append(quoted.replace('""', '"') if quoted else plain)
        return cells

    def _joined(self) -> Record | None:
        """Return a record whose quoted cell spans lines, and step behind it; None where the quote is a stray one."""
        most = JOINED_LINES if self.unclosed < PATIENCE or self.joined > self.unclosed else 20
        quotes, length, last = self.lines[self.at].count('"'), 0, self.at
        while last - self.at < most and length < JOINED_LENGTH:
            if not self._reach(last + 1):
                self.open_at = self.row if self.open_at < 0 else self.open_at
                break
            last += 1
            line = self.lines[last]
            length += len(line)
            if '"' not in line:
                continue
            quotes += line.count('"')
            if quotes % 2:
                continue
            record = self._strict(self._text(self.at, last))
            if record is None or self._swallows_rows(last):
                break
            self.joined += 1
            self.at = last + 1
            return record
        self.unclosed += 1
        return None

    def _text(self, first: int, last: int) -> str:
        """Return the lines from `first` to `last` with the ends between them as they stood."""
        parts: list[str] = []
        for place in range(first, last):
            parts += (self.lines[place], self.ends[place])
        return "".join([*parts, self.lines[last]])

    def _swallows_rows(self, last: int) -> bool:
        inside = self.lines[self.at + 1 : last]
        if len(inside) < ROWS_ALIKE or self.grammar.width < 2:
            return False
        alike = sum(line.count(self.grammar.delimiter) == self.grammar.width - 1 for line in inside)
        return alike >= 0.9 * len(inside)

    def _lenient(self, line: str, quiet: bool = False) -> tuple[Record, list[int]]:
        """Cut a line whose quotes are out of order, and say where its cells begin; quotes that enclose nothing stay."""
        delimiter, start, stray, spaced = self.grammar.delimiter, 0, False, False
        cells: Record = []
        starts: list[int] = []
        while start <= len(line):
            starts.append(start)
            opened = self.opening.match(line, start)
            closed = self.closing.search(line, opened.end()) if opened else None
            if opened and closed:
                content = line[opened.end() : closed.start(1) - 1]
                inner = '"' in content.replace('""', "")  # not doubled: it was not meant as CSV
                stray = stray or inner
                if inner and _ENDS_SPEECH.search(content):
                    cells.append(line[start : closed.end()])
                else:
                    spaced = spaced or bool(closed[1]) or opened.end() > start + 1
                    cells.append(content if inner else content.replace('""', '"'))
                start = closed.end() + len(delimiter)
                continue
            stray = stray or opened is not None
            end = line.find(delimiter, start)
            end = len(line) if end < 0 else end
            cells.append(line[start:end])
            start = end + len(delimiter)
        plain = line.split(delimiter)
        if len(cells) != self.grammar.width == len(plain):
            cells, stray, spaced = plain, True, False
        if not quiet:
            self._note_quotes(stray, spaced)
        return cells, starts

    def _note_quotes(self, stray: bool, spaced: bool) -> None:
        if spaced:
            self.notes.add(
                "spaces-outside-quotes",
                mark(
                    "{count} {count:row has|rows have} spaces between a quote and the delimiter, which were left out."
                ),
                place=max(0, self.row),
            )
        if stray:
            self.notes.add(
                "stray-quotes",
                mark(
                    "{count} {count:row has|rows have} quotes that open or close nothing; {count:it was|they were} kept as part of the text."
                ),
                place=max(0, self.row),
            )

    def _note_repeats(self, count: int) -> None:
        self.notes.add(
            "header-repeated",
            mark("{count} {count:row repeats|rows repeat} the column names and {count:was|were} left out."),
            count=count,
        )

    def _note_blank(self, place: int) -> None:
        if self.row < 0:
            return  # between a title and the header
        note_blank(self.notes, self.gone + place + 1)


def note_blank(notes: Notes, line: int) -> None:
    """Count a blank line that is no row; `line` from 1."""
    notes.add(
        "blank-lines", mark("{count} blank {count:line|lines} between the rows {count:was|were} skipped."), line=line
    )
