"""Scored words: what was hidden, where it stood, and what the model would have put there."""

# N blocks, T tokens of a block

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from slm_studio.core.gaps import WRITTEN
from slm_studio.engine.examples import Ragged
from slm_studio.engine.models.filling.pieces import PieceTable

CASES = ("row", "text", "expected", "predicted", "score", "loss", "right")
MOST = 500
AROUND = 14  # tokens that are shown on either side of a hidden word
SIGNS = ",.;:!?)]}’”%，。、；：！？）》」』… "  # that no text begins with
SENTENCES = re.compile("[.!?。！？…]+")
Case = tuple[int, str, str, str, float, float, bool]


def cases_of(
    blocks: Sequence[np.ndarray],
    hidden: Sequence[np.ndarray],
    starts: Ragged,
    seen: Mapping[str, np.ndarray],
    table: PieceTable,
) -> list[Case]:
    """Return hidden words, the surest mistakes first; right ones, the surest first, follow. Half of MOST at most are mistakes."""
    found = [
        case
        for row, (ids_T, hidden_T) in enumerate(zip(blocks, hidden, strict=True))
        for case in _words(
            row, ids_T, hidden_T, starts[row].astype(bool), {name: each[row] for name, each in seen.items()}, table
        )
    ]
    found.sort(key=lambda case: (case[-1], -case[4]))
    wrong = [case for case in found if not case[-1]][: MOST // 2]
    return wrong + [case for case in found if case[-1]][: MOST - len(wrong)]


def _from_sentence(text: str) -> str:
    """Return the last sentence of a text, as far as it has begun."""
    return SENTENCES.split(text.lstrip(SIGNS))[-1].lstrip()


def _to_sentence(text: str) -> str:
    """Return a text up to the end of its first sentence."""
    found = SENTENCES.search(text)
    return text[: found.end()] if found else text


def _words(
    row: int,
    ids_T: np.ndarray,
    hidden_T: np.ndarray,
    starts_T: np.ndarray,
    seen: Mapping[str, np.ndarray],
    table: PieceTable,
) -> Iterator[Case]:
    """Yield the hidden words of a block."""
    at = np.flatnonzero(hidden_T)
    begins = [place for place, token in enumerate(at) if starts_T[token] or not hidden_T[token - 1]]
    for first, stop in zip(begins, [*begins[1:], len(at)], strict=True):
        tokens, said = at[first:stop], slice(first, stop)
        before = _from_sentence(table.spelled(ids_T[max(0, tokens[0] - AROUND) : tokens[0]]))
        after = _to_sentence(table.spelled(ids_T[tokens[-1] + 1 : tokens[-1] + 1 + AROUND]))
        blank = "" if table.unspaced_V[ids_T[tokens[0]]] else " "
        gap = WRITTEN * (1 if blank else len(tokens))  # of a script without blanks each piece is a gap
        joined = "" if after[:1] and not after[0].isalnum() else blank
        yield (
            row,
            f"{before}{blank}{gap}{joined}{after}".strip(),
            table.spelled(ids_T[tokens]),
            table.spelled(seen["guesses"][said]),
            round(float(seen["sure"][said].min()), 4),
            round(float(seen["nats"][said].mean()), 4),
            bool((seen["ranks"][said] == 0).all()),
        )
