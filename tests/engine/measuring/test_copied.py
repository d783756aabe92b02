"""What was written against the text that was learnt: against a search by hand, through all borders of blocks."""

import random

import pytest

from slm_studio.core.work import outcome
from slm_studio.engine.measuring import copied
from slm_studio.engine.measuring.copied import find_copied, least_for


def longest(written: list[str], training: list[str], least: int) -> str:
    found = outcome(find_copied(written, training, least)).longest
    return written[found.part][found.start : found.end] if found else ""


def by_hand(written: list[str], training: list[str], least: int) -> int:
    """Return the length of the longest common stretch as strings say it."""
    whole = [" ".join(text.casefold().split()) for text in training]
    best = 0
    for text in (" ".join(each.casefold().split()) for each in written):
        for start in range(len(text)):
            size = max(least, best + 1)
            while start + size <= len(text) and any(text[start : start + size] in each for each in whole):
                best, size = size, size + 1
    return best


@pytest.mark.parametrize("block", [11, 64, 1_000_000])
def test_the_longest_stretch_is_the_one_that_strings_find(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(copied, "BLOCK", block)
    rng = random.Random(block)
    for _ in range(20):
        training = ["".join(rng.choice("abcdé好") for _ in range(rng.randrange(120))) for _ in range(4)]
        written = ["".join(rng.choice("ABcdé好") for _ in range(rng.randrange(1, 60))) for _ in range(3)]
        written[0] += training[1][10:50]

        assert len(longest(written, training, 5)) == by_hand(written, training, 5)


def test_case_and_blanks_do_not_count_and_places_are_those_of_the_written_text() -> None:
    written = ["She said:  it was the\nBEST of Times. Then"]

    assert longest(written, ["… it was the best of times, it was …"], 10).strip() == "it was the\nBEST of Times"


def test_no_stretch_goes_over_the_border_of_two_texts() -> None:
    assert longest(["one two three four"], ["one two", "three four"], 8) == "three four"
    assert longest(["one two", "three four"], ["one two three four"], 8) == "three four"


def test_the_share_counts_each_character_once() -> None:
    found = outcome(find_copied(["abcdefgh", "xxxxcdefghijyyyy"], ["abcdefgh…", "…cdefghij…"], 8))

    assert (found.covered, found.whole) == (16, 24)
    assert found.share == pytest.approx(2 / 3)


def test_no_stretch_lies_within_another() -> None:
    found = outcome(find_copied(["one two three four"], ["two three four", "one two three four"], 8))

    assert [(each.start, each.end) for each in found.stretches] == [(0, 18)]


@pytest.mark.parametrize("circle", ["-", "word and other things here "])
def test_what_turns_in_circles_is_found_whole_wherever_a_block_ends(monkeypatch, circle: str) -> None:
    monkeypatch.setattr(copied, "BLOCK", 501)
    written = [(circle * 500)[:500]] * 3

    found = outcome(find_copied(written, [circle * 900], 30))

    assert [(each.part, each.start, each.end) for each in found.stretches] == [(0, 0, 500), (1, 0, 500), (2, 0, 500)]
    assert found.share == 1.0


def test_two_texts_that_share_a_circle_share_no_more() -> None:
    assert longest(["abcabcabc"], ["xabcabx", "ybcabcay"], 3) == "bcabca"


def test_a_character_that_stands_for_borders_is_none_in_a_text() -> None:
    assert longest(["one two\0three four"], ["one two\0three four"], 5) == "three four"


def test_of_chinese_fewer_characters_are_a_stretch() -> None:
    assert least_for(["学而时习之，不亦说乎"]) < least_for(["To learn and to practise"])
