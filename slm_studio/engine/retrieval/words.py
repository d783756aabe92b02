"""Words on disk: which passages hold a word and what it counts there, in arrays that are mapped into memory.

Counted as BM25 in the form of Lucene (k1 1.5, b 0.75), number for number as bm25s does it; here in little memory, and read
back without loading. Sources: Robertson & Zaragoza 2009; Kamphuis et al. 2020; bm25s, Lù 2024, https://arxiv.org/abs/2407.03618
"""

# P passages, S pairs of a word and a passage that holds it, V words

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from slm_studio.engine.data.rows import open_table
from slm_studio.engine.measuring.nearest import words
from slm_studio.engine.retrieval.arrays import open_array, save_array

K1, B = 1.5, 0.75
VOCABULARY, COUNTS, HOLDERS, STARTS = "words.arrow", "word_scores.npy", "word_passages.npy", "word_starts.npy"
PART = 4096  # passages whose pairs are gathered before they become arrays


class WordCounts:
    """Counts the words of passages, one after the other."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._lengths: list[int] = []
        self._parts: list[np.ndarray] = []  # [3, S]: word, passage, how often
        self._open: list[tuple[int, int, int]] = []

    def add(self, texts: Iterable[str]) -> None:
        """Count more passages."""
        for text in texts:
            found = Counter(words(text))
            place = len(self._lengths)
            self._lengths.append(found.total())
            self._open += [(self._number.setdefault(word, len(self._number)), place, n) for word, n in found.items()]
            if place % PART == PART - 1:
                self._close()

    def save(self, folder: Path) -> None:
        """Write what was counted."""
        self._close()
        pairs_3S = np.concatenate([np.zeros((3, 0), np.int32), *self._parts], axis=1)
        self._parts = []
        order_S = np.argsort(pairs_3S[0], kind="stable")
        numbers_S, holders_S, often_S = pairs_3S[:, order_S]
        spread_V = np.bincount(numbers_S, minlength=len(self._number))
        lengths_P = np.array(self._lengths, np.float64)
        passages = len(lengths_P)
        rarity_V = np.log(1 + (passages - spread_V + 0.5) / (spread_V + 0.5))
        share_P = 1 - B + B * lengths_P / max(1e-9, lengths_P.mean() if passages else 1.0)
        scores_S = rarity_V[numbers_S] * often_S / (K1 * share_P[holders_S] + often_S)
        names = sorted(self._number, key=lambda word: self._number[word])
        _write_words(folder / VOCABULARY, names)
        save_array(folder / COUNTS, scores_S.astype(np.float32))
        save_array(folder / HOLDERS, holders_S.astype(np.int32))
        save_array(folder / STARTS, np.concatenate([[0], spread_V.cumsum()]).astype(np.int64))

    def _close(self) -> None:
        if self._open:
            self._parts.append(np.array(self._open, np.int32).T)
            self._open = []


class WordIndex:
    """Opens what `WordCounts` wrote."""

    def __init__(self, folder: Path, passages: int) -> None:
        """Map the arrays. Raises StudioError where they do not belong together."""
        self._passages = passages
        self._number = {word: place for place, word in enumerate(_read_words(folder / VOCABULARY))}
        self._starts_V = open_array(folder / STARTS, np.int64, (len(self._number) + 1,))
        pairs = int(self._starts_V[-1]) if len(self._starts_V) else 0
        self._scores_S = open_array(folder / COUNTS, np.float32, (pairs,))
        self._holders_S = open_array(folder / HOLDERS, np.int32, (pairs,))

    def scores(self, question: str) -> np.ndarray:
        """Return [P] how well each passage fits a question; 0 where they share no word."""
        found_P = np.zeros(self._passages, np.float32)
        for word, often in Counter(words(question)).items():
            number = self._number.get(word)
            if number is not None:
                part = slice(int(self._starts_V[number]), int(self._starts_V[number + 1]))
                holders = np.asarray(self._holders_S[part])
                inside = (holders >= 0) & (holders < self._passages)
                found_P[holders[inside]] += often * self._scores_S[part][inside]
        return found_P


def _write_words(path: Path, names: list[str]) -> None:
    table = pa.table({"word": pa.array(names, pa.large_string())})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _read_words(path: Path) -> list[str]:
    return open_table(path).column("word").to_pylist()  # type: ignore[no-any-return]
