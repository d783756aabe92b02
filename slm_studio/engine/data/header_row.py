"""The header row: which row of a table names its columns, known by how it differs from what stands below it.

A name is not known by its last character (“What went wrong?” names a column), but by its column: it occurs once above
values that recur, it is no number above numbers and no date above dates.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

from slm_studio.engine.data.names import is_known_name

LONGEST_NAME = 60  # characters; longer names exist (questions of a form), but a longer first cell is more likely data
MOST_TITLES = 10  # rows above the header
OFTEN = 0.1  # share of rows up to which they may be the header once more
PROVEN = 2.0  # what the header below a title must score
_SENTENCE = re.compile(r"[.!…。！]\s*$|[，。！；]|[a-z]{2}[.!,;] ")
_QUESTION = re.compile(r"[?？]\s*$")
_NUMBER = re.compile(r"^[+-]?(\d+([.,]\d+)*|\.\d+)([eE][+-]?\d+)?\s*%?$")
_DATE = re.compile(r"^\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}日?([ T,].*)?$|^\d{1,2}:\d\d(:\d\d.*)?$")
_CODE = re.compile(r"^(?=.*\d)[\w\-:/.@#]+$|^\w+://\S+$|^\S+@\S+\.\w+$")

Table = Sequence[Sequence[str]]


def find_header(rows: Table, width: int) -> int:
    """Return the place of the row that names the columns, -1 where no row does.

    Rows above it hold a title: at most half of their cells are filled, and the header below them is plain to see.
    Example: find_header([["Export", ""], ["text", "label"], ["so late", "anger"]], 2) == 1
    """
    if not rows:
        return -1
    if width > 1 and _is_title(rows[0], width) and not _known(rows[0], rows[1:]):
        below = next((at for at, row in enumerate(rows[: MOST_TITLES + 1]) if not _is_title(row, width)), 0)
        if below and likelihood(rows[below:], width) >= PROVEN:
            return below
    return 0 if likelihood(rows, width) > 0 else -1


def likelihood(rows: Table, width: int) -> float:
    """Return how likely (in nats, 0 is even) the first row names the columns rather than being data itself."""
    first = [cell.strip().lstrip("\ufeff") for cell in rows[0]]
    rest = [row for row in rows[1:] if list(row) != list(rows[0])]
    if len(rest) < (1 - OFTEN) * (len(rows) - 1):
        rest = list(rows[1:])  # too often for a header that files put together repeat
    if not any(first):
        return -10.0
    if first == [str(number) for number in range(len(first))] and len(first) > 1:
        return 10.0  # pandas numbers columns that have no names
    if _known(first, rest) or _known(first, []) > 1:
        return 10.0
    columns = [[row[place].strip() for row in rest if len(row) > place] for place in range(width)]
    return 1.0 + sum(
        _difference(cell, [each for each in column if each]) for cell, column in zip(first, columns, strict=False)
    )


def _is_title(row: Sequence[str], width: int) -> bool:
    """Say whether so few cells are filled that the row may be a title over a table."""
    return sum(bool(cell.strip()) for cell in row) <= max(1, width // 2)


def _known(first: Sequence[str], rest: Table) -> int:
    """Count the cells that are names columns go by, and no value of their column."""
    return sum(
        is_known_name(cell) and not any(len(row) > place and row[place].strip() == cell for row in rest)
        for place, cell in enumerate(each.strip() for each in first)
    )


def _difference(cell: str, column: Sequence[str]) -> float:
    """Return how much a cell differs from the cells below it, less how much it looks like one of them."""
    if not cell:
        return 3.0 if _counts_up(column) else 0.0  # pandas leaves the name of its row numbers empty
    if not column:
        return -2.0 if _NUMBER.match(cell) else 0.0
    if cell in column:
        return -4.0
    for pattern, weight in ((_NUMBER, 4.0), (_DATE, 4.0), (_CODE, 2.0)):
        if _share(pattern, column) > 0.9:
            return weight if not pattern.match(cell) else -weight if weight > 2.0 else 0.0
    if _NUMBER.match(cell):
        return -2.0
    return _rarity(cell, column) + _looks(cell, column)


def _rarity(cell: str, column: Sequence[str]) -> float:
    """Return the surprise that a row of data held a value none of the others holds (Good and Turing's estimate)."""
    counts = Counter(column)
    once = sum(count == 1 for count in counts.values())
    if len(counts) > 0.5 * len(column):
        return 0.0
    longer = 1.0 if len(cell) > max(map(len, counts)) else 0.0
    return longer - math.log((once + 1) / (len(column) + 1))


def _looks(cell: str, column: Sequence[str]) -> float:
    """Return what the form of the cell says: a sentence among sentences is data, a word above them is a name."""
    lengths = sorted(map(len, column))
    usual = lengths[len(lengths) // 2]
    score = 0.0
    if usual > 20 and len(cell) < min(lengths[len(lengths) // 20], 0.5 * usual):
        score += 1.0
    if _QUESTION.search(cell):
        score -= 2.0 if _asks(column) > 0.3 else 0.5
    elif _SENTENCE.search(cell):
        score -= 2.5
    elif len(cell.split()) > 3 and len(cell) >= 0.5 * usual:
        score -= 1.5
    if len(cell) > LONGEST_NAME:
        score -= 1.0
    return score - (2.0 if "\n" in cell or cell.startswith('"') else 0.0)


def _counts_up(column: Sequence[str]) -> bool:
    """Say whether these are row numbers from 0 or 1."""
    return len(column) > 1 and any(column == [str(at + start) for at in range(len(column))] for start in (0, 1))


def _asks(column: Sequence[str]) -> float:
    return sum(bool(_QUESTION.search(cell)) for cell in column) / len(column)


def _share(pattern: re.Pattern[str], column: Sequence[str]) -> float:
    return sum(bool(pattern.match(cell)) for cell in column) / len(column)
