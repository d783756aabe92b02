"""A prompt reaches its task as the task reads it: one case for each way of reading a cell."""

import json

import pytest

from slm_studio.core.errors import StudioError
from slm_studio.core.nouns import pack, unpack
from slm_studio.core.prompt import as_text, check_form, check_prompt, is_blank, prompt_of, read_cell, write_cell
from slm_studio.core.tasks import all_tasks, task_info

MESSAGES = ({"role": "user", "content": "你好"}, {"role": "assistant", "content": "Hello."})
CELLS = {
    "text": "It rains. 下雨了。",
    "words": ("It", "rains", "下", "雨"),
    "candidates": ("it rains", "it reigns"),
    "numbers": (-1.5, 2.0),
    "messages": MESSAGES,
}


@pytest.mark.parametrize("reads", CELLS)
def test_what_a_cell_means_goes_to_the_dataset_and_comes_back(reads: str) -> None:
    assert read_cell(write_cell(CELLS[reads]), reads) == CELLS[reads]


@pytest.mark.parametrize("reads", CELLS)
def test_a_prompt_travels_to_the_engine_unchanged(reads: str) -> None:
    assert unpack(json.loads(json.dumps(pack({"x": CELLS[reads]})))) == {"x": CELLS[reads]}


@pytest.mark.parametrize(
    ("cell", "reads", "meaning"),
    [
        ("two words", "words", "two words"),
        ("[sic] it is", "words", "[sic] it is"),
        ("[1]", "words", "[1]"),
        ("one\ntwo words", "candidates", ("one", "two words")),
        ("-1.5, 2\n3e1", "numbers", (-1.5, 2.0, 30.0)),
        ("－３．１，−3、4", "numbers", (-3.1, -3.0, 4.0)),
        ("", "numbers", ()),
        ("[not a list", "text", "[not a list"),
        ("", "words", ""),
    ],
)
def test_plain_text_is_read_where_it_can_be(cell: str, reads: str, meaning: object) -> None:
    assert read_cell(cell, reads) == meaning


@pytest.mark.parametrize(
    ("cell", "reads"),
    [
        ("[1, 2]", "tags"),
        ("one", "numbers"),
        ("[true]", "numbers"),
        ("[1, null]", "numbers"),
        ("nan", "numbers"),
        ("[", "tags"),
        ("[" * 3000, "tags"),
        ("[" * 3000, "messages"),
        ("hello", "messages"),
        ('[{"role": "user"}]', "messages"),
        ("{}", "messages"),
    ],
)
def test_a_cell_of_another_form_is_refused_with_the_cell(cell: str, reads: str) -> None:
    with pytest.raises(StudioError) as caught:
        read_cell(cell, reads)

    assert caught.value.code == "cell-form"
    assert caught.value.values["cell"] == cell[:80]


@pytest.mark.parametrize("info", all_tasks(), ids=lambda info: info.key)
def test_every_task_is_asked_by_a_text_alone(info) -> None:
    prompt = prompt_of("hello there", info)

    check_prompt(prompt, info, "model")
    assert set(prompt) == ({role.name for role in info.asked if role.needed} or {info.asked[0].name})
    assert all("hello" in as_text(cell) for cell in prompt.values())


def test_roles_that_a_task_does_not_ask_are_refused_and_so_is_what_it_cannot_read() -> None:
    info = task_info("classify")
    for prompt, code in (({"label": "x"}, "prompt-role"), ({"text": ("a", "b")}, "prompt-kind"), ({}, "text-empty")):
        with pytest.raises(StudioError) as caught:
            check_prompt(prompt, info, "model")
        assert caught.value.code == code


def test_what_holds_no_word_is_named_where_a_question_has_several_parts() -> None:
    two, one = task_info("answer"), task_info("classify")
    for prompt, info, says in (
        ({"question": "Who?"}, two, "“passage” holds no word"),
        ({"question": " ", "passage": "He did."}, two, "“question” holds no word"),
        ({}, two, "“question” holds no word"),
        ({"text": " "}, one, "The text holds no word"),
    ):
        with pytest.raises(StudioError, match=says) as caught:
            check_prompt(prompt, info, "model")
        assert caught.value.code == "text-empty"


ANYTHING = (
    None,
    3,
    True,
    b"x",
    ["text"],
    {"a": 1},
    [{}],
    ({"content": "x"},),
    [{"role": "user", "content": None}],
    [{1}],
)


@pytest.mark.parametrize("info", all_tasks(), ids=lambda info: info.key)
@pytest.mark.parametrize("odd", ANYTHING, ids=repr)
def test_whatever_a_program_asks_is_a_prompt_or_a_sentence(info, odd: object) -> None:
    for prompt in (odd, {odd if isinstance(odd, int) else "x": "text"}, *({role.name: odd} for role in info.asked)):
        try:
            check_form(prompt, info)
        except StudioError as error:
            assert error.code in ("prompt-form", "prompt-role", "prompt-kind", "no-message")
        else:
            # the one of them that says something
            assert odd == ["text"] and any(role.reads in ("words", "candidates") for role in info.asked)


def test_a_blank_text_is_a_prompt_only_where_a_text_may_begin_anywhere() -> None:
    assert is_blank({"text": " \n"}, task_info("classify"))
    assert not is_blank({"text": ""}, task_info("write"))
    check_prompt({"text": ""}, task_info("write"), "model")
    with pytest.raises(StudioError) as caught:
        check_prompt({}, task_info("write"), "model")
    assert caught.value.code == "prompt-lacks"
