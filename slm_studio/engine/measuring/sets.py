"""Scores of sets of labels, pure: under scikit-learn's names, with intervals."""

# N rows, L labels

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import label_ranking_loss, precision_recall_fscore_support

from slm_studio.core.intervals import wilson
from slm_studio.core.results import ClassScore, Metric
from slm_studio.engine.measuring.scoring import RESAMPLES, bootstrap
from slm_studio.engine.measuring.spans import Counts

AT_ONCE = 50  # resamples that are counted together


def count_sets(true_NL: np.ndarray, chosen_NL: np.ndarray) -> Counts:
    """Return for each row how many labels were chosen rightly, chosen, and true."""
    return Counts((true_NL & chosen_NL).sum(1), chosen_NL.sum(1), true_NL.sum(1))


def set_metrics(true_NL: np.ndarray, chosen_NL: np.ndarray, scores_NL: np.ndarray, seed: int = 0) -> tuple[Metric, ...]:
    """Return f1_micro, f1_macro and exact_match with 95 % intervals, hamming_loss and ranking_loss.

    f1_macro is the mean over labels that a row has or an answer names. exact_match: Wilson's interval; F1: percentiles of
    500 bootstrap resamples of the rows. ranking_loss: how often a wrong label stands above a true one (0…1).
    Source of the last: Tsoumakas et al. 2010, as scikit-learn computes it.
    """
    counts = count_sets(true_NL, chosen_NL)
    exact_N = (true_NL == chosen_NL).all(1)
    low, high = wilson(int(exact_N.sum()), len(exact_N))
    micro_low, micro_high = bootstrap(counts.f1, len(true_NL), seed)
    macro, (macro_low, macro_high) = macro_f1(true_NL, chosen_NL), _macro_interval(true_NL, chosen_NL, seed)
    micro = counts.f1()
    return (
        Metric(key="f1_micro", value=micro, low=min(micro_low, micro), high=max(micro_high, micro)),
        Metric(key="f1_macro", value=macro, low=min(macro_low, macro), high=max(macro_high, macro)),
        Metric(key="exact_match", value=float(exact_N.mean()), low=low, high=high),
        Metric(key="hamming_loss", value=float((true_NL != chosen_NL).mean())),
        Metric(key="ranking_loss", value=ranking_loss(true_NL, scores_NL)),
    )


def macro_f1(true_NL: np.ndarray, chosen_NL: np.ndarray) -> float:
    """Return the mean F1 of the labels that occur."""
    return _mean_f1((true_NL & chosen_NL).sum(0), true_NL.sum(0) + chosen_NL.sum(0))


def ranking_loss(true_NL: np.ndarray, scores_NL: np.ndarray) -> float:
    """Return the share of pairs of a true and another label that stand in the wrong order, on average over rows."""
    return float(label_ranking_loss(true_NL, scores_NL)) if true_NL.shape[1] > 1 else 0.0


def per_label(true_NL: np.ndarray, chosen_NL: np.ndarray, labels: Sequence[str]) -> tuple[ClassScore, ...]:
    """Return precision, recall, F1 and support of each label that a row has or an answer names."""
    columns = precision_recall_fscore_support(
        true_NL.astype(int), chosen_NL.astype(int), average=None, labels=range(len(labels)), zero_division=0.0
    )
    return tuple(
        ClassScore(label=label, precision=float(p), recall=float(r), f1=float(f), support=int(n))
        for label, p, r, f, n, is_there in zip(labels, *columns, (true_NL | chosen_NL).any(0), strict=True)
        if is_there
    )


def best_thresholds(true_NL: np.ndarray, scores_NL: np.ndarray, fewest: int, otherwise: float = 0.5) -> np.ndarray:
    """Return for each label the score from which on it is chosen, so that its F1 on these rows is highest.

    A threshold lies halfway between two scores; of equally good ones the one nearest to `otherwise` is taken. A label that fewer
    than `fewest` rows have, or fewer than `fewest` lack, gets `otherwise`: so few say nothing.
    """
    return np.array(
        [
            _best_threshold(true_NL[:, label], scores_NL[:, label], otherwise)
            if fewest <= true_NL[:, label].sum() <= len(true_NL) - fewest
            else otherwise
            for label in range(true_NL.shape[1])
        ]
    )


def _best_threshold(true_N: np.ndarray, scores_N: np.ndarray, otherwise: float) -> float:
    order = np.argsort(-scores_N, kind="stable")
    ranked, hits = scores_N[order].astype(np.float64), np.cumsum(true_N[order])
    f1_N = 2 * hits / (np.arange(1, len(order) + 1) + true_N.sum())
    ends = np.flatnonzero(np.append(ranked[:-1] > ranked[1:], True))
    cuts = (ranked[ends] + np.append(ranked[1:], 0.0)[ends]) / 2
    best = f1_N[ends] >= f1_N[ends].max() - 1e-12
    return float(cuts[best][np.abs(cuts[best] - otherwise).argmin()])


def _mean_f1(hits_L: np.ndarray, seen_L: np.ndarray) -> float:
    present = seen_L > 0
    return float((2 * hits_L[present] / seen_L[present]).mean()) if present.any() else 0.0


def _macro_interval(true_NL: np.ndarray, chosen_NL: np.ndarray, seed: int) -> tuple[float, float]:
    """Return the percentiles that `bootstrap` would, counting many resamples by one product."""
    generator, rows = np.random.Generator(np.random.PCG64(seed)), len(true_NL)
    hits_NL = (true_NL & chosen_NL).astype(np.float32)
    seen_NL = true_NL.astype(np.float32) + chosen_NL
    scores: list[float] = []
    while len(scores) < RESAMPLES:
        drawn_RN = np.stack(
            [np.bincount(generator.integers(0, rows, rows), minlength=rows) for _ in range(AT_ONCE)]
        ).astype(np.float32)
        scores += [_mean_f1(hits, seen) for hits, seen in zip(drawn_RN @ hits_NL, drawn_RN @ seen_NL, strict=True)]
    low, high = np.percentile(scores, [2.5, 97.5])
    return float(low), float(high)
