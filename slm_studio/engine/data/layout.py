"""Layout: where in a grid of cells the table stands. Titles above it, empty rows, and totals below it are no rows of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from slm_studio.core.texts import mark
from slm_studio.engine.data.header_row import find_header
from slm_studio.engine.data.headers import note_titles
from slm_studio.engine.data.notes import Notes

JUDGED = 400  # rows that settle the usual width
MOST_TITLES = 20
MOST_FOOT = 5  # rows below an empty one, at the end, that may be totals or remarks

Row = list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """The parts of a grid. `columns` are places of columns with anything in them; every row holds these only."""

    columns: tuple[int, ...]
    titles: tuple[str, ...]
    header: Row | None
    rows: Sequence[Row]
    foot: tuple[str, ...]
    empty: int

    def say(self, notes: Notes) -> None:
        """Tell `notes` what was taken for no row."""
        if self.titles:
            note_titles(self.titles, notes)
        if self.foot:
            notes.add(
                "foot-rows",
                mark("{count} {count:row|rows} below the table {count:was|were} left out: {text}."),
                count=len(self.foot),
                text=" · ".join(self.foot)[:200],
            )
        if self.empty:
            notes.add("rows-empty", mark("{count} empty {count:row was|rows were} left out."), count=self.empty)
        if self.header is None:
            notes.add("no-header", mark("The first row looks like data, so the columns were named here."))


def lay_out(grid: Sequence[Row], header: bool | None = None) -> Layout:
    """Find the table in a grid whose rows are all of one width. `header` settles whether it has one.

    Example: [["Report", ""], ["", ""], ["text", "label"], ["a", "x"]] → title “Report”, header text and label, one row
    """
    columns = tuple(at for at, cells in enumerate(zip(*grid, strict=True)) if any(cells))
    rows = [[row[at] for at in columns] for row in grid]
    filled = [sum(map(bool, row)) for row in rows]
    usual = _usual([count for count in filled if count][:JUDGED])
    begin = next((at for at, count in enumerate(filled) if count > usual / 2), 0)
    if sum(map(bool, filled[:begin])) > MOST_TITLES:
        begin = next((at for at, count in enumerate(filled) if count), 0)
    titles = tuple(" ".join(filter(None, row)) for row in rows[:begin] if any(row))
    end = _end(filled, usual, begin)
    foot = tuple(" ".join(filter(None, row)) for row in rows[end:] if any(row))
    body = [row for row, count in zip(rows[begin:end], filled[begin:end], strict=True) if count]
    named = bool(body) and (find_header(body[:JUDGED], len(columns)) == 0 if header is None else header)
    return Layout(
        columns=columns,
        titles=titles,
        header=body[0] if named else None,
        rows=body[1:] if named else body,
        foot=foot,
        empty=sum(not count for count in filled[begin:end]),
    )


def _usual(counts: Sequence[int]) -> int:
    """Return how many cells a row of the table has: the most frequent count, the larger of two."""
    frequencies = Counter(counts)
    return max(frequencies, key=lambda each: (frequencies[each], each), default=0)


def _end(filled: Sequence[int], usual: int, begin: int) -> int:
    """Return where the table ends: before a few sparse rows behind an empty one, at the end."""
    end = len(filled)
    while end > begin and not filled[end - 1]:
        end -= 1
    foot = end
    while foot > begin and filled[foot - 1] and filled[foot - 1] <= usual / 2:
        foot -= 1
    is_foot = usual > 2 and 0 < end - foot <= MOST_FOOT and foot > begin + 1 and not filled[foot - 1]
    return foot if is_foot else end
