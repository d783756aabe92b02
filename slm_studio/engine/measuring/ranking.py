"""Scores of what was found, pure: where the right passages stand among those that were found, with intervals.

Passages that answer a question count once each; all of them are right alike. Names as BEIR and MTEB have them.
Sources: Voorhees 1999 (MRR); Järvelin & Kekäläinen 2002 (nDCG); Cormack et al. 2009 (reciprocal rank fusion).
"""

# Q questions, P passages, K passages that are found for each question, best first

from collections.abc import Collection, Sequence

import numpy as np
from scipy.stats import rankdata

from slm_studio.core.results import Baseline, Metric
from slm_studio.engine.measuring.compare import paired, paired_verdict
from slm_studio.engine.measuring.scoring import bootstrap

DEPTH = 10  # passages that are looked at
FUSED = 100  # passages of each way that are fused
FLAT = 60  # by which ranks are flattened before they are added: the authors' constant
NOTHING = -1  # in place of a passage: no further one was found


def best_places(scores_QP: np.ndarray, most: int, *, above: float = -np.inf) -> np.ndarray:
    """Return the places [Q, most] of the best scores, of equals the first; NOTHING where none is above a bound."""
    passages = scores_QP.shape[1]
    order_QK = np.full((len(scores_QP), most), NOTHING, np.int64)
    found_QK = np.argsort(-scores_QP, axis=1, kind="stable")[:, :most]
    is_found_QK = np.take_along_axis(scores_QP, found_QK, axis=1) > above
    order_QK[:, : min(most, passages)] = np.where(is_found_QK, found_QK, NOTHING)
    return order_QK


def fuse(ways: Sequence[np.ndarray], most: int, shares: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return places [most] and scores of what several ways found for a question: ranks, and not their scores, are added.

    `shares`, which add up to 1, say how much each way counts. A passage that every way found first has 1.
    Example: fuse([[3, 1], [3, 2]], 3, (0.5, 0.5)) → [3, 1, 2], [1.0, 0.49, 0.49]
    """
    scores: dict[int, float] = {}
    for places, share in zip(ways, shares, strict=True):
        for rank, place in enumerate(np.asarray(places)[np.asarray(places) != NOTHING].tolist()):
            scores[place] = scores.get(place, 0.0) + share * (FLAT + 1) / (FLAT + 1 + rank)
    ordered = sorted(scores, key=lambda place: -scores[place])[:most]  # of equals the one that an earlier way found
    return np.array(ordered, np.int64), np.array([scores[place] for place in ordered])


def hits_among(places_QK: np.ndarray, right: Sequence[Collection[int]]) -> np.ndarray:
    """Return [Q, K] whether each passage that was found is a right one."""
    return np.array(
        [[place in known for place in places] for places, known in zip(places_QK.tolist(), right, strict=True)], bool
    ).reshape(places_QK.shape)


def reciprocal_ranks(hits_QK: np.ndarray) -> np.ndarray:
    """Return for each question 1 / rank of the first right passage among ten, 0 where there is none."""
    top_QK = hits_QK[:, :DEPTH]
    return np.where(top_QK.any(1), 1 / (1 + top_QK.argmax(1)), 0.0)


def recalls(hits_QK: np.ndarray, right_Q: np.ndarray, most: int) -> np.ndarray:
    """Return for each question the share of its right passages that stand among the first `most`."""
    return hits_QK[:, :most].sum(1) / np.maximum(1, right_Q)


def gains(hits_QK: np.ndarray, right_Q: np.ndarray) -> np.ndarray:
    """Return nDCG@10 of each question: right passages count less the later they stand, of what the best order would have."""
    discounts_K = 1 / np.log2(2 + np.arange(DEPTH))
    top_QK = hits_QK[:, :DEPTH]
    ideal_Q = np.cumsum(discounts_K)[np.clip(right_Q, 1, DEPTH) - 1]
    return (top_QK * discounts_K[: top_QK.shape[1]]).sum(1) / ideal_Q


def ranking_metrics(hits_QK: np.ndarray, right_Q: np.ndarray, *, intervals: bool = True) -> tuple[Metric, ...]:
    """Return mrr, recall_at_1, _5 and _10 and ndcg_at_10 with 95 % percentiles of resampled questions."""
    found = {
        "mrr": reciprocal_ranks(hits_QK),
        **{f"recall_at_{most}": recalls(hits_QK, right_Q, most) for most in (1, 5, 10)},
        "ndcg_at_10": gains(hits_QK, right_Q),
    }
    return tuple(_metric(key, values_Q, intervals) for key, values_Q in found.items())


def ranking_baseline(
    key: str, hits_QK: np.ndarray, right_Q: np.ndarray, mine_Q: np.ndarray, seconds: float
) -> Baseline:
    """Return the scores of another method on the same questions; `mine_Q` are the model's reciprocal ranks."""
    other_Q = reciprocal_ranks(hits_QK)
    gain = paired(mine_Q, other_Q, np.ones(len(mine_Q)))
    return Baseline(
        key=key,
        metrics=ranking_metrics(hits_QK, right_Q),
        seconds=seconds,
        verdict=paired_verdict(gain, len(mine_Q)),
    )


def pair_auc(belongs_N: np.ndarray, likeness_N: np.ndarray) -> float:
    """Return how often a pair that belongs together is more alike than one that does not; ties count half.

    Source: Hanley & McNeil 1982.
    """
    ones = int(belongs_N.sum())
    zeros = len(belongs_N) - ones
    if not ones or not zeros:
        return 0.5
    return float((rankdata(likeness_N)[belongs_N].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def _metric(key: str, values_Q: np.ndarray, intervals: bool) -> Metric:
    value = float(values_Q.mean()) if len(values_Q) else 0.0
    if not intervals or not len(values_Q):
        return Metric(key=key, value=value)
    low, high = bootstrap(lambda rows: float(values_Q[rows].mean()), len(values_Q))
    return Metric(key=key, value=value, low=min(low, value), high=max(high, value))
