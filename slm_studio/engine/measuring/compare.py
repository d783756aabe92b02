"""Paired tests: is one model better than another on the same rows, or is no difference shown?"""

import math

import numpy as np

from slm_studio.engine.measuring.scoring import bootstrap

SIGNIFICANT = 0.05
FEWEST = 6  # rows, of which a paired test can say something: 2 · 0.5⁶ < SIGNIFICANT


def mcnemar(first_right: np.ndarray, second_right: np.ndarray) -> float:
    """Return the exact two-sided p-value that both are equally often right, from the rows where they disagree.

    Example: 8 rows only the first has right, 0 only the second: p = 2 · 0.5⁸ = 0.0078.
    Source: McNemar 1947; the exact binomial form.
    """
    only_first = int((first_right & ~second_right).sum())
    only_second = int((~first_right & second_right).sum())
    trials, fewer = only_first + only_second, min(only_first, only_second)
    if not trials:
        return 1.0
    # Logarithms, because 0.5 ** 3000 is 0 as a float.
    terms = [
        math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1) - trials * math.log(2)
        for k in range(fewer + 1)
    ]
    return min(1.0, 2 * sum(math.exp(term) for term in terms))


def verdict(first_right: np.ndarray, second_right: np.ndarray) -> str:
    """Return "better" or "worse" (the first against the second), or "none" where no difference is shown."""
    if mcnemar(first_right, second_right) >= SIGNIFICANT:
        return "none"
    return "better" if first_right.sum() > second_right.sum() else "worse"


def paired(first_N: np.ndarray, second_N: np.ndarray, weights_N: np.ndarray) -> tuple[float, float, float]:
    """Return the mean difference first − second of sums over the same rows, a unit of weight, and its 95 % interval.

    Rows are resampled with both of their numbers, so that what makes a row hard for both does not count.
    """
    gaps_N = first_N - second_N

    def mean(places: np.ndarray) -> float:
        return float(gaps_N[places].sum() / max(weights_N[places].sum(), 1e-12))

    low, high = bootstrap(mean, len(gaps_N))
    return mean(np.arange(len(gaps_N))), low, high


def paired_verdict(gain: tuple[float, float, float], rows: int) -> str:
    """Return "better" where a paired gain over some rows is above 0 for sure, "worse" where it is below, else "none".

    Of fewer than FEWEST rows nothing is said, whatever the interval: resampled, five numbers of one sign are never of another,
    and by chance alone they are of one sign with p = 2 · 0.5⁵ = 0.06.
    """
    _, low, high = gain
    if rows < FEWEST:
        return "none"
    return "better" if low > 0 else "worse" if high < 0 else "none"
