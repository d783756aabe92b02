"""Scores of sets of labels are scikit-learn's; thresholds are those that trying all would find."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, hamming_loss, label_ranking_loss, precision_recall_fscore_support

from slm_studio.engine.measuring.sets import best_thresholds, per_label, set_metrics


@pytest.fixture
def rows() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    true = generator.random((120, 5)) < (0.5, 0.3, 0.1, 0.05, 0.02)
    scores = (true * 0.4 + generator.random((120, 5))) / 1.4
    return true, scores > 0.5, scores


def test_they_equal_those_of_scikit_learn(rows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    true, chosen, scores = rows

    found = {metric.key: metric for metric in set_metrics(true, chosen, scores)}

    assert found["f1_micro"].value == pytest.approx(f1_score(true, chosen, average="micro"))
    assert found["f1_macro"].value == pytest.approx(f1_score(true, chosen, average="macro", zero_division=0.0))
    assert found["hamming_loss"].value == pytest.approx(hamming_loss(true, chosen))
    assert found["ranking_loss"].value == pytest.approx(label_ranking_loss(true, scores))
    assert found["exact_match"].value == pytest.approx((true == chosen).all(1).mean())
    for key in ("f1_micro", "f1_macro", "exact_match"):
        assert found[key].low < found[key].value < found[key].high


def test_each_label_has_its_own(rows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    true, chosen, _ = rows

    found = per_label(true, chosen, list("abcde"))

    precision, recall, f1, support = precision_recall_fscore_support(true, chosen, average=None, zero_division=0.0)
    assert [(each.precision, each.recall, each.f1, each.support) for each in found] == [
        pytest.approx(each) for each in zip(precision, recall, f1, support, strict=True)
    ]


def test_a_threshold_is_the_best_that_there_is(rows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    true, _, scores = rows

    found = best_thresholds(true, scores, fewest=5)

    for label in range(3):
        tried = [f1_score(true[:, label], scores[:, label] >= cut) for cut in np.unique(scores[:, label])]
        assert f1_score(true[:, label], scores[:, label] >= found[label]) == pytest.approx(max(tried))


def test_few_rows_leave_a_threshold_in_the_middle() -> None:
    true = np.zeros((20, 2), bool)
    true[:4, 0], true[:18, 1] = True, True

    assert best_thresholds(true, np.linspace(0, 1, 40).reshape(20, 2), fewest=5).tolist() == [0.5, 0.5]
