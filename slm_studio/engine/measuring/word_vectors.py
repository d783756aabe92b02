"""How good word vectors are: do they know who stands beside whom in text they have not seen, solve analogies, feel likeness?"""

# V words, D numbers of a vector, N pairs, M random words, S places of a stream

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from slm_studio.core.results import Baseline, Metric
from slm_studio.engine.measuring.compare import paired, paired_verdict
from slm_studio.engine.measuring.scoring import bootstrap

MOST_PAIRS, RANDOM = 10_000, 10  # pairs that are asked, and random words beside each
AS_FREQUENT = 0.3  # of a word's rank, on either side, from where random words are taken
TOGETHER = 1000  # pairs that are asked at once
STRETCH = 64  # places of text that hang together, when chance is judged
MOST_COUNTED = 10_000  # words of the counting baseline, the most frequent


@dataclass(frozen=True, slots=True)
class Company:
    """Words of held-out text, one that really stands beside each, and others that are as frequent as that one."""

    words_N: np.ndarray
    beside_N: np.ndarray
    random_NM: np.ndarray
    stretch_N: np.ndarray  # the stretch of text that each pair is from

    def __len__(self) -> int:
        return len(self.words_N)


def company(stream_S: np.ndarray, counts_V: np.ndarray, window: int, sample: float) -> Company:
    """Return pairs from a stream of ids (negative: the end of a text), the same for the same text.

    Frequent words are passed over as when vectors learn: beside “the” anything stands. Random words are as frequent as the
    real neighbour, so that knowing which words are frequent helps nobody.
    """
    draw = np.random.Generator(np.random.PCG64(0))
    shares_V = np.maximum(counts_V, 1) / max(1, np.maximum(counts_V, 1).sum())
    kept_V = np.minimum(1.0, np.sqrt(sample / shares_V) + sample / shares_V) if sample > 0 else np.ones(len(shares_V))
    stays_S = (stream_S < 0) | (draw.random(len(stream_S)) < kept_V[np.maximum(stream_S, 0)])
    places_S, left_S = np.flatnonzero(stays_S), stream_S[stays_S]
    texts_S = np.cumsum(left_S < 0)
    one_N = draw.integers(0, max(1, len(left_S)), 4 * MOST_PAIRS if len(left_S) > 1 else 0)
    apart_N = draw.integers(1, window + 1, len(one_N)) * draw.choice((-1, 1), len(one_N))
    other_N = one_N + apart_N
    inside_N = (other_N >= 0) & (other_N < len(left_S))
    one_N, other_N = one_N[inside_N], other_N[inside_N]
    real_N = (left_S[one_N] >= 0) & (left_S[other_N] >= 0) & (texts_S[one_N] == texts_S[other_N])
    one_N, other_N = one_N[real_N][:MOST_PAIRS], other_N[real_N][:MOST_PAIRS]
    random_NM = _as_frequent(left_S[other_N], counts_V, draw)
    return Company(left_S[one_N], left_S[other_N], random_NM, places_S[one_N] // STRETCH)


def _as_frequent(ids_N: np.ndarray, counts_V: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Return other words [N, M] of about the rank of each, where words stand in the order of their counts."""
    order_V = np.argsort(-counts_V, kind="stable")
    rank_V = np.empty(len(order_V), np.int64)
    rank_V[order_V] = np.arange(len(order_V))
    ranks_N1 = rank_V[ids_N][:, None]
    reach_N1 = np.maximum(RANDOM, AS_FREQUENT * ranks_N1)
    far_NM = np.ceil(reach_N1 * draw.random((len(ids_N), RANDOM))) * draw.choice((-1, 1), (len(ids_N), RANDOM))
    found_NM = np.abs(ranks_N1 + far_NM.astype(np.int64)) % len(order_V)
    found_NM = np.where(found_NM == ranks_N1, (found_NM + 1) % len(order_V), found_NM)
    return cast(np.ndarray, order_V[found_NM])


def told_apart(pairs: Company, vectors_VD: np.ndarray, contexts_VD: np.ndarray, bias_V: np.ndarray) -> np.ndarray:
    """Return for each pair the share of random words (0…1) to which the real neighbour is preferred; a draw counts half."""
    found = [np.zeros(0)]
    for start in range(0, len(pairs), TOGETHER):
        part = slice(start, start + TOGETHER)
        input_ND1 = vectors_VD[pairs.words_N[part]][:, :, None]
        candidates_NM = np.concatenate([pairs.beside_N[part, None], pairs.random_NM[part]], axis=1)
        scores_NM = (contexts_VD[candidates_NM] @ input_ND1)[:, :, 0] + bias_V[candidates_NM]
        real_N1, random_NM = scores_NM[:, :1], scores_NM[:, 1:]
        found.append(((real_N1 > random_NM) + 0.5 * (real_N1 == random_NM)).mean(1))
    return np.concatenate(found)


def accuracy_of(pairs: Company, told_N: np.ndarray) -> Metric:
    """Return the mean, with the interval over stretches of text: pairs of one stretch are not independent."""
    sums_G, counts_G = by_stretch(pairs, told_N)
    if not len(counts_G):
        return Metric(key="context_accuracy", value=0.5)
    low, high = bootstrap(lambda places: float(sums_G[places].sum() / counts_G[places].sum()), len(counts_G))
    return Metric(key="context_accuracy", value=float(told_N.mean()), low=low, high=high)


def by_stretch(pairs: Company, told_N: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums of each stretch that has pairs, and how many these are."""
    _, place_N = np.unique(pairs.stretch_N, return_inverse=True)
    return np.bincount(place_N, told_N), np.bincount(place_N).astype(np.float64)


def company_baseline(
    key: str,
    pairs: Company,
    mine_N: np.ndarray,
    vectors_VD: np.ndarray,
    contexts_VD: np.ndarray,
    seconds: float,
) -> Baseline:
    """Return how the vectors of a simple method tell the same pairs."""
    theirs_N = told_apart(pairs, vectors_VD, contexts_VD, np.zeros(len(vectors_VD), np.float32))
    (mine_G, counts_G), (theirs_G, _) = by_stretch(pairs, mine_N), by_stretch(pairs, theirs_N)
    verdict = paired_verdict(paired(mine_G, theirs_G, counts_G), len(counts_G))
    return Baseline(key=key, metrics=(accuracy_of(pairs, theirs_N),), seconds=seconds, verdict=verdict)


def random_vectors(words: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors that know nothing."""
    draw = np.random.Generator(np.random.PCG64(0))
    first, second = (draw.standard_normal((words, width), np.float32) for _ in range(2))
    return first, second


def counted_vectors(
    rows_P: np.ndarray, columns_P: np.ndarray, counts_P: np.ndarray, words: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors by counting: positive pointwise mutual information, then the directions in which it varies most.

    Only the MOST_COUNTED most frequent words have one; the others are 0. Source: Levy et al. 2015,
    https://aclanthology.org/Q15-1016 (context distribution smoothed by 0.75)
    """
    from scipy.sparse import coo_matrix
    from sklearn.utils.extmath import randomized_svd

    size = min(words, MOST_COUNTED)
    inside_P = (rows_P < size) & (columns_P < size)
    rows_P, columns_P, counts_P = rows_P[inside_P], columns_P[inside_P], counts_P[inside_P]
    apart_P = rows_P != columns_P
    rows = np.concatenate([rows_P, columns_P[apart_P]])
    columns = np.concatenate([columns_P, rows_P[apart_P]])
    values = np.concatenate([counts_P, counts_P[apart_P]]).astype(np.float64)
    sums = np.bincount(rows, values, minlength=size)
    smooth = sums**0.75
    information = np.log(values * smooth.sum() / (sums[rows] * smooth[columns]))
    positive = information > 0
    table = coo_matrix((information[positive], (rows[positive], columns[positive])), (size, size)).tocsr()
    found = min(width, size - 1)
    left, strength, right = randomized_svd(table, found, n_iter=3, random_state=0)
    vectors, contexts = (np.zeros((words, found), np.float32) for _ in range(2))
    vectors[:size], contexts[:size] = left * np.sqrt(strength), right.T * np.sqrt(strength)
    return vectors, contexts


def analogies_in(lines: Sequence[str]) -> list[tuple[str, tuple[str, ...]]] | None:
    """Return (kind, four words) for each question of lines like “Athens Greece Oslo Norway”; None where they are no such file.

    “: capital-world” begins a kind. Blank lines become questions without words.
    """
    found, kind, others = [], "", 0
    for line in lines:
        words = tuple(line.split())
        if words[:1] and words[0].startswith(":"):
            kind = " ".join(words).lstrip(": ")
            found.append((kind, ()))
        else:
            others += len(words) not in (0, 4)
            found.append((kind, words if len(words) == 4 else ()))
    asked = sum(bool(words) for _, words in found)
    return found if asked and others <= 0.02 * len(lines) else None


def spearman(one_N: np.ndarray, other_N: np.ndarray) -> float:
    """Return the correlation of ranks (-1…1); 0 where all of one side are equal. Equal values share their ranks."""
    first, second = _ranks(one_N), _ranks(other_N)
    first, second = first - first.mean(), second - second.mean()
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / size if size else 0.0


def spearman_metric(one_N: np.ndarray, other_N: np.ndarray) -> Metric:
    """Return the correlation with its interval over pairs."""
    low, high = bootstrap(lambda places: spearman(one_N[places], other_N[places]), len(one_N))
    return Metric(key="spearman", value=spearman(one_N, other_N), low=low, high=high)


def _ranks(values_N: np.ndarray) -> np.ndarray:
    _, place_N, counts = np.unique(values_N, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: np.ndarray = (ends - (counts - 1) / 2)[place_N]
    return ranks


def shares_by_kind(kinds: Sequence[str], right_N: np.ndarray) -> Iterator[tuple[str, int, int]]:
    """Yield each kind of question in the order of the file, how many are right, and how many there are."""
    for kind in dict.fromkeys(kinds):
        places = [place for place, each in enumerate(kinds) if each == kind]
        yield kind, int(right_N[places].sum()), len(places)
