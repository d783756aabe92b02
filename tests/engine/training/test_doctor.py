"""The doctor says what the curve shows, and never that a run which falls apart is learning well."""

import math
from dataclasses import replace

import pytest

from slm_studio.core import codec
from slm_studio.core.errors import fill
from slm_studio.core.events import Evaluated
from slm_studio.core.recipe import make_recipe
from slm_studio.core.tasks import task_info
from slm_studio.engine.training.checkpoint import Position
from slm_studio.engine.training.doctor import Doctor

RECIPE = make_recipe("classify", roles={"text": "t", "label": "l"}).settled()


def last(held: list[float], learnt: list[float], **more) -> str:
    """Return the code of what the doctor said last; losses are those at each look."""
    doctor, said = Doctor(task_info("classify"), more.pop("chance", 1.1)), ""
    best, stale, best_step = math.inf, 0, 0
    resumed = more.pop("resumed", 0)
    position = Position(**more)
    for step, (loss, recent) in enumerate(zip(held, learnt, strict=True), start=1):
        is_best = loss < best
        best, stale, best_step = (loss, 0, step) if is_best else (best, stale + 1, best_step)
        if step == resumed:  # a doctor of another process: it has only what the checkpoint holds
            doctor = Doctor(doctor.info, doctor.chance)
            position = codec.from_json(Position, codec.to_json(position))
        position = replace(
            position,
            step=step,
            best=best if best < math.inf else None,
            best_step=best_step,
            stale=stale,
            recent_loss=recent,
        )
        for note in doctor.look(Evaluated(step, 1.0, loss, {}, is_best), position, RECIPE):
            said = note.code
            assert "{" not in fill(note.message, note.values)
    return said


@pytest.mark.parametrize(
    ("held", "learnt", "code"),
    [
        ([1.0], [1.0], "first-look"),
        ([1.0, 0.7, 0.5], [1.0, 0.8, 0.5], "learning-well"),
        ([1.0, 0.9, 0.8], [0.9, 0.3, 0.1], "learning-with-gap"),
        ([1.0, 0.6, 0.61], [1.0, 0.6, 0.5], "no-gain"),
        ([1.0, 0.6, math.nan], [1.0, 0.6, 0.5], "diverging"),
        ([1.0, 0.6, 0.9], [1.0, 0.6, math.nan], "diverging"),
        ([1.0, 0.6, 2.5], [1.0, 0.6, 2.4], "diverging"),  # both rise together, so that no gap shows
        ([9.0, 8.0, 7.5], [9.0, 8.0, 7.5], "diverging"),  # it falls, and is far worse than guessing
        ([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], "not-learning"),
        ([1.0, 0.6, 0.7, 0.8, 0.9], [1.0, 0.4, 0.2, 0.1, 0.05], "by-heart"),
    ],
)
def test_the_curve_is_read_as_it_is(held: list[float], learnt: list[float], code: str) -> None:
    assert last(held, learnt) == code


def test_steps_that_were_skipped_are_unstable_whatever_else_shows() -> None:
    assert last([1.0, 0.7], [1.0, 0.7], skipped=2) == "unstable"


def test_without_known_chance_a_falling_loss_is_learning() -> None:
    assert last([9.0, 8.0, 7.5], [9.0, 8.0, 7.5], chance=None) == "learning-well"


@pytest.mark.parametrize(
    ("held", "learnt", "code"),
    [
        ([1.3, 0.3, 0.02, 0.04, 0.05, 0.06], [1.3, 0.6, 0.2, 0.2, 0.2, 0.2], "no-gain"),
        ([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], "not-learning"),
        ([1.0, 0.6, 0.61], [1.0, 0.6, 1.2], "diverging"),  # it rises from what it was before the break
    ],
)
def test_a_run_that_goes_on_is_judged_by_all_of_its_curve(held: list[float], learnt: list[float], code: str) -> None:
    assert last(held, learnt, resumed=3) == last(held, learnt) == code


def test_a_loss_that_fell_once_is_not_said_never_to_have_fallen() -> None:
    assert last([1.0, 0.4, 1.0], [1.0, 0.6, 0.9]) == "no-gain"
