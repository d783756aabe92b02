"""Paired tests: is one model better than another on the same rows, or is no difference shown?"""

import math

import numpy as np

SIGNIFICANT = 0.05


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
