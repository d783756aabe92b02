"""A chat is a tree: nothing that was said is lost, and what is sent is always in order."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slm_studio.core.chat import Chat, from_lines, rows_of, to_lines, to_markdown
from slm_studio.core.errors import StudioError
from slm_studio.core.messages import Message, check_order, messages_from_plain

NAMES = {"system": "System", "user": "You", "assistant": "Model"}


def said(chat: Chat) -> list[str]:
    return [turn.content for turn in chat.path()]


@pytest.fixture
def chat() -> Chat:
    return Chat().asked("Hi").answered("Hello.").asked("How are you?").answered("Fine.")


def test_an_answer_that_was_cut_is_kept_and_taught_to_nobody() -> None:
    chat = (
        Chat().asked("Hi").answered("Hello.", tokens=2, seconds=0.1).asked("Why?").answered("Because the", is_cut=True)
    )

    assert [message.content for message in chat.row()] == ["Hi", "Hello."]
    assert Chat().asked("Hi").answered("Hel", is_cut=True).row() == ()
    assert from_lines(to_lines(chat)) == chat and chat.turns[-1].is_cut
    assert not chat.asked("And?").answered("So.").turns[1].is_cut
    full = Chat().asked("Hi").answered("Hel", is_full=True)
    assert full.turns[-1].is_cut and from_lines(to_lines(full)) == full != Chat().asked("Hi").answered(
        "Hel", is_cut=True
    )


def test_turns_stand_in_their_order(chat):
    assert said(chat) == ["Hi", "Hello.", "How are you?", "Fine."]
    assert [message.role for message in chat.messages()] == ["user", "assistant", "user", "assistant"]


def test_an_edited_question_is_another_branch_and_the_old_one_comes_back(chat):
    edited = chat.rewritten(chat.path()[0].id, "Hey").answered("What?")

    assert said(edited) == ["Hey", "What?"]
    first = edited.path()[0].id
    assert len(edited.branches(first)) == 2
    assert said(edited.choose(edited.branches(first)[0])) == said(chat)


def test_an_answer_that_is_made_again_stands_beside_the_first(chat):
    again = chat.answered("Well.", to=chat.path()[2].id)

    assert said(again)[-1] == "Well."
    older, newer = again.branches(again.path()[-1].id)
    assert said(again.choose(older))[-1] == "Fine." and said(again.choose(older).choose(newer)) == said(again)


def test_each_branch_remembers_which_of_its_own_was_shown(chat):
    again = chat.answered("Well.", to=chat.path()[2].id)
    older = again.choose(again.branches(again.path()[-1].id)[0])
    elsewhere = older.rewritten(older.path()[0].id, "Hey")

    assert said(elsewhere.choose(1)) == said(older)


def test_a_question_without_an_answer_makes_room_for_the_next(chat):
    waiting = chat.asked("Once more?").asked("Or rather this?")

    assert said(waiting)[-2:] == ["Fine.", "Or rather this?"]
    assert len(waiting.branches(waiting.path()[-1].id)) == 2
    check_order(waiting.messages())


def test_the_same_words_are_no_other_branch(chat):
    assert chat.rewritten(1, "Hi").turns == chat.turns


def test_what_is_sent_ends_where_it_is_asked(chat):
    chat = Chat(system="Be brief.", turns=chat.turns, shown=chat.shown)

    assert chat.messages(until=3) == (
        Message("system", "Be brief."),
        Message("user", "Hi"),
        Message("assistant", "Hello."),
        Message("user", "How are you?"),
    )
    assert Chat(system=" \n", turns=chat.turns).messages()[0].role == "user"


def test_its_first_question_names_it():
    assert Chat().name == ""
    assert Chat().asked("Where is\nmy order?").name == "Where is my order?"
    assert Chat().asked("long " * 40).name.endswith("…") and len(Chat().asked("long " * 40).name) <= 49
    assert Chat(title="Orders").asked("Where?").name == "Orders"


def test_it_comes_back_from_its_lines_whole():
    chat = Chat(title="“A”", system="你好\n", created="2026-01-01T00:00:00+00:00").asked("你\u2028好 🙂")
    chat = chat.answered("a\nb", model="m", tokens=3, seconds=0.25).rewritten(1, "other")

    again = from_lines(to_lines(chat))

    assert again == chat and said(again) == ["other"]


def test_lines_are_json_lines_that_other_programs_read(chat):
    head, *turns = map(json.loads, to_lines(chat).splitlines())

    assert head["chat"] == 1
    assert [(turn["id"], turn["after"], turn["role"]) for turn in turns][:2] == [(1, 0, "user"), (2, 1, "assistant")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing",
        "[]",
        '{"title": "x"}',
        '{"chat": 1}\n{"id": 1, "after": 7, "role": "assistant", "content": "x"}\n{"id": 1}',
        '{"chat": 1}\n{"id": 1, "after": 0, "role": "tool", "content": "x"}',
        '{"chat": 1}\n{"id": 1, "after": 1, "role": "user", "content": "it follows itself"}',
        '{"chat": 1}\n{"id": 1, "after": 0, "role": "assistant", "content": "nothing was asked"}',
        '{"chat": 1}\n{"id": 1, "after": 0, "role": "user", "content": 3}',
        '{"chat": 1, "shown": {"a": "b"}}',
    ],
)
def test_what_is_no_chat_is_said(text):
    with pytest.raises(StudioError) as caught:
        from_lines(text)

    assert caught.value.code == "no-chat"


def test_a_chat_of_a_newer_version_is_refused_in_words():
    with pytest.raises(StudioError) as caught:
        from_lines('{"chat": 2}\n')

    assert caught.value.code == "chat-newer"


def test_markdown_tells_what_is_shown(chat):
    assert to_markdown(chat.choose(1), NAMES).startswith("# Hi\n\n**You**\n\nHi\n\n**Model**\n\nHello.\n\n**You**")


def test_rows_to_learn_from_end_in_an_answer(chat):
    rows = [json.loads(line) for line in rows_of([chat.asked("And now?"), Chat().asked("no answer")]).splitlines()]

    assert len(rows) == 1
    assert messages_from_plain(rows[0]["messages"]) == chat.messages()


@given(st.lists(st.tuples(st.sampled_from(["ask", "answer", "edit", "choose"]), st.integers(0, 99)), max_size=30))
def test_whatever_is_done_nothing_is_lost_and_turns_stay_in_order(steps):
    chat = Chat()
    for step, number in steps:
        before = chat.turns
        path = chat.path()
        if step == "ask":
            chat = chat.asked(f"q{number}")
        elif step == "answer" and any(turn.role == "user" for turn in path):
            chat = chat.answered(f"a{number}")
        elif step == "edit" and path:
            chat = chat.rewritten(path[number % len(path)].id, f"e{number}")
        elif step == "choose" and chat.turns:
            chat = chat.choose(chat.turns[number % len(chat.turns)].id)
        assert chat.turns[: len(before)] == before
        if chat.turns:
            check_order(chat.messages())
    assert from_lines(to_lines(chat)) == chat
