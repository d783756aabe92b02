"""Scores of numbers are those of scikit-learn and scipy."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import mean_absolute_error, mean_squared_error

from slm_studio.engine.measuring.numbers import number_metrics, number_verdict, spearman

GENERATOR = np.random.default_rng(1)
TRUE = GENERATOR.integers(1, 6, 80).astype(float)  # stars: many are equal
SAID = TRUE + GENERATOR.normal(0, 1, 80)


def test_they_equal_the_references() -> None:
    found = {metric.key: metric for metric in number_metrics(TRUE, SAID)}

    assert found["mse"].value == pytest.approx(mean_squared_error(TRUE, SAID))
    assert found["mae"].value == pytest.approx(mean_absolute_error(TRUE, SAID))
    assert found["spearman"].value == pytest.approx(spearmanr(TRUE, SAID).statistic)
    assert all(each.low < each.value < each.high for each in found.values())
    assert "brier" not in found


@pytest.mark.parametrize("share", [1.0, 100.0])
def test_shares_have_a_brier_score_that_knows_no_unit(share: float) -> None:
    true, said = TRUE / 5 * share, SAID / 5 * share

    found = {metric.key: metric.value for metric in number_metrics(true, said, share)}

    assert found["brier"] == pytest.approx(mean_squared_error(TRUE / 5, SAID / 5))


def test_no_order_is_no_correlation() -> None:
    assert spearman(TRUE, np.full(len(TRUE), 3.0)) == 0.0


def test_a_verdict_is_paired() -> None:
    off = GENERATOR.normal(0, 1, 80)

    assert number_verdict(off * 0.5, off) == "better"
    assert number_verdict(off, off * 0.5) == "worse"
    assert number_verdict(off, off[::-1]) == "none"
    assert number_verdict(off[:5] * 0.1, off[:5]) == "none"  # too few
