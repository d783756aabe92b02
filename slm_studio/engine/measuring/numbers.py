"""Scores of numbers, pure: how far answers lie off, and whether they stand in the right order, with intervals."""

# N rows

from collections.abc import Callable

import numpy as np
from scipy.stats import rankdata

from slm_studio.core.results import Metric
from slm_studio.engine.measuring.compare import paired, paired_verdict
from slm_studio.engine.measuring.scoring import bootstrap


def number_metrics(
    true_N: np.ndarray, predicted_N: np.ndarray, share: float = 0.0, seed: int = 0
) -> tuple[Metric, ...]:
    """Return mse, mae and spearman, each with the 95 % percentiles of 500 bootstrap resamples of the rows.

    Where the numbers are shares of `share` (1, or 100 of per cent) also brier: the mean square of how far they lie off, of 1.
    Sources: Efron & Tibshirani 1993; Brier 1950.
    """
    off_N = predicted_N - true_N
    found = [
        _metric("mse", lambda rows: float((off_N[rows] ** 2).mean()), len(off_N), seed),
        _metric("mae", lambda rows: float(np.abs(off_N[rows]).mean()), len(off_N), seed),
        _metric("spearman", lambda rows: spearman(true_N[rows], predicted_N[rows]), len(off_N), seed),
    ]
    if share:
        found.append(_metric("brier", lambda rows: float(((off_N[rows] / share) ** 2).mean()), len(off_N), seed))
    return tuple(found)


def spearman(one_N: np.ndarray, other_N: np.ndarray) -> float:
    """Return the correlation of the ranks (−1…1); 0 where one side is all the same.

    Source: Spearman 1904.
    """
    first, second = (rankdata(each) - (len(each) + 1) / 2 for each in (one_N, other_N))
    spread = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum() / spread) if spread else 0.0


def number_verdict(model_off_N: np.ndarray, other_off_N: np.ndarray) -> str:
    """Return "better" or "worse" (the model against another method, by how far both lie off), or "none"."""
    gain = paired(np.abs(other_off_N), np.abs(model_off_N), np.ones(len(model_off_N)))
    return paired_verdict(gain, len(model_off_N))


def _metric(key: str, score: Callable[[np.ndarray], float], rows: int, seed: int) -> Metric:
    value = score(np.arange(rows))
    low, high = bootstrap(score, rows, seed)
    return Metric(key=key, value=value, low=min(low, value), high=max(high, value))
