"""Context: what of a dialogue a model receives: the newest turns, whole, and how many are left out."""

import pytest

from slm_studio.core.errors import StudioError
from slm_studio.engine.models.piece_texts import piece_texts
from slm_studio.engine.writing.context import answers_in, fit
from tests.engine.writing.chats import chat_of, dialogue

LONG = dialogue(*(f"turn number {place}" for place in range(9)), system="Be brief.")


@pytest.mark.parametrize("name", ["chatml", "llama2", "gemma", "zephyr", "plain"])
def test_what_fits_is_sent_whole_and_else_the_oldest_questions_go_with_their_answers(name: str) -> None:
    chat = chat_of(name)
    whole = chat.prompt_ids(LONG)

    assert fit(chat, LONG, len(whole)).not_sent == 0
    less = fit(chat, LONG, len(whole) - 1)
    least = fit(chat, LONG, len(chat.prompt_ids((LONG[0], LONG[-1]))))

    assert (less.not_sent, less.cut, less.messages[0]) == (2, 0, LONG[0])
    assert less.messages[1:] == LONG[3:] and less.ids == chat.prompt_ids(less.messages)
    assert (least.not_sent, least.messages) == (8, (LONG[0], LONG[-1]))


def test_a_question_that_is_too_long_by_itself_loses_its_beginning_and_that_is_said() -> None:
    chat = chat_of("chatml")
    asked = dialogue("word " * 200 + "in the end?")

    found = fit(chat, asked, 60)

    assert len(found.ids) <= 60 and found.messages[0].content.endswith("in the end?")
    assert found.cut == len(asked[0].content) - len(found.messages[0].content) > 0


def test_a_system_prompt_that_leaves_no_room_and_a_question_that_is_an_answer_are_refused() -> None:
    chat = chat_of("chatml")
    with pytest.raises(StudioError) as caught:
        fit(chat, dialogue("Hi", system="word " * 100), 30)
    assert caught.value.code == "context-too-small"
    with pytest.raises(StudioError) as caught:
        fit(chat, dialogue("Hi", "Hello"), 300)
    assert caught.value.code == "nothing-asked"


def test_where_nothing_may_be_left_out_a_dialogue_that_is_too_long_is_refused_with_both_numbers() -> None:
    chat = chat_of("chatml")
    whole = len(chat.prompt_ids(LONG))

    with pytest.raises(StudioError, match=f"{whole} tokens long, and the model has room for {whole - 1} ") as caught:
        fit(chat, LONG, whole - 1, whole=True)

    assert caught.value.code == "context-exceeded"
    assert fit(chat, LONG, whole, whole=True).messages == LONG


def test_tokens_of_earlier_answers_are_those_that_training_would_learn() -> None:
    chat = chat_of("chatml")

    sent = fit(chat, LONG, 2000)

    learnt = [
        piece
        for piece, is_answer in zip(piece_texts(chat.tokenizer, sent.ids), answers_in(chat, sent), strict=True)
        if is_answer
    ]
    assert "".join(learnt) == "".join(f"turn number {place}<|im_end|>" for place in (1, 3, 5, 7))
