"""A time budget is kept although the pace was guessed: 2.5 minutes are neither 1:44 nor 4:00."""

from collections.abc import Callable

import pytest

from slm_studio.engine.training.budget import Budget

MINUTES = 150.0


def run(steps: int, seconds: Callable[[int, float], float], budget: float = MINUTES) -> tuple[float, Budget, list]:
    """Live through a run whose n-th step, begun at some second, takes `seconds`; return when it ended and its corrections."""
    plan, now, n, corrections = Budget(budget, steps), 0.0, 0, []
    total = steps
    while n < total:
        now += seconds(n, now)
        n += 1
        new = plan.correct(n, now)
        if new is not None:
            assert new > n
            corrections.append((n, new))
            total = new
    return now, plan, corrections


@pytest.mark.parametrize("wrong", [0.05, 0.2, 0.5, 2.0, 5.0, 20.0])
def test_a_plan_that_was_wrong_ends_in_time(wrong: float) -> None:
    """The plan thought of 1,000 steps; each takes so many times longer (or shorter)."""
    ended, _, corrections = run(1000, lambda n, now: wrong * MINUTES / 1000)

    assert ended == pytest.approx(MINUTES, rel=0.05)
    assert len(corrections) in (1, 2)


@pytest.mark.parametrize("wrong", [0.85, 1.0, 1.15])
def test_a_plan_that_was_nearly_right_is_left_alone(wrong: float) -> None:
    assert run(1000, lambda n, now: wrong * MINUTES / 1000)[2] == []


def test_a_machine_that_becomes_busy_half_way_is_met_by_a_second_correction() -> None:
    ended, _, corrections = run(1000, lambda n, now: 0.05 if now < 70 else 0.4)

    assert len(corrections) == 2
    assert ended == pytest.approx(MINUTES, rel=0.2)


def test_a_run_is_corrected_at_most_twice() -> None:
    _, _, corrections = run(1000, lambda n, now: 0.15 * (10 if int(now / 15) % 2 else 0.1))

    assert len(corrections) == 2


def test_the_second_correction_waits_for_half_of_what_is_left() -> None:
    """A pace that changes a moment after the first correction is not met before."""
    _, _, (first, second) = run(1000, lambda n, now: 0.05 if now < 16 else 0.4)

    assert first[0] * 0.05 < 16
    spent = first[0] * 0.05
    assert 16 + (second[0] - 320) * 0.4 >= spent + (MINUTES - spent) / 2 - 0.5


def test_steps_longer_than_the_budget_end_it_soon() -> None:
    ended, _, _ = run(400, lambda n, now: 60.0)

    assert ended <= 4 * 60


def test_the_first_step_which_sets_things_up_tells_nothing() -> None:
    assert run(1000, lambda n, now: 0.13 if n else 15.0)[2] == []


def test_a_sleep_of_the_computer_is_not_time_of_the_run() -> None:
    _, _, corrections = run(1000, lambda n, now: 3600.0 if n == 300 else 0.15)

    assert corrections == []


def test_looks_at_held_out_rows_belong_to_the_pace() -> None:
    """Twenty looks of five seconds each take two thirds of what the steps alone were thought to need."""
    ended, _, _ = run(1000, lambda n, now: 0.15 + (5.0 if n % 50 == 0 else 0.0))

    assert ended == pytest.approx(MINUTES, rel=0.1)
