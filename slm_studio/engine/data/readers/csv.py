"""CSV and TSV: cells between delimiters, with or without quotes, with or without a header."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from slm_studio.core.dataset import UNDIVIDED, ReadOptions
from slm_studio.core.texts import mark
from slm_studio.engine.data import dialect
from slm_studio.engine.data.delimited import EACH_LINE, Grammar, Record, RecordReader
from slm_studio.engine.data.dialect import LONG, Dialect
from slm_studio.engine.data.encoding import decode_stream
from slm_studio.engine.data.escapes import doubled_groups
from slm_studio.engine.data.headers import free_name, invented_names, note_titles, settled_names
from slm_studio.engine.data.lines import Lines, split_lines
from slm_studio.engine.data.names import is_known_name
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.readers import Chunk
from slm_studio.engine.data.source import HEAD, Source

ENDINGS = (".csv", ".tsv", ".tab", ".psv")
MOST_COLUMNS = 20  # of a table under a name of plain text
FEWEST, FEW, MOST_LABELS, LONGEST_LABEL = 10, 0.3, 60, 40  # rows, and what their labels are like
MOST_SURPLUS = 50  # further columns that rows with too many cells may open


def sniff(head: bytes, name: str) -> float:
    """Trust the name; else the first rows must fall into the same number of cells."""
    if name.lower().endswith(ENDINGS):
        return 0.8
    text = head.decode("utf-8", "replace")
    found = dialect.judge(text, name)
    enough = len(found.rows) >= 3 and found.width > 1 and "\n\n" not in text.replace("\r\n", "\n")
    if not enough or found.fit < 0.98:
        return 0.0
    if name.lower().endswith((".txt", ".text", ".md")):  # only tabs are never prose
        if found.delimiter == "\t":
            return 0.7 if found.width <= MOST_COLUMNS else 0.0
        return 0.7 if not name.lower().endswith(".md") and _is_table(found) else 0.0
    return 0.7 if found.delimiter == "\t" else 0.5


def _is_table(found: Dialect) -> bool:
    """Say whether lines that agree on a delimiter are rows and no verses: names above them, or labels in them."""
    if found.width > MOST_COLUMNS:
        return False
    if found.delimiter in LONG or (found.header and sum(map(is_known_name, found.header)) > 1):
        return True
    usual = [row for row in found.rows if len(row) == found.width]
    ends = [(before.endswith(" "), behind.startswith(" ")) for row in usual for before, behind in pairwise(row)]
    if len(usual) < FEWEST or ends.count((False, True)) > 0.5 * len(ends):
        return False  # as behind the commas of prose
    return any(
        len(set(column)) <= min(MOST_LABELS, FEW * len(column)) and max(map(len, column)) <= LONGEST_LABEL
        for column in zip(*usual, strict=True)
    )


def read(source: Source, options: ReadOptions, notes: Notes) -> Iterator[Chunk]:
    """Yield the rows, padded or widened to one width."""
    found = dialect.judge(_head(source, notes), source.name, _unescaped(options.delimiter), options.header)
    notes.format = "tsv" if found.delimiter == "\t" else "csv"
    notes.delimiter = "" if found.delimiter == EACH_LINE else found.delimiter
    notes.header = found.header_at >= 0
    groups = split_lines(source.text(notes.encoding, notes), lone_returns_end=found.lone_returns_end)
    if found.escapes:
        groups = doubled_groups(groups)
        notes.add("quotes-escaped", mark("Quotes within cells stand behind a backslash, which was taken away."))
    grammar = Grammar(
        delimiter=found.delimiter, quoting=found.quoting, width=found.width, surplus=_surplus_place(found)
    )
    header = list(found.header) if found.header and found.width > 1 else None
    reader = RecordReader(_skip(groups, found.skipped), grammar, notes, above=found.above, header=header)
    names = _names(found, notes)
    width, row = len(names), 0
    for records in reader:
        yield _columns(records, names, width, found.delimiter, row, notes)
        row += len(records)


def _head(source: Source, notes: Notes) -> str:
    return "".join(decode_stream(iter([source.sample()[:HEAD]]), notes.encoding, Notes()))


def _unescaped(delimiter: str) -> str:
    """Return the delimiter a person wrote; \\t and the word tab mean a tab, none that each line is one cell."""
    return {"\\t": "\t", "tab": "\t", UNDIVIDED: EACH_LINE}.get(delimiter, delimiter)


def _skip(groups: Iterator[Lines], count: int) -> Iterator[Lines]:
    for lines, ends in groups:
        yield lines[count:], ends[count:]
        count = 0


def _names(found: Dialect, notes: Notes) -> list[str]:
    if found.header is None:
        if found.header_at < 0:
            notes.add("no-header", mark("The first row looks like data, so the columns were named here."))
        return invented_names(found.rows, found.width)
    if found.header_at > 0:
        titles = [" ".join(filter(None, map(str.strip, row))) for row in found.records[: found.header_at]]
        note_titles(titles, notes)
    first = list(found.header)[: found.width]
    return settled_names(first + [""] * (found.width - len(first)), notes)


def _surplus_place(found: Dialect) -> int:
    """Return the column that delimiters nobody quoted belong to; -1 where the cells beyond the last are columns.

    The longest column is meant if the columns behind it still hold the values that recur there. Where it is the last
    one, prose shows by the space that follows its commas.
    """
    if found.width == 1:
        return 0
    wide = [row for row in found.rows if len(row) > found.width and any(row[found.width :])]
    usual = [row for row in found.rows if len(row) == found.width]
    if len(wide) < max(3, 0.02 * len(found.rows)) or not usual:
        return -1
    place = max(range(found.width), key=lambda each: sum(len(row[each]) for row in usual))
    if place < found.width - 1:
        return place if _recur(usual, wide, found.width - 1 - place) else -1
    spaced = sum(cell.startswith(" ") for row in wide for cell in row[found.width :])
    return place if spaced >= 0.5 * sum(len(row) - found.width for row in wide) else -1


def _recur(usual: Sequence[Sequence[str]], wide: Sequence[Sequence[str]], behind: int) -> bool:
    """Say whether the last `behind` cells of wide rows hold values that recur in those places of the others."""
    proof = False
    for place in range(-behind, 0):
        values = {row[place] for row in usual}
        if len(values) > 0.5 * len(usual):
            continue
        if sum(row[place] in values for row in wide) <= 0.9 * len(wide):
            return False
        proof = True
    return proof


def _columns(records: Sequence[Record], names: list[str], width: int, delimiter: str, row: int, notes: Notes) -> Chunk:
    """Turn records into columns; those with another number of cells than `width` are mended, and may add to `names`."""
    if any(length != width for length in map(len, records)):
        records = [
            record if len(record) == width else _mended(record, width, delimiter, row + at, notes)
            for at, record in enumerate(records)
        ]
    widest = max(map(len, records), default=width)
    for number in range(len(names), widest):
        names.append(free_name(f"column_{number + 1}", names))
    if len(names) > width:
        records = [record + [""] * (len(names) - len(record)) for record in records]
    columns = list(zip(*records, strict=True)) or [()] * len(names)
    return dict(zip(names, columns, strict=True))


def _mended(record: Record, width: int, delimiter: str, row: int, notes: Notes) -> Record:
    if len(record) < width:
        notes.add(
            "rows-short",
            mark("{count} {count:row has|rows have} too few cells; the missing ones are empty."),
            place=row,
        )
        return record + [""] * (width - len(record))
    if not any(record[width:]):
        notes.add(
            "rows-trailing", mark("{count} {count:row ends|rows end} in empty cells beyond the last column."), place=row
        )
        return record[:width]
    notes.add(
        "rows-wide",
        mark("{count} {count:row has|rows have} more cells than columns; the surplus has columns of its own."),
        place=row,
    )
    most = width + MOST_SURPLUS
    return record if len(record) <= most else [*record[: most - 1], delimiter.join(record[most - 1 :])]
