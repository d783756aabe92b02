"""Matches: how each word of a passage meets the words of a question, in numbers that need no learning.

Word for word, but for case, by its beginning, in a pair with its neighbour (of which Chinese words are made), how rare the
word is in the window, and how much of the question stands nearby. They are shares, kept as whole hundredths.
"""

# T words of a passage, M ways to match

import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np

MATCHES = 7
WHOLE = 100  # a match, in hundredths
STEM = 4  # characters that words must share at their beginning
NEAR = (4, 12)  # words to each side that are nearby


def matches_of(question: Sequence[str], passage: Sequence[str]) -> np.ndarray:
    """Return the matches [T, M] of a passage's words with those of a question, in hundredths."""
    asked, lower = set(question), [word.casefold() for word in question]
    folded = [word.casefold() for word in passage]
    counts = Counter(folded)
    stems = {word[:STEM] for word in lower if len(word) >= STEM}
    pairs = set(itertools.pairwise(lower))
    known, found = set(lower), np.zeros((len(passage), MATCHES), np.float32)
    for place, (word, fold) in enumerate(zip(passage, folded, strict=True)):
        if not word[:1].isalnum():
            continue  # a full stop matches nothing
        rare = 1 / np.log2(1 + counts[fold])
        found[place, 0] = word in asked
        found[place, 1] = fold in known
        found[place, 2] = len(fold) >= STEM and fold[:STEM] in stems
        found[place, 3] = rare if fold in known else 0.0
        after = fold, folded[place + 1] if place + 1 < len(folded) else ""
        if after in pairs:
            found[place, 4] = found[place + 1, 4] = 1.0
    for way, near in enumerate(NEAR, 5):
        found[:, way] = _around(found[:, 3] + found[:, 4], near)
    return np.rint(found * WHOLE).astype(np.int32)


def _around(shares_T: np.ndarray, near: int) -> np.ndarray:
    """Return how much of a row of numbers stands within `near` places of each, as a share of the most."""
    sums = np.concatenate([[0.0], np.cumsum(shares_T)])
    places = np.arange(len(shares_T))
    around_T = sums[np.minimum(places + near + 1, len(shares_T))] - sums[np.maximum(places - near, 0)]
    found: np.ndarray = around_T / max(1e-6, float(around_T.max(initial=0.0)))
    return found
