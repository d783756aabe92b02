"""Simple methods for pairs, for several labels and for numbers: TF-IDF with a linear layer behind it, and knowing nothing."""

# N rows, L labels

import time
from collections.abc import Callable, Sequence

import numpy as np
from scipy import sparse
from sklearn.linear_model import Ridge
from sklearn.svm import LinearSVC

from slm_studio.core.results import Baseline
from slm_studio.engine.measuring.baselines import classified, features_of
from slm_studio.engine.measuring.numbers import number_metrics, number_verdict
from slm_studio.engine.measuring.sets import count_sets, set_metrics
from slm_studio.engine.measuring.spans import span_verdict

Columns = Sequence[Sequence[str]]  # the texts of all rows, or two of each


def features(learnt: Columns) -> Callable[[Columns], sparse.csr_matrix]:
    """Return what makes TF-IDF of texts; of pairs also of what both share, and of what only one of them has."""
    fitted = features_of(learnt[0]).fit([text for texts in learnt for text in texts])

    def make(columns: Columns) -> sparse.csr_matrix:
        found = [fitted.transform(list(texts)) for texts in columns]
        if len(found) == 1:
            return found[0].tocsr()
        one, other = found
        return sparse.hstack([one, other, one.minimum(other), abs(one - other)]).tocsr()

    return make


def tfidf_pairs(
    learnt: Columns, labels: Sequence[str], asked: Columns, true: Sequence[str], right: np.ndarray
) -> Baseline:
    """TF-IDF of both texts of a pair into a linear support vector machine. `right`: the model's rows that are right."""
    began = time.perf_counter()
    if len(set(labels)) == 1:
        return classified("tfidf_linear", true, [labels[0]] * len(true), right, began)
    make = features(learnt)
    linear = LinearSVC(C=1.0, random_state=0).fit(make(learnt), list(labels))
    return classified("tfidf_linear", true, [str(label) for label in linear.predict(make(asked))], right, began)


def frequent_labels(learnt_NL: np.ndarray, true_NL: np.ndarray, mine_NL: np.ndarray) -> Baseline:
    """Always say the same labels: as many of the most frequent ones as are best on the training rows. `mine_NL`: the model's."""
    began = time.perf_counter()
    counts_L = learnt_NL.sum(0)
    order = np.argsort(-counts_L, kind="stable")
    said = np.arange(1, len(order) + 1)
    f1_L = 2 * np.cumsum(counts_L[order]) / (said * len(learnt_NL) + counts_L.sum()).clip(1)
    chosen_L = np.zeros(len(order), bool)
    chosen_L[order[: int(f1_L.argmax()) + 1]] = True
    shares_L = counts_L / max(1, len(learnt_NL))
    chosen_NL, scores_NL = (np.broadcast_to(each, true_NL.shape) for each in (chosen_L, shares_L))
    return _of_sets("frequent_labels", true_NL, chosen_NL, scores_NL, mine_NL, began)


def tfidf_several(
    learnt: Columns, learnt_NL: np.ndarray, asked: Columns, true_NL: np.ndarray, mine_NL: np.ndarray
) -> Baseline:
    """TF-IDF into a linear support vector machine for each label. `mine_NL`: what the model chose."""
    began = time.perf_counter()
    make = features(learnt)
    fitted, scored = make(learnt), make(asked)
    scores_NL = np.empty(true_NL.shape, np.float64)
    for label in range(true_NL.shape[1]):
        given_N = learnt_NL[:, label]
        if given_N.all() or not given_N.any():  # nothing to tell apart, which the library refuses
            scores_NL[:, label] = 1.0 if given_N.any() else -1.0
        else:
            linear = LinearSVC(C=1.0, random_state=0).fit(fitted, given_N)
            scores_NL[:, label] = linear.decision_function(scored)
    return _of_sets("tfidf_linear", true_NL, scores_NL > 0, scores_NL, mine_NL, began)


def always_mean(learnt_N: np.ndarray, true_N: np.ndarray, off_N: np.ndarray, share: float) -> Baseline:
    """Always say the mean. `off_N`: how far the model lies off."""
    began = time.perf_counter()
    return _of_numbers("mean", true_N, np.full(len(true_N), learnt_N.mean()), off_N, share, began)


def tfidf_ridge(
    learnt: Columns, learnt_N: np.ndarray, asked: Columns, true_N: np.ndarray, off_N: np.ndarray, share: float
) -> Baseline:
    """TF-IDF into a ridge regression. `off_N`: how far the model lies off."""
    began = time.perf_counter()
    make = features(learnt)
    ridge = Ridge(alpha=1.0).fit(make(learnt), learnt_N)
    return _of_numbers("tfidf_ridge", true_N, ridge.predict(make(asked)), off_N, share, began)


def _of_sets(
    key: str, true_NL: np.ndarray, chosen_NL: np.ndarray, scores_NL: np.ndarray, mine_NL: np.ndarray, began: float
) -> Baseline:
    return Baseline(
        key=key,
        metrics=set_metrics(true_NL, chosen_NL, scores_NL),
        seconds=time.perf_counter() - began,
        verdict=span_verdict(count_sets(true_NL, mine_NL), count_sets(true_NL, chosen_NL)),
    )


def _of_numbers(
    key: str, true_N: np.ndarray, predicted_N: np.ndarray, off_N: np.ndarray, share: float, began: float
) -> Baseline:
    return Baseline(
        key=key,
        metrics=number_metrics(true_N, predicted_N, share),
        seconds=time.perf_counter() - began,
        verdict=number_verdict(off_N, predicted_N - true_N),
    )
