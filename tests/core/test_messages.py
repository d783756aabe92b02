"""Messages: there and back, and a sentence for each order that no chat has."""

import re

import pytest

from slm_studio.core.errors import StudioError
from slm_studio.core.messages import (
    Message,
    check_dialogue,
    check_order,
    check_prompt,
    messages_from_json,
    messages_to_json,
)

FIELDS = re.compile(r"\{(\w+)")


def dialogue(roles):
    names = {"s": "system", "u": "user", "a": "assistant", "t": "tool"}
    return tuple(Message(names[letter], f"{letter}{place}") for place, letter in enumerate(roles))


def code_of(check, messages):
    with pytest.raises(StudioError) as caught:
        check(messages)
    assert all(name in caught.value.values for name in FIELDS.findall(caught.value.message))
    return caught.value.code


def test_messages_come_back_from_their_json():
    said = (Message("user", "Hi “you” {x} 😀\n"), Message("assistant", "你好"))

    assert messages_from_json(messages_to_json(said)) == said
    assert "你好" in messages_to_json(said)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Hello", "not-messages"),
        ('{"role": "user"}', "not-messages"),
        ('["Hello"]', "no-message"),
        ('[{"role": "user"}]', "no-message"),
        ('[{"role": "user", "content": null}]', "no-message"),
        ("[" * 100_000, "not-messages"),
    ],
)
def test_what_is_no_message_is_said(text, code):
    assert code_of(messages_from_json, text) == code


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ("", "dialogue-empty"),
        ("s", "dialogue-empty"),
        ("ut", "unknown-role"),
        ("usa", "system-late"),
        ("ssua", "system-late"),
        ("aua", "answer-first"),
        ("sau", "answer-first"),
        ("uua", "roles-out-of-order"),
        ("suaa", "roles-out-of-order"),
    ],
)
def test_orders_that_no_chat_has_are_said(roles, code):
    assert code_of(check_order, dialogue(roles)) == code


def test_the_sentence_counts_the_system_prompt():
    with pytest.raises(StudioError) as caught:
        check_order(dialogue("suu"))

    assert str(caught.value) == "Messages 2 and 3 are both by “user”."


@pytest.mark.parametrize("roles", ["u", "ua", "su", "sua", "uaua", "suau"])
def test_turns_in_order_pass(roles):
    check_order(dialogue(roles))


def test_a_dialogue_needs_an_answer_and_a_prompt_a_question():
    check_dialogue(dialogue("ua"))
    check_dialogue(dialogue("uau"))
    check_prompt(dialogue("suau"))

    assert code_of(check_dialogue, dialogue("su")) == "no-answer"
    assert code_of(check_dialogue, (*dialogue("u"), Message("assistant", " \n"))) == "answer-empty"
    assert code_of(check_prompt, dialogue("ua")) == "nothing-asked"
