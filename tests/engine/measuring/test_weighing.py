"""Weights of scores: found where they were hidden, never worse than a score alone, and shares that mean what they say."""

import numpy as np
import pytest

from slm_studio.engine.measuring.weighing import (
    Lists,
    Weights,
    errors_at,
    first_of,
    learn_weights,
    scores_of,
    shares_of,
    weights_of,
)


def lists_by(weights: Weights, lists: int = 200, candidates: int = 6, noise: float = 0.5, seed: int = 0) -> Lists:
    """Return lists whose candidate with the highest hidden score has no error, and all others one or two."""
    generator = np.random.Generator(np.random.PCG64(seed))
    spreads = np.array([5.0, 20.0, 2.0, *[10.0] * len(weights.further)])
    features_NMF = generator.normal(size=(lists, candidates, len(spreads))) * spreads
    there_NM = np.arange(candidates) < generator.integers(2, candidates + 1, lists)[:, None]
    features_NMF *= there_NM[:, :, None]
    hidden_NM = scores_of(features_NMF, there_NM, weights) + generator.normal(size=there_NM.shape) * noise
    errors_NM = generator.integers(1, 3, there_NM.shape).astype(float)
    errors_NM[np.arange(lists), hidden_NM.argmax(1)] = 0
    return Lists(features_NMF, errors_NM * there_NM, there_NM)


def errors_of(lists: Lists, weights: Weights) -> float:
    return float(errors_at(lists.errors_NM, first_of(scores_of(lists.features_NMF, lists.there_NM, weights))).sum())


@pytest.mark.parametrize(
    "hidden",
    [
        Weights(0.4, 0.1, 0.0),
        Weights(-0.4, 0.1, 0.3),
        Weights(0.0, 0.1, -0.5),
        Weights(0.4, 0.0, 0.0),
        Weights(0.4, 0.1, 0.0, (0.2,)),
        Weights(0.0, 0.0, 0.0, (-0.2,)),
        Weights(0.4, 0.1, 0.3, (-0.2, 0.1, 0.0)),
    ],
)
def test_hidden_weights_are_found(hidden: Weights) -> None:
    train, test = lists_by(hidden, seed=1), lists_by(hidden, seed=2)

    found = learn_weights(train)

    assert found is not None
    assert errors_of(test, found) <= 1.25 * errors_of(test, hidden) + 5
    one, other = (
        np.array([each.own * 5, each.model * 20, each.length * 2, *(10 * further for further in each.further)])
        for each in (found, hidden)
    )
    assert one @ other / np.linalg.norm(one) / np.linalg.norm(other) > 0.95  # they point the same way


def test_no_score_alone_does_better_on_the_lists_that_were_learnt() -> None:
    for seed in range(5):
        lists = lists_by(Weights(0.2, 0.05, 0.1), lists=30, noise=2.0, seed=seed)
        found = learn_weights(lists)
        assert found is not None
        alone = (Weights(1, 0, 0), Weights(-1, 0, 0), Weights(0, 1, 0))
        assert errors_of(lists, found) <= min(errors_of(lists, each) for each in alone)


def test_a_second_own_score_is_weighed_also_where_nothing_else_tells_candidates_apart() -> None:
    lists = lists_by(Weights(0.0, 0.0, 0.0, (-0.2,)))
    features_NMF = lists.features_NMF * np.array([0, 0, 0, 1])

    found = learn_weights(Lists(features_NMF, lists.errors_NM, lists.there_NM))

    assert found is not None and found.further[0] < 0 == found.own == found.model == found.length


def test_where_only_all_own_scores_together_tell_the_best_they_are_all_weighed() -> None:
    generator = np.random.Generator(np.random.PCG64(5))
    features_NMF = np.zeros((100, 4, 4))
    features_NMF[:, :, 0] = generator.normal(size=(100, 4)) * 10  # one score hides what the other says
    features_NMF[:, :, 3] = -features_NMF[:, :, 0] - np.arange(4)
    errors_NM = np.minimum(np.arange(4.0), 1)[None].repeat(100, 0)
    lists = Lists(features_NMF, errors_NM, np.ones((100, 4), bool))

    found = learn_weights(lists)

    assert found is not None and found == learn_weights(lists)
    assert errors_of(lists, found) == 0 < min(errors_of(lists, Weights(sign, 0)) for sign in (1, -1))


def test_the_same_lists_give_the_same_weights() -> None:
    assert learn_weights(lists_by(Weights(0.2, 0.1))) == learn_weights(lists_by(Weights(0.2, 0.1)))


def test_shares_are_right_as_often_as_they_say() -> None:
    hidden = Weights(0.2, 0.05, 0.1)
    found = learn_weights(lists_by(hidden, lists=1000, noise=1.5, seed=3))
    test = lists_by(hidden, lists=1000, noise=1.5, seed=4)
    assert found is not None

    shares_NM = shares_of(scores_of(test.features_NMF, test.there_NM, found))
    first_N = first_of(shares_NM)
    right = float(np.take_along_axis(test.best_ones, first_N[:, None], axis=1).mean())

    assert shares_NM.sum(1) == pytest.approx(np.ones(1000))
    assert float(shares_NM.max(1).mean()) == pytest.approx(right, abs=0.05)


def test_few_lists_that_are_all_right_do_not_make_it_sure_of_everything() -> None:
    lists = lists_by(Weights(0.4, 0.0, 0.0), lists=10, noise=0.0)

    found = learn_weights(lists)

    assert found is not None
    assert 0.5 < float(shares_of(scores_of(lists.features_NMF, lists.there_NM, found)).max(1).mean()) < 0.85


def test_where_nothing_can_be_chosen_no_weight_is_learnt() -> None:
    lists = lists_by(Weights(0.4, 0.1), lists=5)

    assert learn_weights(Lists(lists.features_NMF, lists.errors_NM * 0, lists.there_NM)) is None
    assert learn_weights(Lists(lists.features_NMF * 0, lists.errors_NM, lists.there_NM)) is None
    assert learn_weights(Lists(lists.features_NMF[:0], lists.errors_NM[:0], lists.there_NM[:0])) is None


def test_a_feature_that_nobody_has_weighs_nothing() -> None:
    lists = lists_by(Weights(0.0, 0.1, 0.0))
    without = lists.features_NMF.copy()
    without[:, :, 0] = 0

    found = learn_weights(Lists(without, lists.errors_NM, lists.there_NM))

    assert found is not None and found.own == 0 and found.model > 0


def test_weights_travel_as_facts() -> None:
    assert Weights(0.5, 2.0, -1.0).plain() == {"own": 0.5, "model": 2.0, "length": -1.0}
    for known in (Weights(0.5, 2.0, -1.0), Weights(0.5, 2.0, -1.0, (3.0, 0.0))):
        assert weights_of(known.plain()) == known
    assert weights_of(None) == weights_of({"own": "much"}) == Weights()
