"""Lines between the app and its engine."""

import io
import json
import math

import pytest

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Evaluated, Finished, Note, Step
from slm_studio.core.nouns import pack
from slm_studio.core.recipe import Recipe
from slm_studio.host import protocol
from slm_studio.host.protocol import (
    LIMIT,
    Answer,
    Control,
    Failure,
    Heartbeat,
    Hello,
    Request,
    from_line,
    read_line,
    role_of,
    to_line,
)

STEP = Step(
    n=2**40, epoch=0.5, seconds=1.5, loss=0.1 + 0.2, rate=1e-5, gradient_norm=3.0, tokens_per_second=9.0, memory=0
)


@pytest.mark.parametrize(
    "message",
    [
        Request(1, "read", {"path": "中.csv", "options": {"a": [1, None, True, 0.1]}}),
        Control(1, "stop"),
        Answer(7, STEP),
        Answer(7, Evaluated(1, 2.0, math.inf, {"accuracy": -math.inf})),
        Heartbeat(3),
        Hello(1, 99),
    ],
)
def test_a_message_survives_its_line(message):
    line = to_line(message)

    assert line.count(b"\n") == 1 and line.endswith(b"\n") and line.isascii()
    assert from_line(line) == message


def test_an_error_survives_its_line():
    error = StudioError("code", "“{a}”", "hint", a="\ud800 \n", n=1)

    back = from_line(to_line(Failure(3, error)))

    assert (back.id, back.error.to_json()) == (3, error.to_json())


def test_a_recipe_survives_as_an_argument():
    recipe = Recipe(task="classify", base="blank:bag-nano", roles={"text": "a"})

    back = from_line(to_line(Request(1, "measure", {"recipe": pack(recipe)})))

    assert protocol.unpack_arguments(back.arguments) == {"recipe": recipe}


def test_a_loss_that_is_no_number_comes_back_as_none_number():
    line = to_line(Answer(1, Evaluated(1, 2.0, math.nan, {"a": math.nan})))

    plain = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    event = from_line(line).event
    assert plain["loss"] == {"$float": "nan"}
    assert math.isnan(event.loss) and math.isnan(event.metrics["a"])


def test_a_persons_own_dollar_float_stays_a_dict():
    result = {"$float": "5", "x": {"$float": 3}}

    assert from_line(to_line(Answer(1, Finished(result)))).event.result == result


def test_a_line_beyond_the_limit_is_refused_where_it_is_made():
    with pytest.raises(StudioError) as caught:
        to_line(Answer(1, Note("big", "x" * LIMIT)))

    assert caught.value.code == "line-too-long" and "1,001 kB, and at most 1,000 kB" in str(caught.value)


def test_a_line_beyond_the_limit_is_skipped_where_it_is_read():
    stream = io.BytesIO(b"x" * (3 * LIMIT + 5) + b"\n" + to_line(Heartbeat(1)))

    with pytest.raises(StudioError) as caught:
        read_line(stream)

    assert "3,001 kB" in str(caught.value)
    assert from_line(read_line(stream)) == Heartbeat(1)
    assert read_line(stream) is None


def test_the_longest_line_that_may_be_made_may_be_read():
    frame = len(to_line(Answer(1, Note("big", ""))))
    line = to_line(Answer(1, Note("big", "x" * (LIMIT - frame))))

    assert len(line) == LIMIT and read_line(io.BytesIO(line)) == line


def test_a_line_that_a_death_cut_short_is_the_end():
    assert read_line(io.BytesIO(b'{"heartbeat": 1')) is None


@pytest.mark.parametrize(
    "line", [b"", b"hello\n", b"[1]\n", b"{}\n", b'{"id": 1}\n', b'{"id": 1, "control": "eat"}\n', b"\xff\n"]
)
def test_a_strange_line_is_said_to_be_strange(line):
    with pytest.raises(StudioError) as caught:
        from_line(line)

    assert caught.value.code == "strange-line"


@pytest.mark.parametrize(
    "line", [b'{"id": 4, "event": "flew"}\n', b'{"id": 4, "event": "step"}\n', b'{"id": 4, "event": "finished"}\n']
)
def test_an_event_that_cannot_be_read_fails_its_own_job(line):
    message = from_line(line)

    assert isinstance(message, Failure) and message.id == 4


def test_every_verb_of_the_door_has_one_role():
    from slm_studio import engine

    verbs = [verb for verbs in protocol.ROLES.values() for verb in verbs]
    assert len(verbs) == len(set(verbs))
    door = {
        name for name, verb in vars(engine).items() if getattr(verb, "__wrapped__", None) and not name.startswith("_")
    }
    assert door == set(verbs)
    assert role_of("keep") == "desk"  # a checkpoint is opened while its run goes on
