"""How much texts tell about a column, judged on rows that the fit has not seen."""

import random

import numpy as np

from slm_studio.engine.data.evidence import RIDGE, _Fit, contradictions, repeats, weigh
from slm_studio.engine.data.splits import fold, text_keys
from tests.engine.data.test_columns import sentence
from tests.engine.data.test_suggesting import TEAMS, told_by

TEAM = [TEAMS[n % 3] for n in range(90)]
TEXTS = [told_by(n, team) for n, team in enumerate(TEAM)]
CHANCE = random.Random(7).choices(["north", "south"], k=90)


def test_column_that_texts_tell_is_told_from_one_of_chance() -> None:
    """A fit that had seen the rows would know both by heart."""
    found = weigh(TEXTS, {"team": TEAM, "chance": CHANCE})

    assert found["team"].share > 0.5 and found["team"].evidence.right > 0.95
    assert found["chance"].share < 0.1 and found["chance"].evidence.right < found["chance"].evidence.usual + 0.1


def test_every_row_is_left_out_exactly() -> None:
    """The closed form equals thirty fits on the other rows, made anew."""
    fit = _Fit(TEXTS[:30], text_keys(TEXTS[:30]), 10.0)
    kernel_NN = np.linalg.inv(fit.inverse_NN.astype(np.float64)) - RIDGE * np.eye(30)
    truth_NL = np.array([[team == each for each in sorted(TEAMS)] for team in TEAM[:30]], float)
    centred_NL, guessed_NL = truth_NL - truth_NL.mean(0), np.zeros_like(truth_NL)

    for row in range(30):
        others = [place for place in range(30) if place != row]
        weights = np.linalg.solve(kernel_NN[np.ix_(others, others)] + RIDGE * np.eye(29), centred_NL[others])
        guessed_NL[row] = kernel_NN[row, others] @ weights

    right, usual, share = fit.judge(TEAM[:30])
    assert abs(share - (1 - ((centred_NL - guessed_NL) ** 2).sum() / (centred_NL**2).sum())) < 1e-3
    assert right == ((guessed_NL + truth_NL.mean(0)).argmax(1) == truth_NL.argmax(1)).mean()
    assert abs(usual - 1 / 3) < 1e-6


def test_contradictions_count_texts_and_pass_over_case_and_blanks() -> None:
    texts = ["One card", "one  card", "two", "two", "two", "", ""]
    cells = ["a", "b", "a", "A ", "", "a", "b"]

    assert contradictions(repeats(texts, text_keys(texts)), cells) == 1


def test_only_texts_that_stand_twice_are_looked_at_for_contradictions() -> None:
    """What every row of every column was folded for took two thirds of the time of a suggestion."""
    texts = [f"text {n}" for n in range(500)] + ["text 7", "Text  7", " "]

    assert [row for _, row in repeats(texts, text_keys(texts))] == [7, 500, 501]


def test_contradictions_are_those_of_every_pair_of_rows() -> None:
    draw = random.Random(3)
    for _ in range(50):
        texts = draw.choices(["one", "One", "two", "three ", "three", "four", ""], k=12)
        cells = draw.choices(["a", "A ", "b", "", " "], k=12)
        keys = text_keys(texts)
        rows = [row for row in range(12) if texts[row].strip() and cells[row].strip()]
        wanted = {
            int(keys[one])
            for one in rows
            for other in rows
            if keys[one] == keys[other] and fold(cells[one]) != fold(cells[other])
        }

        assert contradictions(repeats(texts, keys), cells) == len(wanted)


def test_texts_are_read_until_the_time_is_up() -> None:
    fit = _Fit([sentence(n) for n in range(400)], text_keys([sentence(n) for n in range(400)]), 0.0)

    assert len(fit.places) == 49


def test_few_rows_say_nothing_but_contradictions() -> None:
    evidence = weigh(["a b", "a b", "c"], {"x": ["1", "2", "1"]})["x"].evidence

    assert (evidence.contradictions, evidence.right, evidence.usual) == (1, 0.0, 0.0)
