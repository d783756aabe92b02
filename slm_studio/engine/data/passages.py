"""Rows as running text: a book, paragraphs, or lines, cut into pieces that can be held out."""

from collections.abc import Sequence

import numpy as np

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
