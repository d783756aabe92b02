"""Nearest: the texts that share most words with a question, by BM25. A simple method that others have to beat.

Source: Robertson & Zaragoza 2009, “The Probabilistic Relevance Framework: BM25 and Beyond”; counted by bm25s (Lù 2024).
"""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import numpy as np

from slm_studio.core.results import Hit
from slm_studio.engine.data.languages import is_han


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Let what is imported here not find a module, unless it is in use already."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # as Python itself says that there is none
    try:
        yield
    finally:
        del sys.modules[module]


with _without("jax"):  # of which bm25s asks a sum first of all: jax would take most of a graphics card for it
    import bm25s

_WORDS = re.compile(r"[^\W_]+")


class Nearest:
    """Some texts, ready to be asked."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Count the words of the texts. The texts keep their places; empty ones are never found."""
        self.texts = list(texts)
        self._index = bm25s.BM25(backend="numpy", csc_backend="numpy")
        if any(found := [words(text) for text in self.texts]):
            self._index.index(found, show_progress=False)
        self._known = bool(found) and any(found)

    def find(self, question: str, most: int = 10) -> list[Hit]:
        """Return the texts that share words with a question, the best first; of equals the one that stands first.

        Example: Nearest(["a red cat", "a dog"]).find("the cat")[0].row == 0
        """
        scores = self.scores(question)
        best = np.argsort(-scores, kind="stable")[:most]
        return [Hit(self.texts[row], float(scores[row]), int(row)) for row in best if scores[row] > 0]

    def best(self, question: str) -> int | None:
        """Return the place of the best text, or None where no text shares a word with the question."""
        scores = self.scores(question)
        row = int(scores.argmax()) if len(scores) else 0
        return row if len(scores) and scores[row] > 0 else None

    def scores(self, question: str) -> np.ndarray:
        """Return how well each text fits a question; 0 where they share no word."""
        known = [word for word in words(question) if word in self._index.vocab_dict] if self._known else []
        return self._index.get_scores(known) if known else np.zeros(len(self.texts), np.float32)


def words(text: str) -> list[str]:
    """Return the words of a text in lower case; of Chinese, which has no blanks, the characters and the pairs of them.

    Example: words("Cats 猫狗!") == ["cats", "猫", "狗", "猫狗"]
    """
    found: list[str] = []
    for word in _WORDS.findall(text.casefold()):
        for run, han in _runs(word):
            if not han:
                found.append(run)
            else:
                found += run
                found += [one + other for one, other in pairwise(run)]
    return found


def _runs(word: str) -> list[tuple[str, bool]]:
    """Return the pieces of a word that are Chinese, or not: “iPhone手机” is two."""
    if word.isascii():
        return [(word, False)]
    runs: list[tuple[str, bool]] = []
    for character in word:
        han = is_han(character)
        if runs and runs[-1][1] == han:
            runs[-1] = (runs[-1][0] + character, han)
        else:
            runs.append((character, han))
    return runs
