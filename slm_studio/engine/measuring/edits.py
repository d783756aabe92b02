"""Edits: how many words, or characters, of a text have to be put in, left out or changed to make it another one.

Rates are those of a corpus: all edits over all words of the right texts, so that long sentences count more.
Source: Levenshtein 1966; counted by rapidfuzz, of which jiwer makes its rates.
"""

# N lists, M candidates of a list

import unicodedata
from collections.abc import Sequence

import numpy as np
from rapidfuzz import __version__
from rapidfuzz.distance import Levenshtein

from slm_studio.core.candidate_columns import WORDS
from slm_studio.engine.measuring.scoring import bootstrap

_LOOSE = ("P", "S")  # kinds of characters that are no letters


def units_in(text: str, unit: str, *, loosely: bool = False) -> Sequence[str]:
    """Return the words of a text, or its characters but for blanks; `loosely`: without case and punctuation.

    Example: units_in("It's 8.", "words", loosely=True) == ["it's", "8"]
    """
    if loosely:
        text = "".join(
            letter for letter in text.casefold() if letter in "'’" or unicodedata.category(letter)[0] not in _LOOSE
        )
    words = text.split()
    return words if unit == WORDS else "".join(words)


def edits(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the fewest edits between two rows of units. Example: edits("a b c".split(), "a c d".split()) == 2"""
    return Levenshtein.distance(one, other)


def rate(errors_N: np.ndarray, true_N: np.ndarray) -> float:
    """Return all errors over all units of the right texts."""
    return float(errors_N.sum() / max(1.0, true_N.sum()))


def rate_interval(errors_N: np.ndarray, true_N: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of a rate over resampled lists."""
    value = rate(errors_N, true_N)
    low, high = bootstrap(lambda rows: rate(errors_N[rows], true_N[rows]), len(errors_N))
    return min(low, value), max(high, value)


def counted(unit: str, *, loosely: bool) -> str:
    """Return how errors were counted, without which they cannot be compared with others."""
    kind = "WER: words between blanks" if unit == WORDS else "CER: characters without blanks"
    loose = ", case and punctuation left out" if loosely else ", case and punctuation count"
    return f"{kind}{loose}; all edits over all units of the right texts (rapidfuzz {__version__})"
