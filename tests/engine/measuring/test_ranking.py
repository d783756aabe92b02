"""Ranks against scikit-learn and hand-worked numbers."""

import numpy as np
import pytest
from sklearn.metrics import ndcg_score, roc_auc_score

from slm_studio.engine.measuring import ranking


def test_gain_is_that_of_scikit_learn() -> None:
    draw = np.random.default_rng(3)
    scores_QP, truth_QP = draw.normal(size=(50, 40)), draw.random((50, 40)) < 0.08
    truth_QP[truth_QP.sum(1) == 0, 0] = True
    right = [set(np.flatnonzero(row).tolist()) for row in truth_QP]

    hits_QK = ranking.hits_among(ranking.best_places(scores_QP, 10), right)

    assert ranking.gains(hits_QK, truth_QP.sum(1)).mean() == pytest.approx(ndcg_score(truth_QP, scores_QP, k=10))


def test_ranks_and_recall_worked_by_hand() -> None:
    # Right ones stand at rank 1 of one question, at 3 and 4 of another that has three, and nowhere for the last.
    hits_QK = np.zeros((3, 10), bool)
    hits_QK[0, 0] = hits_QK[1, 2] = hits_QK[1, 3] = True
    right_Q = np.array([1, 3, 1])

    found = {metric.key: metric.value for metric in ranking.ranking_metrics(hits_QK, right_Q)}

    assert found["mrr"] == pytest.approx((1 + 1 / 3 + 0) / 3)
    assert found["recall_at_1"] == pytest.approx(1 / 3)
    assert found["recall_at_5"] == found["recall_at_10"] == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_of_equal_scores_the_first_counts_and_nothing_is_found_below_the_bound() -> None:
    scores_QP = np.array([[0.0, 2.0, 2.0, 0.0]])

    assert ranking.best_places(scores_QP, 3, above=0.0).tolist() == [[1, 2, ranking.NOTHING]]


def test_ranks_are_fused_as_their_authors_add_them() -> None:
    places, scores = ranking.fuse([np.array([3, 1]), np.array([3, 2, ranking.NOTHING])], 5, (0.5, 0.5))

    assert places.tolist() == [3, 1, 2]
    assert scores.tolist() == pytest.approx([1.0, 61 / 62 / 2, 61 / 62 / 2])


def test_pairs_are_told_apart_as_scikit_learn_counts_it() -> None:
    draw = np.random.default_rng(5)
    belongs, likeness = draw.random(200) < 0.3, np.round(draw.random(200), 1)  # with ties

    assert ranking.pair_auc(belongs, likeness) == pytest.approx(roc_auc_score(belongs, likeness))
