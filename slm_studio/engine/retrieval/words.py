"""Words on disk: which passages hold a word and what it counts there, in arrays that are mapped into memory.

Counted as BM25 in the form of Lucene (k1 1.5, b 0.75), number for number as bm25s does it; here in little memory, and read
back without loading. Sources: Robertson & Zaragoza 2009; Kamphuis et al. 2020; bm25s, Lù 2024, https://arxiv.org/abs/2407.03618
"""

# P passages, S pairs of a word and a passage that holds it, V words

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial, reduce
from pathlib import Path

import numpy as np
import pyarrow as pa

from slm_studio.engine.data.rows import open_table
from slm_studio.engine.measuring.nearest import words
from slm_studio.engine.retrieval.arrays import new_array, open_array, save_array

K1, B = 1.5, 0.75
VOCABULARY, COUNTS, HOLDERS, STARTS = "words.arrow", "word_scores.npy", "word_passages.npy", "word_starts.npy"
WAITING = "word_pairs.partial"
PART = 4096  # passages whose pairs are gathered before they wait in a file


class WordCounts:
    """Counts the words of passages, one after the other; the pairs wait in a file, so that memory does not grow with them."""

    def __init__(self, folder: Path) -> None:
        """Take the folder in which the counts will stand."""
        self._folder = folder
        self._number: dict[str, int] = {}
        self._lengths = array("I")
        self._sizes: list[int] = []  # pairs of each part that waits
        self._open: list[tuple[int, int, int]] = []  # word, passage, how often

    def add(self, texts: Iterable[str]) -> None:
        """Count more passages."""
        for text in texts:
            found = Counter(words(text))
            place = len(self._lengths)
            self._lengths.append(found.total())
            self._open += [(self._number.setdefault(word, len(self._number)), place, n) for word, n in found.items()]
            if place % PART == PART - 1:
                self._close()

    def save(self) -> None:
        """Write what was counted: the pairs of each word beside one another, in the order of the passages."""
        self._close()
        spread_V = np.zeros(len(self._number), np.int64)
        for numbers_S, _, _ in self._parts():
            spread_V += np.bincount(numbers_S, minlength=len(spread_V))
        lengths_P = np.array(self._lengths, np.float64)
        rarity_V = np.log(1 + (len(lengths_P) - spread_V + 0.5) / (spread_V + 0.5))
        share_P = 1 - B + B * lengths_P / max(1e-9, lengths_P.mean() if len(lengths_P) else 1.0)
        starts_V = np.concatenate([[0], spread_V.cumsum()]).astype(np.int64)
        scores_S = new_array(self._folder / COUNTS, np.float32, (int(starts_V[-1]),))
        holders_S = new_array(self._folder / HOLDERS, np.int32, (int(starts_V[-1]),))
        next_V = starts_V[:-1].copy()
        for numbers_S, passages_S, often_S in self._parts():
            places_S = _places(numbers_S, next_V)
            holders_S[places_S] = passages_S
            scores_S[places_S] = rarity_V[numbers_S] * often_S / (K1 * share_P[passages_S] + often_S)
        names = sorted(self._number, key=lambda word: self._number[word])
        _write_words(self._folder / VOCABULARY, names)
        save_array(self._folder / STARTS, starts_V)
        (self._folder / WAITING).unlink(missing_ok=True)

    def _close(self) -> None:
        """Let a part wait, sorted by its words."""
        if self._open:
            pairs_S3 = np.array(self._open, np.int32)
            with (self._folder / WAITING).open("ab") as sink:
                sink.write(pairs_S3[np.argsort(pairs_S3[:, 0], kind="stable")].T.tobytes())
            self._sizes.append(len(self._open))
            self._open = []

    def _parts(self) -> Iterator[np.ndarray]:
        """Yield the pairs [3, S] of each part that waits."""
        if not self._sizes:
            return
        with (self._folder / WAITING).open("rb") as stream:
            for size in self._sizes:
                yield np.frombuffer(stream.read(12 * size), np.int32).reshape(3, size)


def _places(numbers_S: np.ndarray, next_V: np.ndarray) -> np.ndarray:
    """Return where pairs that are sorted by their words belong, and move on where the next of each word does."""
    distinct_R, firsts_R, counts_R = np.unique(numbers_S, return_index=True, return_counts=True)
    places_S = np.repeat(next_V[distinct_R] - firsts_R, counts_R) + np.arange(len(numbers_S))
    next_V[distinct_R] += counts_R
    return places_S


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

    def holders(self, question: str) -> np.ndarray:
        """Return the passages that hold every word of a question; none where it has no words."""
        asked = [self._number.get(word) for word in set(words(question))]
        known = sorted((number for number in asked if number is not None), key=self._spread)
        if not known or len(known) < len(asked):
            return np.zeros(0, np.int32)
        lists = (self._holders_S[self._starts_V[number] : self._starts_V[number + 1]] for number in known)
        return reduce(partial(np.intersect1d, assume_unique=True), lists)

    def _spread(self, number: int) -> int:
        return int(self._starts_V[number + 1] - self._starts_V[number])

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
