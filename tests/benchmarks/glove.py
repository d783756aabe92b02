"""GloVe as its paper has it, in plain NumPy: the peer of ours, since no package of it is kept up.

Pairs are counted text by text, weighed by one over their distance; each is fitted in both directions, in an order drawn
anew for every epoch, by AdaGrad number by number. Pairs are taken FEW at a time: so few that hardly a word stands twice
among them, which is what NumPy needs to be fast enough.

Source: Pennington et al. 2014, https://aclanthology.org/D14-1162, and its program glove.c: rate 0.05, weight
(count / x_max)^0.75, sums of squares that begin at 1, vectors that are the sums of both tables.
"""

# V words, D numbers of a vector, P pairs (a direction each), F few of them

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

LEAST, WINDOW, X_MAX, EXPONENT, RATE, FEW = 5, 10, 100.0, 0.75, 0.05, 64


def learn(texts: Sequence[Sequence[str]], width: int, epochs: int, seed: int) -> tuple[list[str], np.ndarray]:
    """Return the words and their vectors."""
    names, counts = counted(texts)
    pairs = np.array(list(counts), np.int64)
    return names, fitted(pairs, np.fromiter(counts.values(), float), len(names), width, epochs, seed)


def counted(texts: Sequence[Sequence[str]]) -> tuple[list[str], Counter[tuple[int, int]]]:
    """Return the words that stand often enough, and how often two of them stand together, in both directions."""
    often = Counter(word for text in texts for word in text)
    names = [word for word, count in often.most_common() if count >= LEAST]
    places = {word: place for place, word in enumerate(names)}
    counts: Counter[tuple[int, int]] = Counter()
    for text in texts:
        ids = [places[word] for word in text if word in places]
        for place, one in enumerate(ids):
            for apart, other in enumerate(ids[place + 1 : place + 1 + WINDOW], start=1):
                counts[one, other] += 1 / apart  # type: ignore[assignment]
                counts[other, one] += 1 / apart  # type: ignore[assignment]
    return names, counts


def fitted(pairs_P2: np.ndarray, counts_P: np.ndarray, words: int, width: int, epochs: int, seed: int) -> np.ndarray:
    """Return the sums of both tables, whose last column is the bias."""
    draw = np.random.default_rng(seed)
    tables = [(draw.random((words, width + 1)) - 0.5) / width for _ in range(2)]
    squares = [np.ones((words, width + 1)) for _ in range(2)]
    for _ in range(epochs):
        for few_F in _parts(draw.permutation(len(pairs_P2))):
            _step(tables, squares, pairs_P2[few_F].T, counts_P[few_F])
    return (tables[0] + tables[1])[:, :-1]


def _parts(order_P: np.ndarray) -> Iterator[np.ndarray]:
    yield from (order_P[start : start + FEW] for start in range(0, len(order_P), FEW))


def _step(tables: list[np.ndarray], squares: list[np.ndarray], ids_2F: np.ndarray, counts_F: np.ndarray) -> None:
    one_FD, other_FD = (table[ids_F] for table, ids_F in zip(tables, ids_2F, strict=True))
    error_F = (one_FD[:, :-1] * other_FD[:, :-1]).sum(1) + one_FD[:, -1] + other_FD[:, -1] - np.log(counts_F)
    pull_F1 = (RATE * np.minimum(1.0, counts_F / X_MAX) ** EXPONENT * error_F)[:, None]
    for side, against_FD in enumerate((other_FD, one_FD)):
        change_FD = pull_F1 * np.append(against_FD[:, :-1], np.ones_like(pull_F1), axis=1)
        np.subtract.at(tables[side], ids_2F[side], change_FD / np.sqrt(squares[side][ids_2F[side]]))
        np.add.at(squares[side], ids_2F[side], change_FD**2)
