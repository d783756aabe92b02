"""Known pairs: what a model learnt from, kept beside its net, as a translator keeps a translation memory.

A person's texts repeat themselves. Where a new one is much like one that was learnt, the answer that stands there is often
better than any that a small net finds; the net itself says how well it fits. Numbers are what a translation must not
change: a pair with other ones than were asked for is not offered.
Source: Bulté & Tezcan 2019, https://aclanthology.org/P19-1175 (section 2.2: matches by edit distance over words)
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from rapidfuzz.distance import Levenshtein

from slm_studio.core import files
from slm_studio.core.answer_columns import PAIRS_FILE as FILE
from slm_studio.engine.data.splits import fold
from slm_studio.engine.measuring.nearest import Nearest, words

MOST = 100_000  # pairs that are kept
LOOKED_AT, OFFERED = 50, 6  # texts that share words, and how many of these are weighed
LEAST = 0.6  # likeness: of what is less like, nobody would take the answer
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Known:
    """One learnt pair, looked at from the side that was asked."""

    source: str
    target: str
    likeness: float  # of the source to what was asked, 0 … 1: a share of words in order


class KnownPairs:
    """Sources and their targets, ready to be asked from either side."""

    def __init__(self, sources: Sequence[str], targets: Sequence[str]) -> None:
        """Keep the pairs, of very many some from all over; those with an empty side are left out."""
        whole = [(one, other) for one, other in zip(sources, targets, strict=True) if one.strip() and other.strip()]
        places = np.linspace(0, len(whole) - 1, min(len(whole), MOST)).astype(np.int64)
        self.pairs = [whole[place] for place in places]

    def like(self, text: str, *, back: bool) -> list[Known]:
        """Return what is known of texts like this one, with the same numbers, the likest first; `back` asks from the targets' side."""
        nearest, known = self._asked[back]
        scores_N, asked, numbers = nearest.scores(text), words(text), numbers_in(text)
        near = [int(place) for place in np.argsort(-scores_N, kind="stable")[:LOOKED_AT] if scores_N[place] > 0]
        likeness = {place: float(Levenshtein.normalized_similarity(asked, known[place])) for place in near}
        near = [place for place in near if likeness[place] >= LEAST and numbers_in(self.pairs[place][back]) == numbers]
        near.sort(key=lambda place: -likeness[place])
        return [
            Known(self.pairs[place][back], self.pairs[place][not back], likeness[place]) for place in near[:OFFERED]
        ]

    def without(self, sources: Sequence[str], targets: Sequence[str]) -> "KnownPairs":
        """Return the pairs of which no side stands on the same side here."""
        there, back = ({fold(text) for text in side} for side in (sources, targets))
        left = [pair for pair in self.pairs if fold(pair[0]) not in there and fold(pair[1]) not in back]
        return KnownPairs([one for one, _ in left], [other for _, other in left])

    @cached_property
    def _asked(self) -> tuple[tuple[Nearest, list[list[str]]], ...]:
        sides = ([pair[side] for pair in self.pairs] for side in (0, 1))
        return tuple((Nearest(texts), [words(text) for text in texts]) for texts in sides)

    def save(self, folder: Path) -> None:
        """Write the pairs into a model's folder, one a line."""
        lines = [json.dumps(pair, ensure_ascii=False) for pair in self.pairs]
        files.write_atomic(folder / FILE, "\n".join(lines) + "\n")


def numbers_in(text: str) -> list[int]:
    """Return the numbers that stand in a text in digits of any script, in order of size. Example: "Room ３, 2 beds" → [2, 3]"""
    return sorted(int(digits) for digits in _NUMBER.findall(text))


def open_known(folder: Path) -> KnownPairs | None:
    """Read the pairs of a model's folder; None where there are none. A line that holds no pair costs that pair alone."""
    try:
        lines = (folder / FILE).read_bytes().split(b"\n")
    except OSError:
        return None
    pairs = [pair for pair in map(_pair_in, lines) if pair is not None]
    return KnownPairs([one for one, _ in pairs], [other for _, other in pairs]) if pairs else None


def _pair_in(line: bytes) -> tuple[str, str] | None:
    try:
        one, other = json.loads(line)
    except (ValueError, TypeError):
        return None
    return (one, other) if isinstance(one, str) and isinstance(other, str) else None
