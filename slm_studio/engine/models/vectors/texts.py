"""The texts that vectors learn from: whole passages, and whether there is enough in them."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from slm_studio.core.errors import StudioError
from slm_studio.engine.data.languages import is_han
from slm_studio.engine.data.rows import Rows

LOOKED_AT = 2000  # rows by which their words are counted
LONGEST = 64_000  # characters of a passage; a book without an empty line is cut there


def passages(cells: Sequence[str], reads: str) -> Iterator[str]:
    """Yield the texts over whose ends no window reaches: rows, or of a “book” its paragraphs put together again."""
    if reads != "book":
        yield from cells
        return
    held: list[str] = []
    size = 0
    for cell in cells:
        held.append(cell)
        size += len(cell)
        if not cell.strip() or size >= LONGEST:
            yield "".join(held)
            held, size = [], 0
    yield "".join(held)


def about_words(rows: Rows, role: str) -> int:
    """Return about how many words rows hold, without cutting them: a Chinese word has 1.6 characters."""
    step = max(1, len(rows) // LOOKED_AT)
    some = rows.take(np.arange(0, len(rows), step))
    cells = some.column(role)
    latin = sum(map(len, map(str.split, cells)))
    han = sum(sum(map(is_han, cell)) for cell in cells if not cell.isascii())
    return round((latin + han / 1.6) * len(rows) / max(1, len(some)))


def refuse_hopeless(counts: Counter[str], least: int, window: int, column: str) -> None:
    """Refuse texts from which no vectors can be learnt. Raises StudioError."""
    total, kept = counts.total(), sum(count >= least for count in counts.values())
    if not total:
        raise StudioError(
            "no-words",
            "Column “{column}” holds no word: only signs, or nothing.",
            "Choose the column that holds the texts.",
            column=column,
        )
    if len(counts) == 1:
        raise StudioError(
            "one-word",
            "The texts hold a single word, “{word}”, {total} {total:time|times}. A word is known by others that stand beside it.",
            "Add text: a few pages are the least, a book is good.",
            word=next(iter(counts)),
            total=total,
        )
    if kept < 2:
        raise StudioError(
            "words-too-rare",
            "Of {words} different words {kept} {kept:stands|stand} at least {least} times in the texts, so there is nothing to learn.",
            "Lower “Least count” (--min-count), or add text.",
            words=len(counts),
            kept=kept,
            least=least,
        )
    if window >= total:
        raise StudioError(
            "window-too-large",
            "The window of {window} words on either side is larger than the whole text, which has {total}.",
            "Choose a smaller window (--window), or add text.",
            window=window,
            total=total,
        )
