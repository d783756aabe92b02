"""Scores against scikit-learn, hand-made cases and each other."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from slm_studio.engine.measuring.compare import mcnemar, paired, paired_verdict, verdict
from slm_studio.engine.measuring.scoring import (
    bootstrap,
    calibration_error,
    classification_metrics,
    confusion,
    fit_temperature,
    macro_f1,
    per_class,
    wilson,
)

RANDOM = np.random.default_rng(0)
TRUE = [str(n) for n in RANDOM.integers(0, 4, 300)]
SAID = [one if RANDOM.random() < 0.7 else str(RANDOM.integers(0, 5)) for one in TRUE]


def test_metrics_are_scikit_learns() -> None:
    found = {metric.key: metric for metric in classification_metrics(TRUE, SAID)}

    assert found["accuracy"].value == pytest.approx(accuracy_score(TRUE, SAID))
    assert found["f1_macro"].value == pytest.approx(f1_score(TRUE, SAID, average="macro"))
    assert found["f1_weighted"].value == pytest.approx(f1_score(TRUE, SAID, average="weighted"))
    assert found["accuracy"].low < found["accuracy"].value < found["accuracy"].high
    assert found["f1_macro"].low < found["f1_macro"].value < found["f1_macro"].high


def test_the_quick_macro_f1_equals_the_slow_one() -> None:
    true, said = np.array([int(each) for each in TRUE]), np.array([int(each) for each in SAID])

    assert macro_f1(true, said, 5) == pytest.approx(f1_score(true, said, average="macro"))


def test_a_label_that_only_the_file_knows_counts_as_wrong() -> None:
    scores = {each.label: each for each in per_class(["a", "b", "new"], ["a", "a", "a"], ["a", "b", "new"])}

    assert scores["new"].recall == 0.0
    assert scores["a"].precision == pytest.approx(1 / 3)
    assert confusion(["a", "b", "new"], ["a", "a", "a"], ["a", "b", "new"]) == ((1, 0, 0), (1, 0, 0), (1, 0, 0))


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"), [(9, 10, 0.5958, 0.9821), (0, 20, 0.0, 0.1611), (50, 100, 0.4038, 0.5962)]
)
def test_wilsons_interval_is_the_published_one(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=1e-3)


def test_where_nothing_is_right_the_interval_begins_at_nothing_to_the_last_bit() -> None:
    assert {wilson(0, rows)[0] for rows in range(1, 200)} == {0.0}


def test_the_bootstrap_covers_the_mean() -> None:
    values = RANDOM.normal(1.0, 1.0, 400)

    low, high = bootstrap(lambda rows: float(values[rows].mean()), 400)

    assert low < values.mean() < high
    assert high - low == pytest.approx(4 * values.std() / 20, rel=0.25)


def test_mcnemar_is_the_exact_binomial() -> None:
    first, second = np.array([True] * 8 + [True] * 5), np.array([False] * 8 + [True] * 5)

    assert mcnemar(first, second) == pytest.approx(2 * 0.5**8)
    assert verdict(first, second) == "better"
    assert verdict(second, first) == "worse"
    assert verdict(first, first) == "none"


def test_a_calibrated_model_has_no_calibration_error_and_a_boastful_one_has() -> None:
    confidence = np.full(1000, 0.8)
    right = np.arange(1000) < 800

    assert calibration_error(confidence, right) == pytest.approx(0.0, abs=1e-9)
    assert calibration_error(np.full(1000, 0.99), right) == pytest.approx(0.19)


@pytest.mark.parametrize("factor", [0.3, 1.0, 4.0])
def test_a_temperature_undoes_what_made_a_model_too_sure_or_too_shy(factor: float) -> None:
    logits = RANDOM.normal(0, 2, (4000, 5))
    honest = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = np.array([RANDOM.choice(5, p=row) for row in honest])
    sharpened = np.exp(logits * factor) / np.exp(logits * factor).sum(1, keepdims=True)

    assert fit_temperature(sharpened, labels) == pytest.approx(factor, rel=0.1)


def test_a_paired_gain_of_a_few_rows_shows_nothing_whatever_its_interval() -> None:
    gaps_N = np.array([0.5, 0.6, 0.7, 0.5, 0.6, 0.7])

    for rows, expected in ((5, "none"), (6, "better")):
        gain = paired(gaps_N[:rows], np.zeros(rows), np.ones(rows))
        assert gain[1] > 0, "by the interval alone it would be better"
        assert paired_verdict(gain, rows) == expected
    assert paired_verdict(paired(-gaps_N, np.zeros(6), np.ones(6)), 6) == "worse"
