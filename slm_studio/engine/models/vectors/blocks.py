"""What vectors learn from, in flat arrays: blocks of running text, or the pairs of words that stand together and how often.

A hundred million pairs are never a list. For Word2Vec a word of the text takes four bytes, and its windows are drawn when
its block is read; for GloVe a different pair of words takes twelve.
"""

# S places of the stream (a word, or the end of a text), N blocks, P different pairs

from collections.abc import Iterator

import numpy as np

from slm_studio.core.events import Progress
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.examples import IDS, Packed, Ragged
from slm_studio.engine.models.vectors.vocabulary import UNKNOWN

COLUMNS, COUNTS = "columns", "counts"
LEAST_BLOCK = 64  # words: small enough that products of all its words cost little, wide enough for its windows
PAIRS, FEWEST_BLOCKS = 256, 64  # of words, that are an example of GloVe; fewer where there would be few examples
CHUNK = 1 << 20  # places of the stream whose pairs are counted together
DENSE = 1 << 24  # pairs of all words, up to which a plain table counts faster than sorting does
COUNTING = mark("Counting which words stand together")


def block_length(window: int) -> int:
    """Return the words of a block: so many that few windows reach over its ends."""
    return max(LEAST_BLOCK, 1 << (6 * window - 1).bit_length())


def text_blocks(stream_S: np.ndarray, window: int) -> Packed:
    """Return a stream of word ids as blocks, which end with a text where one ends in them: no window is cut there."""
    offsets_N = np.arange(0, len(stream_S), block_length(window), dtype=np.int64)
    ends = np.append(0, np.flatnonzero(stream_S == UNKNOWN) + 1)
    before_N = ends[np.searchsorted(ends, offsets_N, side="right") - 1]
    offsets_N[1:] = np.where(before_N[1:] > offsets_N[:-1], before_N[1:], offsets_N[1:])
    offsets_N = np.append(offsets_N, len(stream_S))
    blocks = Ragged(stream_S, offsets_N)
    known_S = np.concatenate([[0], np.cumsum(stream_S != UNKNOWN, dtype=np.int64)])
    work_N = np.diff(known_S[offsets_N])
    return Packed({IDS: blocks}, {IDS: UNKNOWN}, {}, np.arange(len(offsets_N) - 1), work_N)


def count_pairs(stream_S: np.ndarray, window: int, words: int) -> Work[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield Progress; return the pairs of words within a window of each other, and how often: 1 / their distance for each time.

    Each pair [P] stands once, the smaller id first; a word with itself counts in both directions, as the others do when
    they are learnt.
    """
    counted = _Table(words) if words * words <= DENSE else _Sorted(words)
    done = 0
    for chunk_S in _chunks(stream_S, window):
        for keys, weights in _near(chunk_S, window, words):
            counted.add(keys, weights)
        done += len(chunk_S)
        yield Progress(COUNTING, min(done, len(stream_S)), len(stream_S))
    keys_P, counts_P = counted.pairs()
    return (keys_P // words).astype(np.int32), (keys_P % words).astype(np.int32), counts_P


def pair_blocks(rows_P: np.ndarray, columns_P: np.ndarray, counts_P: np.ndarray, seed: int) -> Packed:
    """Return pairs as shuffled blocks of many: in the order of the words a block would be all about one of them."""
    order_P = np.random.Generator(np.random.PCG64(seed)).permutation(len(rows_P))
    size = max(1, min(PAIRS, len(rows_P) // FEWEST_BLOCKS))
    offsets_N = np.append(np.arange(0, len(rows_P), size, dtype=np.int64), len(rows_P))
    columns = {IDS: rows_P, COLUMNS: columns_P, COUNTS: counts_P.astype(np.float32)}
    sequences = {name: Ragged(values[order_P], offsets_N) for name, values in columns.items()}
    fillers = {IDS: 0, COLUMNS: 0, COUNTS: 0}
    return Packed(sequences, fillers, {}, np.arange(len(offsets_N) - 1), np.diff(offsets_N))


def _chunks(stream_S: np.ndarray, window: int) -> Iterator[np.ndarray]:
    """Yield parts of a stream that end with a text, or overlap by a window where a text is longer than a part."""
    start = 0
    while start < len(stream_S):
        end = min(len(stream_S), start + CHUNK)
        yield stream_S[start : min(len(stream_S), end + window)] if end < len(stream_S) else stream_S[start:end]
        start = end


def _near(chunk_S: np.ndarray, window: int, words: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the keys of pairs at each distance and what each of them weighs; those of the overlap belong to the next chunk."""
    ends_S = np.cumsum(chunk_S == UNKNOWN)
    for apart in range(1, min(window, len(chunk_S) - 1) + 1):
        stop = min(CHUNK, len(chunk_S) - apart)
        one, other = chunk_S[:stop].astype(np.int64), chunk_S[apart : stop + apart].astype(np.int64)
        together = (one != UNKNOWN) & (other != UNKNOWN) & (ends_S[:stop] == ends_S[apart : stop + apart])
        low, high = np.minimum(one, other)[together], np.maximum(one, other)[together]
        yield low * words + high, np.where(low == high, 2.0, 1.0) / apart


class _Table:
    """Counts in a plain table of all pairs."""

    def __init__(self, words: int) -> None:
        self.counts = np.zeros(words * words)

    def add(self, keys: np.ndarray, weights: np.ndarray) -> None:
        """Count some pairs."""
        self.counts += np.bincount(keys, weights, minlength=len(self.counts))

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the keys of all pairs that were met, and their counts."""
        keys = np.flatnonzero(self.counts)
        return keys, self.counts[keys].astype(np.float32)


class _Sorted:
    """Counts by sorting. Sums are merged when as many have gathered as there are already, so that each is sorted few times."""

    def __init__(self, words: int) -> None:
        self.keys, self.counts = np.zeros(0, np.int64), np.zeros(0, np.float32)
        self.waiting: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, keys: np.ndarray, weights: np.ndarray) -> None:
        """Count some pairs."""
        self.waiting.append(_merged(keys, weights.astype(np.float32)))
        if sum(len(each[0]) for each in self.waiting) > max(8 * CHUNK, len(self.keys)):
            self._merge()

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the keys of all pairs that were met, in order, and their counts."""
        self._merge()
        return self.keys, self.counts

    def _merge(self) -> None:
        parts = [(self.keys, self.counts), *self.waiting]
        self.waiting = []
        self.keys, self.counts = _merged(
            np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
        )


def _merged(keys: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], counts[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    return keys[starts], np.add.reduceat(counts, starts) if len(starts) else counts
