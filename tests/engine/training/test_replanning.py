"""A time budget that was wrong is corrected on the way; the correction is part of the run, not of the clock."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from slm_studio import engine
from slm_studio.core import codec
from slm_studio.core.dataset import Dataset
from slm_studio.core.events import Event, Machine, Replanned, Started, Step
from slm_studio.core.recipe import Recipe
from slm_studio.core.run import History, Run, create_run, open_run
from slm_studio.engine.training import checkpoint, machine, trainer
from tests.engine.training.conftest import losses

PLAN = 20  # steps that the trial thinks of
SCRIPT = {6: 32, 14: 24}  # step → new total, as the clock shows them


class Scripted:
    """A budget whose clock shows what the script says."""

    def __init__(self, seconds: float, steps: int) -> None:
        assert (seconds, steps) == (60.0, PLAN)

    def correct(self, n: int, seconds: float) -> int | None:
        return SCRIPT.get(n)


class Stopped(Scripted):
    """A clock that nobody may look at."""

    def correct(self, n: int, seconds: float) -> int | None:
        raise AssertionError("a run that goes on looked at the clock")


@pytest.fixture
def recipe(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """A run of a minute, for which 20 steps are planned."""
    monkeypatch.setattr(trainer, "Budget", Scripted)
    monkeypatch.setattr(machine, "_steps", lambda plan, seconds: PLAN)
    return replace(recipe, minutes=1.0, dropout=0.1)


def corrections(events: list[Event]) -> dict[int, int]:
    return {event.n: event.steps for event in events if isinstance(event, Replanned)}


def machine_of(run: Run) -> Machine:
    return codec.read(Machine, run.path / "machine.json")


def until(work: Iterator[Event], n: int) -> list[Event]:
    before = []
    for event in work:
        before.append(event)
        if isinstance(event, Step) and event.n == n:
            break
    return before


def test_a_wrong_budget_is_corrected_twice_and_told_in_the_history(book: Dataset, recipe: Recipe) -> None:
    run = create_run(recipe, book)

    events = list(engine.train(recipe, book, run))

    assert corrections(events) == SCRIPT
    assert [event.n for event in events if isinstance(event, Step)] == list(range(1, 25))
    told = {line["n"]: line["steps"] for line in History(run.path).lines() if line["event"] == "replanned"}
    assert told == SCRIPT
    assert open_run(run.path).steps == 24
    assert machine_of(run).steps == PLAN and machine_of(run).corrections == ((6, 32), (14, 24))


def test_the_rate_goes_on_from_where_it_was(book: Dataset, recipe: Recipe) -> None:
    events = list(engine.train(recipe, book, create_run(recipe, book)))

    rates = [event.rate for event in events if isinstance(event, Step)]
    assert all(later <= earlier for earlier, later in pairwise(rates))  # the warm-up is one step
    assert rates[-1] == pytest.approx(recipe.settled().floor * recipe.settled().learning_rate)


@pytest.mark.parametrize("stop_at", [4, 6, 10, 14, 20])
def test_a_run_that_goes_on_takes_the_recorded_totals_and_never_the_clock(
    book: Dataset, recipe: Recipe, stop_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create_run(recipe, book)
    work = engine.train(recipe, book, run)
    before = until(work, stop_at)
    work.close()
    recorded = {step: total for step, total in SCRIPT.items() if step < stop_at}
    monkeypatch.setattr(trainer, "Budget", Stopped)

    after = list(engine.resume(open_run(run.path)))

    total = recorded[max(recorded)] if recorded else PLAN
    assert corrections(before) == recorded and corrections(after) == {}
    assert [event.n for event in before + after if isinstance(event, Step)] == list(range(1, total + 1))
    assert open_run(run.path).steps == total


def test_a_run_whose_process_vanished_takes_them_where_it_had_taken_them(
    book: Dataset, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = list(engine.train(recipe, book, create_run(recipe, book)))
    run = create_run(recipe, book)
    work = engine.train(recipe, book, run)
    until(work, 20)
    kept = checkpoint.newest(run.path / "checkpoints")
    state = (run.path / "state.json").read_bytes()
    work.close()
    for path in checkpoint.numbered(run.path / "checkpoints"):
        if path != kept:
            shutil.rmtree(path)
    (run.path / "state.json").write_bytes(state)
    monkeypatch.setattr(trainer, "Budget", Stopped)

    after = list(engine.resume(open_run(run.path)))

    started = next(event for event in after if isinstance(event, Started))
    assert started.n == 0 and started.machine.total == 24
    assert losses(after) == losses(whole) and corrections(after) == SCRIPT
    told = [line["n"] for line in History(run.path).lines() if line["event"] == "replanned"]
    assert told == [6, 14]


def test_a_pause_is_not_time_of_the_run(book: Dataset, recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(trainer.time, "perf_counter", lambda: now[0])
    seconds = []

    for event in engine.train(replace(recipe, minutes=None, epochs=1), book, create_run(recipe, book)):
        if isinstance(event, Step):
            seconds.append(event.seconds)
            now[0] += 3600.0 if event.n == 5 else 0.5

    assert seconds[4] == 2.0 and seconds[5] == 2.0 and seconds[6] == 2.5
