"""Word and character errors beside jiwer, and counted by hand."""

import jiwer
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slm_studio.core.candidate_columns import unit_of
from slm_studio.engine.measuring.edits import counted, edits, rate, rate_interval, units_in

WORDS = st.text("abc ", max_size=20)


@pytest.mark.parametrize(
    ("right", "heard", "errors"),
    [
        ("the cat sat on the mat", "the cat sat on the mat", 0),
        ("the cat sat on the mat", "the hat sat on a mat", 2),  # two changed
        ("the cat sat", "the big cat sat down", 2),  # two put in
        ("the cat sat on the mat", "cat sat the mat", 2),  # two left out
        ("one two three", "", 3),
        ("a b c d", "b c d e", 2),  # one left out and one put in, not four changed
    ],
)
def test_edits_are_those_counted_by_hand(right: str, heard: str, errors: int) -> None:
    assert edits(units_in(heard, "words"), units_in(right, "words")) == errors


def test_characters_count_without_blanks() -> None:
    assert edits(units_in("今天 天气很好", "characters"), units_in("今天天气 不好", "characters")) == 1
    assert len(units_in("今天 天气\n很好", "characters")) == 6


@given(st.lists(st.tuples(WORDS.filter(str.strip), WORDS), min_size=1, max_size=5))
def test_rates_are_those_of_jiwer(pairs) -> None:
    right, heard = zip(*pairs, strict=True)
    words = [(units_in(one, "words"), units_in(other, "words")) for one, other in pairs]
    letters = [("".join(one.split()), "".join(other.split())) for one, other in pairs]

    mine = rate(np.array([edits(*pair) for pair in words]), np.array([len(one) for one, _ in words]))
    mine_of_letters = rate(np.array([edits(*pair) for pair in letters]), np.array([len(one) for one, _ in letters]))

    assert mine == pytest.approx(jiwer.wer(list(right), list(heard)))
    assert mine_of_letters == pytest.approx(jiwer.cer([one for one, _ in letters], [other for _, other in letters]))


def test_a_rate_is_of_the_corpus_and_not_a_mean_of_sentences() -> None:
    errors_N, true_N = np.array([1, 0]), np.array([1, 9])

    assert rate(errors_N, true_N) == 0.1  # the mean of 1/1 and 0/9 would be a half
    low, high = rate_interval(np.tile(errors_N, 50), np.tile(true_N, 50))
    assert low < 0.1 < high and high - low < 0.15


def test_case_and_punctuation_can_be_left_out() -> None:
    assert units_in("It's EIGHT, sir!", "words", loosely=True) == ["it's", "eight", "sir"]
    assert units_in("八点，好！", "characters", loosely=True) == "八点好"
    assert edits(units_in("Eight.", "words"), units_in("eight", "words")) == 1


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        (["It is eight."], "words"),
        (["今天八点"], "characters"),
        (["오늘 여덟 시"], "characters"),
        (["きょう"], "characters"),
        ([], "words"),
    ],
)
def test_scripts_without_blanks_are_counted_by_characters(texts: list[str], unit: str) -> None:
    assert unit_of(texts) == unit


def test_it_is_said_how_errors_were_counted() -> None:
    assert counted("words", loosely=False).startswith("WER: words between blanks, case and punctuation count")
    assert "rapidfuzz" in counted("characters", loosely=True)
