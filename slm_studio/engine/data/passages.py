"""Rows as running text: a book, paragraphs, or lines, cut into pieces that can be held out."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from slm_studio.core.dataset import Dataset
from slm_studio.core.recipe import Recipe, split_of
from slm_studio.engine.data.rows import Rows, open_rows
from slm_studio.engine.data.splits import Splits

PIECE = 1000  # characters at which a very long line is cut into pieces, so that a book of one line can be split


def book_pieces(lines: Sequence[str]) -> list[str]:
    """Return the text as pieces that joined with "" give it back, each line with its line break."""
    pieces: list[str] = []
    for line in lines:
        line += "\n"
        pieces.extend(line[start : start + PIECE] for start in range(0, len(line), PIECE))
    return pieces


def paragraph_pieces(lines: Sequence[str]) -> list[str]:
    """Return the paragraphs: runs of rows between empty ones."""
    found: list[str] = []
    current: list[str] = []
    for line in (*lines, ""):
        if line.strip():
            current.append(line)
        elif current:
            found.append("\n".join(current))
            current = []
    return found


def cut_in_order(pieces: Sequence[str], shares: tuple[float, float]) -> tuple[list[str], list[str], list[str]]:
    """Cut pieces into train | validation | test by characters; `shares` are those of validation and test."""
    ends = np.cumsum([len(piece) for piece in pieces])
    total = int(ends[-1]) if len(ends) else 0
    first = int(np.searchsorted(ends, total * (1 - sum(shares)), side="left")) + 1
    second = max(first, int(np.searchsorted(ends, total * (1 - shares[1]), side="left")) + 1)
    return list(pieces[:first]), list(pieces[first:second]), list(pieces[second:])


def split_passages(dataset: Dataset, recipe: Recipe, role: str, reads: str) -> Splits:
    """Cut a book in order, so that held-out text is text never seen; shuffle texts of their own (see `pieces_of`)."""
    given = {name: pieces_of(open_rows(dataset, recipe, name).column(role), reads) for name in dataset.held_out}  # type: ignore[arg-type]
    pieces = pieces_of(open_rows(dataset, recipe).column(role), reads)
    if split_of(recipe, dataset) == "shuffled":
        order = np.random.Generator(np.random.PCG64(recipe.seed)).permutation(len(pieces))
        pieces = [pieces[place] for place in order]
    shares = tuple(
        0.0 if name in given else share or 0.0
        for name, share in (("validation", recipe.validation_share), ("test", recipe.test_share))
    )
    train, validation, test = cut_in_order(pieces, shares)  # type: ignore[arg-type]
    return Splits(
        train=passage_rows(train, role),
        validation=passage_rows(given.get("validation", validation), role),
        test=passage_rows(given.get("test", test), role),
    )


def passage_rows(texts: Sequence[str], role: str) -> Rows:
    """Return texts as rows of one role."""
    return Rows(pa.table({role: pa.array(list(texts), pa.large_string())}), {role: role})


def pieces_of(lines: Sequence[str], reads: str) -> list[str]:
    """Return rows as the texts that can be held out: of a “book” its pieces, “paragraphs”, or each row that is not blank."""
    if reads == "book":
        return book_pieces(lines)
    if reads == "paragraphs":
        return paragraph_pieces(lines)
    return [line for line in lines if line.strip()]
