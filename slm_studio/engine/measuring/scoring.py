"""Scores of labels, pure: metrics under scikit-learn's names, with intervals."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from sklearn.metrics import precision_recall_fscore_support

from slm_studio.core.intervals import wilson
from slm_studio.core.results import ClassScore, Metric

RESAMPLES = 500


def classification_metrics(true: Sequence[str], predicted: Sequence[str], seed: int = 0) -> tuple[Metric, ...]:
    """Return accuracy, f1_macro, f1_weighted, precision_macro and recall_macro, the first two with 95 % intervals.

    accuracy: Wilson's interval. f1_macro: percentiles of 500 bootstrap resamples of the rows.
    Sources: Wilson 1927; Efron & Tibshirani 1993.
    """
    labels, true_ids, predicted_ids = _numbered(true, predicted)
    correct = int((true_ids == predicted_ids).sum())
    low, high = wilson(correct, len(true_ids))
    precision, recall, f1, _ = precision_recall_fscore_support(
        true_ids, predicted_ids, average="macro", zero_division=0.0
    )
    weighted = precision_recall_fscore_support(true_ids, predicted_ids, average="weighted", zero_division=0.0)[2]
    f1_low, f1_high = bootstrap(
        lambda rows: macro_f1(true_ids[rows], predicted_ids[rows], len(labels)), len(true_ids), seed
    )
    return (
        Metric(key="accuracy", value=correct / len(true_ids), low=low, high=high),
        Metric(key="f1_macro", value=float(f1), low=min(f1_low, float(f1)), high=max(f1_high, float(f1))),
        Metric(key="f1_weighted", value=float(weighted)),
        Metric(key="precision_macro", value=float(precision)),
        Metric(key="recall_macro", value=float(recall)),
    )


def per_class(true: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> tuple[ClassScore, ...]:
    """Return precision, recall, F1 and support of each label."""
    columns = precision_recall_fscore_support(true, predicted, labels=list(labels), average=None, zero_division=0.0)
    return tuple(
        ClassScore(label=label, precision=float(p), recall=float(r), f1=float(f), support=int(n))
        for label, p, r, f, n in zip(labels, *columns, strict=True)
    )


def confusion(true: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Return counts[true][predicted]."""
    place = {label: number for number, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    for one, other in zip(true, predicted, strict=True):
        counts[place[one], place[other]] += 1
    return tuple(tuple(row) for row in counts.tolist())


def calibration_error(confidence: np.ndarray, correct: np.ndarray, bins: int = 10) -> float:
    """Return the expected calibration error (0…1): how far stated certainty is from the share that is right.

    Source: Guo et al. 2017, https://arxiv.org/abs/1706.04599
    """
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(correct[places == k].mean() - confidence[places == k].mean()) * (places == k).mean()
        for k in range(bins)
        if (places == k).any()
    ]
    return float(sum(gaps))


def fit_temperature(probabilities_NL: np.ndarray, labels_N: np.ndarray) -> float:
    """Return the temperature (0.05…20) by which logits are divided so that held-out rows are most likely.

    It changes how sure a model sounds, never what it answers. Golden-section search over its logarithm.
    Source: Guo et al. 2017, https://arxiv.org/abs/1706.04599
    """
    logs_NL = np.log(np.clip(probabilities_NL.astype(np.float64), 1e-12, 1.0))
    rows = np.arange(len(labels_N))

    def loss(log_temperature: float) -> float:
        scaled_NL = logs_NL / math.exp(log_temperature)
        return float((np.logaddexp.reduce(scaled_NL, axis=1) - scaled_NL[rows, labels_N]).mean())

    low, high, golden = -3.0, 3.0, (math.sqrt(5) - 1) / 2
    while high - low > 1e-3:
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return math.exp((low + high) / 2)


def tempered(probabilities_NL: np.ndarray, temperature: float) -> np.ndarray:
    """Return probabilities as they are when logits are divided by a temperature."""
    logs_NL = np.log(np.clip(probabilities_NL.astype(np.float64), 1e-12, 1.0)) / temperature
    found: np.ndarray = np.exp(logs_NL - np.logaddexp.reduce(logs_NL, axis=1, keepdims=True))
    return found


def bootstrap(score: Callable[[np.ndarray], float], rows: int, seed: int = 0) -> tuple[float, float]:
    """Return the 2.5th and 97.5th percentile of `score` over resampled row numbers."""
    generator = np.random.Generator(np.random.PCG64(seed))
    scores = [score(generator.integers(0, rows, rows)) for _ in range(RESAMPLES)]
    low, high = np.percentile(scores, [2.5, 97.5])
    return float(low), float(high)


def macro_f1(true: np.ndarray, predicted: np.ndarray, classes: int) -> float:
    """Return the mean F1 of the classes that occur, from class numbers; much faster than scikit-learn in a loop."""
    hits = np.bincount(true[true == predicted], minlength=classes)
    seen = np.bincount(true, minlength=classes) + np.bincount(predicted, minlength=classes)
    present = seen > 0
    if not present.any():
        return 0.0  # no row has a label that the model knows
    return float((2 * hits[present] / seen[present]).mean())


def _numbered(true: Sequence[str], predicted: Sequence[str]) -> tuple[list[str], np.ndarray, np.ndarray]:
    labels = sorted(set(true) | set(predicted))
    number = {label: place for place, label in enumerate(labels)}
    return labels, np.array([number[label] for label in true]), np.array([number[label] for label in predicted])
