"""Thresholds chosen on held-out rows: from which probability on a label is answered, below which an answer is for a person."""

# N rows, L labels

import math

import numpy as np

from slm_studio.core.intervals import wilson
from slm_studio.core.moderation import Catch, Person
from slm_studio.core.results import Metric

FEWEST = 20  # answers that must be left for a share of them to mean something
HIGHEST = 0.5  # threshold of a label to catch: what is likelier than all others together is answered anyway
NONE = 1.01  # below which every answer lies: all are for a person


def decide(probabilities_NL: np.ndarray, labels: list[str], catch: Catch | None) -> np.ndarray:
    """Return the number of the label that is answered: the one to catch where it is likely enough, else the likeliest."""
    likeliest_N: np.ndarray = probabilities_NL.argmax(-1)
    if catch is None or catch.label not in labels or len(labels) < 2:
        return likeliest_N
    place = labels.index(catch.label)
    return np.where(probabilities_NL[:, place] >= catch.threshold, place, likeliest_N)


def threshold_to_catch(scores_N: np.ndarray, is_label_N: np.ndarray, recall: float) -> float | None:
    """Return the highest threshold from which on at least a share of the rows with a label lies; None where no row has it.

    Never more than a half: what is likelier than all others together is answered anyway.

    Example: of scores 0.9, 0.4, 0.3 with the label, two thirds are caught from 0.4 on and all of them from 0.3.
    """
    found = np.sort(scores_N[is_label_N])[::-1]
    if not len(found):
        return None
    last = found[max(1, math.ceil(recall * len(found) - 1e-9)) - 1]
    return min(HIGHEST, math.floor(float(last) * 10_000) / 10_000)


def threshold_to_answer(sure_N: np.ndarray, right_N: np.ndarray, share: float) -> float:
    """Return the lowest threshold from which on at least a share of the answers is right; NONE where there is none."""
    order = np.argsort(-sure_N, kind="stable")
    right_N = np.cumsum(right_N[order]) / np.arange(1, len(order) + 1)
    ends = np.append(sure_N[order][1:] < sure_N[order][:-1], True)  # equally sure answers stay together
    fits = np.flatnonzero((right_N >= share - 1e-12) & ends & (np.arange(len(order)) >= FEWEST - 1))
    return math.floor(float(sure_N[order][fits[-1]]) * 10_000) / 10_000 if len(fits) else NONE


def moderation_metrics(
    true_N: np.ndarray, predicted_N: np.ndarray, sure_N: np.ndarray, place: int | None, person: Person | None
) -> tuple[Metric, ...]:
    """Return the share of the label at `place` that is caught and how often it is right when said; how much is answered without a person, and how rightly."""
    found: list[Metric] = []
    if place is not None:
        has_N, said_N = true_N == place, predicted_N == place
        found += [_share("caught", has_N & said_N, has_N), _share("rightly_caught", has_N & said_N, said_N)]
    if person is not None:
        alone_N = sure_N >= person.below
        every_N = np.ones(len(alone_N), bool)
        found += [
            _share("automatic", alone_N, every_N),
            _share("rightly_automatic", alone_N & (true_N == predicted_N), alone_N),
        ]
    return tuple(each for each in found if each is not None)


def _share(key: str, part_N: np.ndarray, whole_N: np.ndarray) -> Metric:
    part, whole = int(part_N.sum()), int(whole_N.sum())
    low, high = wilson(part, whole)
    return Metric(key=key, value=part / whole if whole else 0.0, low=low, high=high)
