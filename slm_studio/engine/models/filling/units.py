"""Units: which tokens are hidden together, so that no half of a word gives the other half away.

Words of most scripts are what their vocabulary takes apart; Chinese words are cut by a dictionary, as word vectors cut them.
"""

# S tokens of a stream

from collections.abc import Iterator

import numpy as np
from transformers import PreTrainedTokenizerBase

from slm_studio.engine.models.filling.pieces import PieceTable, piece_table
from slm_studio.engine.models.vectors.cutting import Cutter, dictionary_cutter

WHOLE, CHARACTERS, PIECES = "whole", "characters", "pieces"


def starts_of(ids_S: np.ndarray, tokenizer: PreTrainedTokenizerBase, units: str) -> np.ndarray:
    """Return at which tokens a unit begins: whole words, single characters of scripts without blanks, or single pieces."""
    if units == PIECES:
        return np.ones(len(ids_S), dtype=bool)
    table = piece_table(tokenizer)
    starts_S: np.ndarray = table.begins_V[ids_S] | table.spared_V[ids_S]
    starts_S[1:] |= table.spared_V[ids_S[:-1]] | _after_sign(ids_S, table)
    cutter = dictionary_cutter(()) if units == WHOLE else None
    if cutter is not None:
        for start, end in _runs(table.unspaced_V[ids_S]):
            starts_S[start:end] = _cut(ids_S[start:end], table, cutter)
    return starts_S


def in_frame(starts: np.ndarray, opening: int, closing: int) -> np.ndarray:
    """Return where units begin in a block; each token of the frame is one by itself, and so is the first after it."""
    found = np.concatenate([np.ones(opening, bool), starts, np.ones(closing, bool)])
    found[opening : opening + 1] = True
    return found


def _after_sign(ids_S: np.ndarray, table: PieceTable) -> np.ndarray:
    """Return for each token but the first whether the one before it is punctuation or of a script without blanks."""
    ends_V = np.array([bool(text) and not text[-1].isalnum() for text in table.texts]) | table.unspaced_V
    found: np.ndarray = ends_V[ids_S[:-1]]
    return found


def _runs(inside_S: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield the stretches in which all is true. Example: [F T T F T] → (1, 3), (4, 5)"""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside_S, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _cut(ids: np.ndarray, table: PieceTable, cutter: Cutter) -> np.ndarray:
    """Return at which tokens of a stretch a word of the dictionary begins; one across two words belongs to the first."""
    texts = [table.texts[each] for each in ids]
    begins = np.cumsum([0, *map(len, cutter.cut("".join(texts)))])
    places = np.cumsum([0, *map(len, texts)])[:-1]
    found: np.ndarray = np.isin(places, begins)
    found[0] = True
    return found
