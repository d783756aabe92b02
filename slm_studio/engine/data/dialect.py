"""Dialect: the delimiter, the quoting, the line ends and the header of a delimited file, judged from its first lines."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from slm_studio.engine.data.delimited import Grammar, Record, RecordReader
from slm_studio.engine.data.lines import Lines, split_lines
from slm_studio.engine.data.names import is_known_name
from slm_studio.engine.data.notes import Notes

DELIMITERS = (",", "\t", ";", "|")
PRIOR = {"csv": {",": 0.05, ";": 0.03}, "tsv": {"\t": 0.5}, "tab": {"\t": 0.5}, "psv": {"|": 0.5}}
JUDGED = 400  # records
LONGEST_NAME = 60  # characters; a longer first cell is no column name
_SEPARATOR = re.compile(r'^"?sep=(.)"?$', re.IGNORECASE)
_SENTENCE = re.compile(r"[.?!…。？！]\s*$|[，。？！；]|[a-z]{2}[.?!,;] ")
_NUMBER = re.compile(r"^[+-]?(\d+([.,]\d+)?|\.\d+)([eE][+-]?\d+)?%?$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """How a delimited file is written. `fit` (0…1) is the share of its first rows that have `width` cells."""

    delimiter: str
    quoting: bool
    width: int
    header: bool
    lone_returns_end: bool
    skipped: int  # lines before the header or the first row
    fit: float
    rows: tuple[tuple[str, ...], ...]  # the records that were judged, the header included


def judge(head: str, name: str, delimiter: str = "", header: bool | None = None) -> Dialect:
    """Return the dialect of a file that begins with `head`. `name` (its ending counts) breaks ties."""
    lone = lone_returns_end(head)
    lines, ends = _first_lines(head, lone)
    skipped = 0
    if lines and (separator := _SEPARATOR.match(lines[0].lstrip("\ufeff"))):
        skipped, delimiter = 1, delimiter or separator[1]
        lines, ends = lines[1:], ends[1:]
    found = [_try(lines, ends, each) for each in ((delimiter,) if delimiter else DELIMITERS)]
    prior = PRIOR.get(name.rpartition(".")[2].lower(), {})
    best = max(found, key=lambda each: each.fit + prior.get(each.delimiter, 0.0) if each.width > 1 else 0.0)
    if not delimiter and best.fit < 0.8 and best.rows and len(best.rows[0]) == 1:
        best = _try(lines, ends, best.delimiter, width=1)  # prose with commas under a single header
    guessed = has_header(best.rows, best.width) if header is None else header
    return Dialect(
        delimiter=best.delimiter,
        quoting=best.quoting,
        width=_header_width(best, guessed),
        header=guessed,
        lone_returns_end=lone,
        skipped=skipped,
        fit=best.fit,
        rows=best.rows,
    )


def lone_returns_end(head: str) -> bool:
    """Say whether a \\r without \\n ends a line here: not where there are only a few among other line ends."""
    both, returns, feeds = head.count("\r\n"), head.count("\r"), head.count("\n")
    lone = returns - both
    return lone > 0.02 * (feeds + lone)


def has_header(rows: Sequence[Sequence[str]], width: int) -> bool:
    """Say whether the first row names the columns rather than being data itself."""
    if not rows:
        return True
    first, rest = [cell.strip() for cell in rows[0]], rows[1:]
    if any(is_known_name(cell) for cell in first):
        return True
    if not any(first) or any(len(cell) > LONGEST_NAME or "\n" in cell for cell in first):
        return False
    if first == [str(number) for number in range(len(first))] and len(first) > 1:
        return True  # pandas numbers columns that have no names
    if any(_SENTENCE.search(cell) for cell in first) or any(cell.startswith('"') for cell in first):
        return False
    for place, cell in enumerate(first[:width]):
        column = [row[place].strip() for row in rest if len(row) > place]
        if cell and cell in column:
            return False
        if column and _share_of_numbers(column) > 0.9:
            return not _NUMBER.match(cell)
    return not any(_NUMBER.match(cell) for cell in first)


def _share_of_numbers(column: Sequence[str]) -> float:
    return sum(bool(_NUMBER.match(cell)) for cell in column) / len(column)


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
    rows: tuple[tuple[str, ...], ...]


def _try(lines: list[str], ends: list[str], delimiter: str, width: int = 0) -> _Trial:
    """Cut the lines at `delimiter`, with quotes that enclose and with quotes that do not, and keep the better way."""
    if width:
        rows = _records(lines, ends, Grammar(delimiter=delimiter, quoting=False, width=width))
        joined = tuple((delimiter.join(row),) for row in rows)
        return _Trial(delimiter=delimiter, quoting=False, width=1, fit=1.0, rows=joined)
    literal, quoted = (_try_quoting(lines, ends, delimiter, quoting) for quoting in (False, True))
    proven = delimiter != "\t" or _quotes_enclose(lines, delimiter) or _holds_line_ends(quoted.rows)
    margin = 0.0 if proven else 0.05
    return quoted if quoted.fit + 0.005 >= literal.fit + margin else literal


def _try_quoting(lines: list[str], ends: list[str], delimiter: str, quoting: bool) -> _Trial:
    rows = _records(lines, ends, Grammar(delimiter=delimiter, quoting=quoting))
    filled = [row for row in rows if any(row)]
    widths = Counter(map(len, filled))
    if not widths:
        return _Trial(delimiter=delimiter, quoting=quoting, width=1, fit=0.0, rows=tuple(map(tuple, rows)))
    first = len(_trimmed(rows[0]))
    usual = max(widths, key=lambda each: (widths[each], each))
    if widths[first] >= 0.5 * widths[usual]:
        usual = first
    fit = sum(len(row) == usual or (len(row) > usual and not any(row[usual:])) for row in filled) / len(filled)
    if widths[usual] > 1:  # once the width is known, stray quotes are judged better
        rows = _records(lines, ends, Grammar(delimiter=delimiter, quoting=quoting, width=usual))
    return _Trial(delimiter=delimiter, quoting=quoting, width=usual, fit=fit, rows=tuple(map(tuple, rows)))


def _records(lines: list[str], ends: list[str], grammar: Grammar) -> list[Record]:
    groups = ((lines[at : at + JUDGED], ends[at : at + JUDGED]) for at in range(0, len(lines), JUDGED))
    reader, found = RecordReader(groups, grammar, Notes()), []
    for records in reader:
        found += records
        if len(found) >= JUDGED:
            return found
    return found[: reader.open_at] if reader.open_at >= 0.3 * len(found) > 0 else found  # cut within a quoted cell


def _trimmed(row: Record) -> Record:
    """Drop empty cells at the end, but never more than one of two."""
    end = len(row)
    while end > 2 and not row[end - 1]:
        end -= 1
    return row[:end]


def _header_width(trial: _Trial, header: bool) -> int:
    """The header settles the number of columns where there is one."""
    if header and trial.rows and trial.width > 1:
        return max(len(_trimmed(list(trial.rows[0]))), 1)
    return trial.width


def _holds_line_ends(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether quoted cells span lines. (One that swallowed a row by accident would hold a tab, too.)"""
    return any("\n" in cell and "\t" not in cell for row in rows for cell in row)


def _quotes_enclose(lines: list[str], delimiter: str) -> bool:
    """Say whether there is proof that quotes enclose cells: a delimiter or a doubled quote inside, or quotes in most rows.

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
            proof += any(delimiter in content or '""' in content for content in contents)
            broken += starts > len(contents)
    return proof > broken or whole >= 0.5 * min(JUDGED, len(lines)) > 0
