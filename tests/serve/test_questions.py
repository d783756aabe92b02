"""Tasks at their own routes: asked by their roles, answered as `predict --json` prints it, one prompt or many."""

import json

import pytest

from slm_studio.core.routes import CHAT_COMPLETIONS, COMPLETIONS, RANK
from slm_studio.core.tasks import all_tasks
from slm_studio.serve.parameters import HARMLESS, LENGTHS
from slm_studio.serve.questions import MANY, TOP
from tests.cli.commands import runner
from tests.serve.asking import ask
from tests.tasks import fodder

OWN = [info for info in all_tasks() if info.route and info.route not in (COMPLETIONS, CHAT_COMPLETIONS)]


@pytest.mark.parametrize("info", OWN, ids=lambda info: info.key)
def test_every_prompt_of_a_task_is_answered_at_its_route_alone_and_among_others(server, info) -> None:
    prompts = fodder(info.key).prompts

    alone = [ask(server, info.route, {"model": f"my-{info.key}", **prompt}).json for prompt in prompts]
    together = ask(server, info.route, {MANY: prompts}).json

    assert [each.get("items", []) for each in alone] == [each["items"] for each in together["answers"]]
    assert any(each.get("items") for each in alone)
    assert together["task"] == info.key and together["model"] == f"my-{info.key}"


def test_an_answer_is_what_the_command_line_prints(server, trained, monkeypatch, capsys) -> None:
    printed = runner(monkeypatch, capsys)("predict", trained["tag"].folder, "--text", "Ada lives in Rome.").result

    told = ask(server, "/v1/tag", {"text": "Ada lives in Rome."}).json

    assert json.loads(json.dumps(printed))["items"] == told["items"]


def test_as_many_labels_as_are_asked_for(server) -> None:
    assert len(ask(server, "/v1/classify", {"text": "hello", TOP: 1}).json["items"]) == 1


def test_of_many_prompts_one_without_an_answer_does_not_cost_the_others_theirs(server) -> None:
    answers = ask(server, "/v1/classify", {MANY: ["hello", "  ", {"text": "again"}]}).json["answers"]

    assert [bool(each["items"]) for each in answers] == [True, False, True]
    assert answers[1]["error"]["code"] == "text-empty"
    assert ask(server, "/v1/classify", {"text": "  "}).error["code"] == "text-empty"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "body-lacks"),
        ({"text": 5}, "prompt-kind"),
        ({"text": ["a"]}, "prompt-kind"),
        ({"text": "a", "label": "b"}, "body-unknown"),
        ({"text": "a", "temperature": 1}, "body-unknown"),
        ({"text": "a", "top": 0}, "knob-range"),
        ({"text": "a", "top": "2"}, "body-field"),
        ({"prompts": "a"}, "body-field"),
        ({"prompts": [5]}, "body-field"),
        ({"prompts": [{"role": "a"}]}, "prompt-role"),
        ({"prompts": ["a"], "text": "b"}, "body-unknown"),
        ({"model": 5, "text": "a"}, "model-name"),
    ],
)
def test_what_is_no_question_is_refused_in_words(server, body, code) -> None:
    told = ask(server, "/v1/classify", body)

    assert (told.status, told.error["code"]) == (400, code)


def test_a_text_that_is_no_list_of_numbers_is_called_by_its_name_in_the_request(server) -> None:
    told = ask(server, RANK, {"candidates": ["a", "b"], "scores": "x"})

    assert (told.status, told.error["code"]) == (400, "part-form")
    assert told.error["message"].startswith("scores holds no list of numbers: “x”.")


def test_a_model_of_another_task_names_the_right_route(server) -> None:
    told = ask(server, "/v1/classify", {"model": "my-chat", "text": "a"})

    assert told.status == 400
    assert told.error["message"] == (
        "“my-chat” does the task “chat” and does not answer at /v1/classify. Ask it at /v1/chat/completions."
    )


def test_a_model_is_known_by_its_title_too_and_a_name_that_is_none_is_answered_with_those_there_are(server) -> None:
    assert ask(server, "/v1/classify", {"model": "My classify", "text": "a"}).json["model"] == "my-classify"

    told = ask(server, "/v1/classify", {"model": "nosuch", "text": "a"})

    known = ", ".join(f"my-{info.key}" for info in all_tasks() if info.route)
    assert told.status == 404 and told.error["hint"] == f"Served are: {known}."


@pytest.mark.parametrize("info", OWN, ids=lambda info: info.key)
def test_no_role_is_called_like_something_else_in_a_request(info) -> None:
    assert not {role.name for role in info.asked} & {"model", MANY, TOP, *LENGTHS, *HARMLESS}


def test_every_task_has_a_route_of_its_own() -> None:
    routes = [info.route for info in all_tasks() if info.route]

    assert len(set(routes)) == len(routes) and all(route.startswith("/v1/") for route in routes)
