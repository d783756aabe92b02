"""Held-out questions: short ones, spread over the rows; some in any case; a dialogue that says nothing never."""

import pytest

from slm_studio.core.messages import ASSISTANT, USER, Dialogue, Message
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.vocabulary import plain_vocabulary
from slm_studio.engine.writing import room
from slm_studio.engine.writing.held_out import ASKED, SOME, choose_questions, spread
from slm_studio.engine.writing.room import LEAST

pytestmark = pytest.mark.usefixtures("whole_texts")


def dialogue(words: int) -> Dialogue:
    return (Message(USER, "How?"), Message(ASSISTANT, "so " * words))


def rows_of(dialogues: list[Dialogue]) -> list[tuple[int, int]]:
    tokenizer = plain_vocabulary(["so " * 9, "How?"], "nano", None)
    found = choose_questions(dialogues, Loaded(None, tokenizer, {}))  # type: ignore[arg-type]  # no network is asked
    return [(each.row, each.most) for each in found]


def test_short_answers_are_asked_at_even_distances_over_all_rows() -> None:
    found = rows_of([dialogue(2) if row % 2 else dialogue(400) for row in range(400)])

    assert len(found) == ASKED and found[0][0] == 1 and found[-1][0] == 399
    assert all(row % 2 for row, _ in found)
    assert {most for _, most in found} == {LEAST}


def test_some_are_asked_where_all_answers_are_long_the_shortest() -> None:
    found = rows_of([dialogue(100 + row) for row in range(30)])

    assert [row for row, _ in found] == list(range(SOME))
    assert all(LEAST < most <= room.LONGEST for _, most in found)


def test_what_says_nothing_is_never_asked() -> None:
    assert rows_of([(), dialogue(1), ()]) == [(1, LEAST)]
    assert rows_of([(), ()]) == []
    assert spread([], 10) == []
