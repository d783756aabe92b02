"""Dialect: the delimiter, the quoting, the line ends and the header of a delimited file, judged from its first lines."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from slm_studio.engine.data.delimited import EACH_LINE, Grammar, Record, RecordReader
from slm_studio.engine.data.escapes import MARK, doubled
from slm_studio.engine.data.header_row import find_header, likelihood
from slm_studio.engine.data.lines import Lines, lone_returns_end, split_lines
from slm_studio.engine.data.names import is_known_name
from slm_studio.engine.data.notes import Notes

LONG = ("_!_", "|||", "+++$+++", "::")  # looked for where the first line holds them
DELIMITERS = (",", "\t", ";", "|")
PRIOR_LONG = 0.1  # they hardly part all lines alike by accident
PRIOR = {"csv": {",": 0.05, ";": 0.03}, "tsv": {"\t": 0.5}, "tab": {"\t": 0.5}, "psv": {"|": 0.5}}
PER_COLUMN, MOST_COLUMNS = 0.03, 6  # what each column under a header of its own adds to the fit
JUDGED = 400  # records
_SEPARATOR = re.compile(r'^"?sep=(.)"?$', re.IGNORECASE)
_SENTENCE = re.compile(r"[.?!…。？！]\s*$|[，。？！；]")

Table = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """How a delimited file is written. `fit` (0…1) is the share of its first rows that have `width` cells."""

    delimiter: str  # EACH_LINE where there is but one column
    quoting: bool
    escapes: bool  # a quote within quotes stands behind a backslash
    width: int
    header_at: int  # the record that names the columns; -1 where none does
    lone_returns_end: bool
    skipped: int  # lines before the first record
    fit: float
    records: Table  # those that were judged, titles and header included

    @property
    def above(self) -> int:
        """Return how many records stand above the first row."""
        return self.header_at + 1

    @property
    def header(self) -> tuple[str, ...] | None:
        """Return the record that names the columns."""
        return self.records[self.header_at] if 0 <= self.header_at < len(self.records) else None

    @property
    def rows(self) -> Table:
        """Return the rows that were judged."""
        return self.records[self.above :]


def judge(head: str, name: str, delimiter: str = "", header: bool | None = None) -> Dialect:
    """Return the dialect of a file that begins with `head`. `name` (its ending counts) breaks ties."""
    usual = lone_returns_end(head)
    found = _judge(head, name, delimiter, header, usual)
    if "\r" in head.replace("\r\n", "") and "\n" in head:  # a lone \r ends a row, or stands in one: what fits is right
        other = _judge(head, name, delimiter, header, not usual)
        # Where it stands in a cell, quotes enclose that cell.
        encloses = other.quoting and not found.quoting and other.fit >= found.fit
        return other if encloses or (other.width > 1 and other.fit > found.fit) else found
    return found


def _judge(head: str, name: str, delimiter: str, header: bool | None, lone: bool) -> Dialect:
    lines, ends = _first_lines(head, lone)
    skipped = 0
    if lines and (separator := _SEPARATOR.match(lines[0].lstrip("\ufeff"))):
        skipped, delimiter = 1, delimiter or separator[1]
        lines, ends = lines[1:], ends[1:]
    best, escapes = _cut(lines, ends, name, delimiter), False
    if any(MARK in line for line in lines):
        other = _cut(doubled(lines), ends, name, delimiter)
        if other.quoting and (other.fit, -other.repaired) > (best.fit, -best.repaired):
            best, escapes = other, True
    place = best.header_at if header is None else 0 if header else -1
    return Dialect(
        delimiter=best.delimiter,
        quoting=best.quoting,
        escapes=escapes,
        width=_header_width(best, place),
        header_at=place,
        lone_returns_end=lone,
        skipped=skipped,
        fit=best.fit,
        records=best.records,
    )


def _cut(lines: list[str], ends: list[str], name: str, delimiter: str) -> "_Trial":
    if delimiter == EACH_LINE:
        return _one_column(lines, ends)
    return _try(lines, ends, delimiter) if delimiter else _best(lines, ends, name)


def _first_lines(head: str, lone: bool) -> Lines:
    lines: list[str] = []
    ends: list[str] = []
    for group, group_ends in split_lines(iter([head]), lone_returns_end=lone):
        lines += group
        ends += group_ends
    if len(lines) > 1 and ends[-1] == "":
        lines, ends = (lines[:-1], ends[:-1]) if len(head) > 4096 else (lines, ends)  # perhaps cut by the sample
    return lines, ends


@dataclass(frozen=True, kw_only=True, slots=True)
class _Trial:
    delimiter: str
    quoting: bool
    width: int
    fit: float
    records: Table
    header_at: int = -1
    repaired: int = 0  # quotes out of order

    @property
    def heads(self) -> bool:
        """Say whether the delimiter parts the first line, too, or else a title stands there."""
        return self.header_at > 0 or not self.records or len(_trimmed(self.records[0])) > 1


def _best(lines: list[str], ends: list[str], name: str) -> _Trial:
    """Return the way of cutting in which header and rows agree best, or one column where none does."""
    long = tuple(each for each in LONG if lines and each in lines[0])
    prior = PRIOR.get(name.rpartition(".")[2].lower(), {})
    found = [_try(lines, ends, each) for each in (*long, *DELIMITERS)]
    best = max(found, key=lambda each: _weight(each, prior.get(each.delimiter, PRIOR_LONG * (each.delimiter in long))))
    if best.width > 1 and (best.heads or not _is_one_column(best)):
        return best
    return _one_column(lines, ends)


def _weight(trial: _Trial, prior: float) -> float:
    if trial.width < 2:
        return -1.0
    weight = trial.fit + prior - (0.0 if trial.heads else 1.0)
    if trial.header_at >= 0 and likelihood(trial.records[trial.header_at :], trial.width) > 1.0:
        weight += PER_COLUMN * min(trial.width, MOST_COLUMNS)
    return weight


def _is_one_column(trial: _Trial) -> bool:
    """Say whether a delimiter that the first line lacks is but a character of the text.

    A name above (“text”), a space behind most of them (“Austin, TX”) or lines that disagree: it parts nothing.
    """
    first = trial.records[0][0].strip()
    if trial.fit < 0.8 or is_known_name(first) or not _SENTENCE.search(first):
        return True
    pieces = [cell for record in trial.records[1:] for cell in record[1:]]
    return sum(cell.startswith(" ") for cell in pieces) > 0.5 * len(pieces)


def _one_column(lines: list[str], ends: list[str]) -> _Trial:
    """Take each line as one cell, without its quotes where they enclose it."""
    notes = Notes()
    quoted = _records(lines, ends, Grammar(delimiter=EACH_LINE, quoting=True, width=1), notes)
    stray = notes.found["stray-quotes"].count if "stray-quotes" in notes.found else 0
    opened = sum(line.startswith('"') for line in lines[:JUDGED])
    quoting = opened >= 2 * stray
    rows = quoted if quoting else _records(lines, ends, Grammar(delimiter=EACH_LINE, quoting=False, width=1), Notes())
    records = tuple(map(tuple, rows))
    place = find_header(records, 1)
    return _Trial(
        delimiter=EACH_LINE, quoting=quoting, width=1, fit=1.0, records=records, header_at=place,
        repaired=stray,
    )  # fmt: skip


def _try(lines: list[str], ends: list[str], delimiter: str) -> _Trial:
    """Cut the lines at `delimiter`, with quotes that enclose and with quotes that do not, and keep the better way."""
    literal, quoted = (_try_quoting(lines, ends, delimiter, quoting) for quoting in (False, True))
    proven = delimiter != "\t" or _quotes_enclose(lines, delimiter) or _holds_line_ends(quoted)
    margin = 0.0 if proven else 0.05
    return quoted if quoted.fit + 0.005 >= literal.fit + margin else literal


def _try_quoting(lines: list[str], ends: list[str], delimiter: str, quoting: bool) -> _Trial:
    rows = _records(lines, ends, Grammar(delimiter=delimiter, quoting=quoting), Notes())
    filled = [row for row in rows if any(row)]
    widths = Counter(map(len, filled))
    trial = _Trial(delimiter=delimiter, quoting=quoting, width=1, fit=0.0, records=tuple(map(tuple, rows)))
    if not widths:
        return trial
    first = len(_trimmed(rows[0]))
    usual = max(widths, key=lambda each: (widths[each], each))
    if widths[first] >= 0.5 * widths[usual]:
        usual = first
    notes = Notes()
    if usual > 1:  # once the width is known, stray quotes are judged better
        rows = _records(lines, ends, Grammar(delimiter=delimiter, quoting=quoting, width=usual), notes)
    place = find_header(rows, usual)
    judged = [row for row in rows[max(0, place) :] if any(row)]
    return replace(
        trial,
        width=usual,
        fit=sum(len(row) == usual or (len(row) > usual and not any(row[usual:])) for row in judged) / len(judged),
        records=tuple(map(tuple, rows)),
        header_at=place,
        repaired=notes.found["stray-quotes"].count if "stray-quotes" in notes.found else 0,
    )


def _records(lines: list[str], ends: list[str], grammar: Grammar, notes: Notes) -> list[Record]:
    groups = ((lines[at : at + JUDGED], ends[at : at + JUDGED]) for at in range(0, len(lines), JUDGED))
    reader = RecordReader(groups, grammar, notes, most=JUDGED)
    found: list[Record] = []
    for records in reader:
        found += records
        if len(found) >= JUDGED:
            break
    return found[: reader.open_at] if _is_cut(found, reader) else found


def _is_cut(found: Sequence[Record], reader: RecordReader) -> bool:
    """Say whether the sample ends within a quoted cell: what stands behind its quote are lines of its text, and no records.

    They are few beside the records before them, or cells before them spanned lines, too, or they have not as many cells.
    """
    before, behind = found[: max(0, reader.open_at)], found[max(0, reader.open_at) :]
    if not before or not behind:
        return False
    usual = Counter(map(len, before)).most_common(1)[0][0]
    alike = sum(len(record) == usual for record in behind) / len(behind)
    return reader.joined > 0 or len(before) >= 0.3 * len(found) or alike < 0.5


def _trimmed(row: Sequence[str]) -> Sequence[str]:
    """Drop empty cells at the end, but never more than one of two."""
    end = len(row)
    while end > 2 and not row[end - 1]:
        end -= 1
    return row[:end]


def _header_width(trial: _Trial, place: int) -> int:
    """The header settles the number of columns where there is one."""
    if 0 <= place < len(trial.records) and trial.width > 1:
        return max(len(_trimmed(trial.records[place])), 1)
    return trial.width


def _holds_line_ends(trial: _Trial) -> bool:
    """Say whether quoted cells span lines. (One that swallowed a row by accident would hold a tab, and leave others torn.)"""
    spanning = [cell for record in trial.records for cell in record if "\n" in cell]
    return any(trial.delimiter not in cell for cell in spanning) or (len(spanning) > 0 and not trial.repaired)


def _quotes_enclose(lines: list[str], delimiter: str) -> bool:
    """Say whether there is proof that quotes enclose cells: nothing, a delimiter, a doubled quote or a \\r inside, or quotes in most rows.

    Between tabs quotes are literal more often than not, so there they must prove it.
    """
    escaped = re.escape(delimiter)
    closed = re.compile(rf'(?:^|{escaped})"((?:[^"]|"")*)"(?={escaped}|$)')
    opened = re.compile(rf'(?:^|{escaped})"')
    proof = broken = whole = 0
    for line in lines[:JUDGED]:
        starts = len(opened.findall(line)) if '"' in line else 0
        if starts:
            contents = closed.findall(line)
            whole += len(contents) > 0
            proof += any(not each or delimiter in each or '""' in each or "\r" in each for each in contents)
            broken += starts > len(contents)
    return proof > broken or whole >= 0.5 * min(JUDGED, len(lines)) > 0
