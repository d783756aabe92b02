"""Hidden tokens: how many were found, and what counting finds of the same ones."""

# N blocks, T tokens of a block, K hidden tokens, W tokens that occur in training, V vocabulary

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from slm_studio.core.events import Progress
from slm_studio.core.results import Baseline, Metric
from slm_studio.core.work import Work
from slm_studio.engine.measuring.compare import paired, paired_verdict
from slm_studio.engine.measuring.scoring import bootstrap

FIRST = 5  # among how many a token still counts as nearly found
PRIOR = 2.0  # what all tokens together count, beside those that were seen next to a neighbour
CHUNK = 2**22  # numbers that counting holds at once
NOBODY = -1  # a neighbour that is hidden itself, or is none


@dataclass(frozen=True, slots=True)
class Found:
    """How the hidden tokens of each block fared."""

    hidden_N: np.ndarray  # how many there are
    right_N: np.ndarray  # how many were the likeliest
    near_N: np.ndarray  # how many were among the first five
    nats_N: np.ndarray  # their summed loss

    def metrics(self, *, whole: bool) -> tuple[Metric, ...]:
        """Return loss, perplexity and accuracies; with intervals where `whole`, of blocks that are drawn anew."""
        loss, *shares = (self._metric(key, counts_N, whole) for key, counts_N in self._sums())
        return (loss, _exponential(loss), *shares)

    def baseline(self, key: str, model: "Found", seconds: float) -> Baseline:
        """Return these as a simple method's, with what a paired test says of a model on the same blocks."""
        gain = paired(model.right_N, self.right_N, self.hidden_N)
        return Baseline(
            key=key,
            metrics=self.metrics(whole=False),
            seconds=seconds,
            verdict=paired_verdict(gain, len(self.hidden_N)),
        )

    def _sums(self) -> tuple[tuple[str, np.ndarray], ...]:
        return ("loss", self.nats_N), ("masked_accuracy", self.right_N), ("masked_accuracy_at_5", self.near_N)

    def _metric(self, key: str, sums_N: np.ndarray, whole: bool) -> Metric:
        def share(places: np.ndarray) -> float:
            return float(sums_N[places].sum() / max(1, self.hidden_N[places].sum()))

        low, high = bootstrap(share, len(sums_N)) if whole else (None, None)
        return Metric(key=key, value=share(np.arange(len(sums_N))), low=low, high=high)


def _exponential(loss: Metric) -> Metric:
    value, low, high = (
        None if nats is None else math.exp(min(nats, 700)) for nats in (loss.value, loss.low, loss.high)
    )
    assert value is not None
    return Metric(key="perplexity", value=value, low=low, high=high)


@dataclass(frozen=True, slots=True)
class Hidden:
    """The hidden tokens of some blocks, row by row, and their neighbours where these can be seen."""

    rows_K: np.ndarray
    truth_K: np.ndarray
    left_K: np.ndarray
    right_K: np.ndarray
    blocks: int


def hidden_in(blocks: Sequence[np.ndarray], hidden: Sequence[np.ndarray]) -> Hidden:
    """Return the tokens of blocks that are hidden, with the visible tokens beside them."""
    parts = []
    for row, (ids_T, hidden_T) in enumerate(zip(blocks, hidden, strict=True)):
        seen_T = np.concatenate([[NOBODY], np.where(hidden_T, NOBODY, ids_T), [NOBODY]])
        at = np.flatnonzero(hidden_T)
        parts.append(np.stack([np.full(len(at), row), ids_T[at], seen_T[at], seen_T[at + 2]]))
    return Hidden(*np.concatenate([np.zeros((4, 0), np.int64), *parts], axis=1).astype(np.int64), blocks=len(blocks))


def counting(
    blocks: Sequence[np.ndarray], asked: Hidden, mine: Found, spared_V: np.ndarray
) -> Work[tuple[Baseline, ...]]:
    """Yield Progress; return what guessing by token counts, and by neighbours, finds of the tokens that are asked for.

    Both learn from blocks; `spared_V` says which tokens nobody has to guess. Neighbours: P(token | left, right) in proportion to P(token | left) · P(token | right) /
    P(token), with the token counts as a prior; a neighbour that is hidden says nothing.
    """
    began, vocabulary = time.perf_counter(), len(spared_V)
    counts_V = np.bincount(np.concatenate(blocks), minlength=vocabulary)
    known_W = np.flatnonzero(counts_V)
    counts_W = np.where(spared_V[known_W], 0, counts_V[known_W] + 1)
    total = counts_W.sum() + (~spared_V).sum() - (counts_W > 0).sum()  # one for each token that training does not have
    prior_W = counts_W / total
    place_V = np.full(vocabulary + 1, len(known_W))  # one more, for what was never seen
    place_V[known_W] = np.arange(len(known_W))
    asking = _Asking(place_V[asked.truth_K], asked, len(known_W), -math.log(total))
    nothing = np.full(len(asked.truth_K), len(known_W))
    empty = csr_matrix((len(known_W) + 1, len(known_W)), dtype=np.float32)
    plain = yield from _found(asking, prior_W, (empty, nothing), (empty, nothing))
    middle = time.perf_counter()
    before = [place_V[ids_T[:-1]] for ids_T in blocks]
    after = [place_V[ids_T[1:]] for ids_T in blocks]
    follows = _pairs(before, after, len(known_W))
    sides = (follows, place_V[asked.left_K]), (_pairs(after, before, len(known_W)), place_V[asked.right_K])
    beside = yield from _found(asking, prior_W, *sides)
    ended = time.perf_counter()
    return plain.baseline("unigram", mine, middle - began), beside.baseline("neighbours", mine, ended - middle)


@dataclass(frozen=True, slots=True)
class _Asking:
    truth_K: np.ndarray  # places among the known tokens; beyond them what training does not have
    asked: Hidden
    known: int
    unseen: float  # log-probability of a token that training does not have


def _pairs(one: Sequence[np.ndarray], other: Sequence[np.ndarray], known: int) -> csr_matrix:
    """Return how often each token (column) stands beside each other one (row); one more row stands for none."""
    rows, columns = np.concatenate(one), np.concatenate(other)
    ones = np.ones(len(rows), dtype=np.float32)
    return csr_matrix((ones, (rows, columns)), shape=(known + 1, known))


def _found(asking: _Asking, prior_W: np.ndarray, *sides: tuple[csr_matrix, np.ndarray]) -> Work[Found]:
    """Yield Progress; return how guessing from both sides fares. Each side: counts, and the neighbours that are seen there."""
    count = len(asking.truth_K)
    nats_K, ranks_K = np.empty(count), np.empty(count, dtype=np.int64)
    size = max(1, CHUNK // max(1, asking.known))
    with np.errstate(divide="ignore"):  # of tokens that nobody has to guess
        logs_W = np.log(prior_W).astype(np.float32)
    for start in range(0, count, size):
        part = slice(start, start + size)
        scores_CW = np.tile(logs_W, (len(asking.truth_K[part]), 1))
        for counts, neighbours_K in sides:
            seen_CW = counts[neighbours_K[part]].toarray()
            total_C1 = seen_CW.sum(axis=1, keepdims=True)
            with np.errstate(divide="ignore", invalid="ignore"):
                scores_CW += np.log((seen_CW + PRIOR * prior_W) / (total_C1 + PRIOR)) - logs_W
        scores_CW[:, prior_W == 0] = -np.inf
        scores_CW -= np.log(np.exp(scores_CW).sum(axis=1, keepdims=True))
        truth_C = asking.truth_K[part]
        is_known = truth_C < asking.known
        own_C = scores_CW[np.arange(len(truth_C)), np.where(is_known, truth_C, 0)]
        nats_K[part] = np.where(is_known, -own_C, -asking.unseen)
        ranks_K[part] = np.where(is_known, (scores_CW > own_C[:, None]).sum(axis=1), asking.known)
        yield Progress("Training simple methods for comparison", min(start + size, count), count)
    return found_by_block(asking.asked.rows_K, asking.asked.blocks, nats_K, ranks_K)


def found_by_block(rows_K: np.ndarray, blocks: int, nats_K: np.ndarray, ranks_K: np.ndarray) -> Found:
    """Return sums over the hidden tokens of each block. `ranks_K`: how many tokens were held to be likelier than the true one."""

    def sums(values_K: np.ndarray) -> np.ndarray:
        return np.bincount(rows_K, values_K, minlength=blocks)

    return Found(sums(np.ones(len(rows_K))), sums(ranks_K == 0), sums(ranks_K < FIRST), sums(nats_K))
