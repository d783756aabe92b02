"""Where true answers stand in their passages: places are believed only where the words stand there."""

import pytest

from slm_studio.core.quotes import Stretch, place_of, starts_in, texts_in, truth_of

TEXT = "Ada was born in London. She left London in 1835; Ada came back."


@pytest.mark.parametrize(
    ("text", "start", "at"),
    [
        ("London", 16, 16),
        ("London", 33, 33),
        ("London", 35, 33),  # two characters off: the nearest
        ("London", 17, 16),
        ("London", -5, 16),
        ("London", None, 16),
        (" London ", 15, 16),  # blanks around it belong to no answer
        ("LONDON", 34, 33),  # where nothing stands letter by letter, case does not count
        ("She  left", 0, 24),
        ("Paris", 16, None),
        ("   ", 3, None),
    ],
)
def test_an_answer_is_found_at_its_place_or_the_nearest(text: str, start: int | None, at: int | None) -> None:
    found = place_of(TEXT, text, start)

    assert (found.start if found else None) == at
    if found is not None:
        assert TEXT[found.start : found.end].casefold().split() == text.casefold().split()


def test_a_row_may_have_several_answers_none_or_one_that_is_not_there() -> None:
    several = truth_of(TEXT, '["London", "in 1835", "London"]', "[16, 40, 33]")
    assert several.texts == ("London", "in 1835")
    assert several.places == (Stretch(16, 22), Stretch(40, 47), Stretch(33, 39)) and several.fate == "placed"

    assert truth_of(TEXT, "", "").fate == truth_of(TEXT, "[]", "[]").fate == "none"
    assert truth_of(TEXT, "Paris", "16").fate == "lost" and truth_of(TEXT, "Paris", "16").texts == ("Paris",)
    assert truth_of(TEXT, "London", "20").fate == "moved"
    assert truth_of(TEXT, "London").fate == "placed"


def test_cells_hold_a_text_or_a_list() -> None:
    assert texts_in("[1] is a note") == ["[1] is a note"]
    assert texts_in('["a", " "]') == ["a"]
    assert starts_in('["3", 4, "x"]') == [3, 4, None] and starts_in("12") == [12] and starts_in("") == [None]


def test_places_are_counted_in_characters_behind_emoji_too() -> None:
    assert place_of("🙂🙂 去北京", "北京", 4) == Stretch(4, 6)


def test_an_answer_is_rather_a_word_than_a_part_of_one() -> None:
    assert place_of("start the art", "art") == Stretch(10, 13)
    assert place_of("starting", "art") == Stretch(2, 5)
