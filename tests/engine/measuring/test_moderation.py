"""Thresholds on held-out rows, by hand."""

import numpy as np
import pytest

from slm_studio.core.moderation import Catch, Person, catch_of, is_for_a_person, person_of
from slm_studio.core.results import Label, Number
from slm_studio.engine.measuring.moderation import (
    NONE,
    decide,
    moderation_metrics,
    threshold_to_answer,
    threshold_to_catch,
)

LABELS = ["ham", "spam", "other"]


def test_a_label_is_caught_from_the_threshold_on_and_where_it_is_likeliest() -> None:
    probabilities = np.array([[0.7, 0.3, 0.0], [0.9, 0.1, 0.0], [0.1, 0.2, 0.7], [0.1, 0.9, 0.0]])

    assert decide(probabilities, LABELS, None).tolist() == [0, 0, 2, 1]
    assert decide(probabilities, LABELS, Catch("spam", 0.95, 0.2, 9)).tolist() == [1, 0, 1, 1]
    assert decide(probabilities, LABELS, Catch("gone", 0.95, 0.2, 9)).tolist() == [0, 0, 2, 1]


@pytest.mark.parametrize(("recall", "expected"), [(0.5, 0.5), (0.75, 0.3), (0.95, 0.2), (1.0, 0.2)])
def test_the_threshold_catches_at_least_the_share(recall: float, expected: float) -> None:
    scores = np.array([0.9, 0.8, 0.3, 0.2, 0.95])
    has = np.array([True, True, True, True, False])

    found = threshold_to_catch(scores, has, recall)

    assert found == expected  # never above a half
    assert (scores[has] >= expected).mean() >= recall
    assert threshold_to_catch(scores, np.zeros(5, bool), recall) is None


def test_answers_are_given_from_where_enough_of_them_are_right() -> None:
    sure = np.linspace(0.99, 0.50, 50)  # the 40 surest are right
    right = np.arange(50) < 40

    assert threshold_to_answer(sure, right, 1.0) == pytest.approx(0.60)
    assert threshold_to_answer(sure, right, 0.8) == pytest.approx(0.50)
    assert threshold_to_answer(sure, ~right, 0.9) == NONE
    assert threshold_to_answer(sure[:10], right[:10], 0.5) == NONE  # ten answers say nothing


def test_equally_sure_answers_are_not_parted() -> None:
    sure, right = np.full(40, 0.9), np.arange(40) < 30

    assert threshold_to_answer(sure, right, 1.0) == NONE
    assert threshold_to_answer(sure, right, 0.75) == 0.9


def test_what_it_costs_is_counted() -> None:
    true, said = np.array([1, 1, 1, 0, 0, 0]), np.array([1, 1, 0, 1, 0, 0])
    sure = np.array([0.9, 0.6, 0.6, 0.6, 0.9, 0.9])

    found = {each.key: each for each in moderation_metrics(true, said, sure, 1, Person(0.8))}

    assert found["caught"].value == found["rightly_caught"].value == pytest.approx(2 / 3)
    assert (found["automatic"].value, found["rightly_automatic"].value) == (0.5, 1.0)
    assert all(each.low <= each.value <= each.high for each in found.values())  # type: ignore[operator]
    assert moderation_metrics(true, said, sure, None, None) == ()


def test_damaged_facts_mean_that_the_model_answers_as_ever() -> None:
    for facts in ({}, {"catch": 3, "person": []}, {"catch": {"label": "x"}, "person": {"below": "much"}}):
        assert catch_of(facts) is None and person_of(facts) is None
        assert is_for_a_person([Label("x", 0.1)], facts) is None


def test_only_the_answer_itself_decides_who_gives_it() -> None:
    facts = {"person": {"below": 0.8}}

    assert is_for_a_person([Label("x", 0.79), Label("y", 0.99)], facts) is True
    assert is_for_a_person([Label("x", 0.8)], facts) is False
    assert is_for_a_person([Number(3.0)], facts) is is_for_a_person([], facts) is None
