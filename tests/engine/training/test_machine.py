"""How a run settles on a way to compute: in sight of the person, in a few seconds, and not for ever."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from slm_studio import engine
from slm_studio.core import codec
from slm_studio.core.dataset import Dataset
from slm_studio.core.events import Event, Finished, Machine, Progress, Started, Step
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.run import STOPPED, create_run, open_run
from slm_studio.core.work import outcome
from slm_studio.engine.tasks import task_of
from slm_studio.engine.training import machine, probe
from slm_studio.engine.training.load import Load
from slm_studio.engine.training.plan import Plan, prepare
from slm_studio.engine.training.probe import Trial, Way
from tests.engine.training.conftest import losses

CPU = torch.device("cpu")


@pytest.fixture
def recipe(recipe: Recipe) -> Recipe:
    return replace(recipe, precision="auto", epochs=1)


@pytest.fixture
def plan(book: Dataset, recipe: Recipe) -> Plan:
    return outcome(prepare(recipe.settled(), book))


@pytest.fixture
def long_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every run be worth a trial, and a trial be short."""
    monkeypatch.setattr(machine, "SHORT", 0.0)
    monkeypatch.setattr(probe, "ENOUGH", 0.05)


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return the list in which every trial is noted."""
    seen: list[object] = []
    real = probe.try_ways

    def noted(stage: object, ways: object, seconds: float) -> Iterator[Event]:
        seen.append(ways)
        return real(stage, ways, seconds)  # type: ignore[arg-type]

    monkeypatch.setattr(probe, "try_ways", noted)
    return seen


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list whose one number is what others take of the machine."""
    share = [0.0]
    monkeypatch.setattr(Load, "others", lambda self: share[0])
    return share


def chosen(plan: Plan) -> Machine:
    return outcome(machine.choose_machine(plan, Load()))


def test_a_short_run_takes_fp32_without_a_trial(plan: Plan, trials: list[object]) -> None:
    found = chosen(plan)

    assert (found.precision, found.threads) == ("fp32", 1) and trials == []
    assert found.reason == machine.UNTRIED
    assert found.steps == len(plan.material.train) // 4 + (len(plan.material.train) % 4 > 0)


def test_a_short_run_takes_the_way_that_is_remembered(plan: Plan, trials: list[object], load: list[float]) -> None:
    probe.remember(machine._key(plan, CPU), Trial(Way("fp32", torch.get_num_threads()), 1.0, load=1.0))

    found = chosen(plan)

    assert found.threads == torch.get_num_threads() and found.reason == machine.EARLIER and trials == []


def test_a_run_of_30_seconds_is_worth_a_trial_and_a_shorter_one_is_not(plan: Plan, trials: list[object]) -> None:
    for minutes, count in ((0.49, 0), (0.5, 1)):
        chosen(replace(plan, recipe=replace(plan.recipe, minutes=minutes)))
        assert len(trials) == count


def test_all_trying_ends_within_five_seconds(plan: Plan, long_runs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    real = plan.task.loss

    def slow(*words: object) -> torch.Tensor:
        time.sleep(0.3)
        return real(*words)

    monkeypatch.setattr(probe, "has_bf16", lambda device: True)
    monkeypatch.setattr(plan.task, "loss", slow)
    monkeypatch.setattr(probe, "ENOUGH", 60.0)
    began = time.perf_counter()

    chosen(plan)

    assert time.perf_counter() - began < 3 * machine.LONGEST  # without an end it would take a minute


def test_a_choice_of_a_busy_moment_is_made_anew_when_it_is_quieter(
    plan: Plan, long_runs: None, trials: list[object], load: list[float]
) -> None:
    known = {}
    for share, expected in ((0.9, 1), (0.8, 1), (0.2, 2), (0.1, 2), (0.9, 2)):
        load[0] = share
        chosen(plan)
        assert len(trials) == expected, f"others take {share}"
        known[share] = probe.recall(machine._key(plan, CPU))

    assert known[0.8].load == 0.9 and known[0.9].load == 0.2


def test_a_trial_that_is_made_to_raise_ends_no_run(
    book: Dataset, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = task_of("write")
    real = task.loss

    def loss(*words: object) -> torch.Tensor:
        if torch.is_autocast_enabled("cpu"):
            raise RuntimeError("could not create a primitive descriptor for the LSTM forward propagation primitive")
        return real(*words)

    monkeypatch.setattr(task, "loss", loss)
    monkeypatch.setattr(probe, "has_bf16", lambda device: True)
    for wish, reason in (("bf16", machine.NO_BF16), ("auto", machine.PLAIN)):
        monkeypatch.setattr(machine, "SHORT", 0.0)
        asked = replace(recipe, precision=wish)
        events = list(engine.train(asked, book, create_run(asked, book)))

        assert isinstance(events[-1], Finished)
        started = next(event for event in events if isinstance(event, Started))
        assert (started.machine.precision, started.machine.reason) == ("fp32", reason)


@pytest.mark.parametrize("what", ["has_bf16", "device_name", ""])
def test_a_device_on_which_nothing_works_is_passed_over_unless_it_was_chosen(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    if what:
        real = getattr(machine, what)

        def refused(device: torch.device) -> object:
            if device.type == "meta":
                raise RuntimeError("meta: no kernel image is available for execution on the device")
            return real(device)

        monkeypatch.setattr(machine, what, refused)
    monkeypatch.setattr(machine, "devices", lambda: ["cpu", "meta"])
    monkeypatch.setattr(machine, "pick_device", lambda wish: torch.device("meta"))

    found = chosen(plan)

    assert (found.device, found.reason) == ("cpu", machine.ELSEWHERE)
    settings = replace(machine.load_settings(), device="meta")
    monkeypatch.setattr(machine, "load_settings", lambda: settings)
    with pytest.raises(Exception, match="meta"):
        chosen(plan)


def test_from_start_to_the_first_step_every_event_says_what_happens(
    book: Dataset, recipe: Recipe, long_runs: None
) -> None:
    events = engine.train(recipe, book, create_run(recipe, book))

    said = []
    for event in events:
        if isinstance(event, Step):
            break
        if isinstance(event, Progress) and event.what not in said:
            said.append(event.what)
    events.close()

    assert said == [
        "Getting ready",
        "Reading rows",
        "Learning the vocabulary",
        "Turning text into tokens",
        "Trying what is fastest here",
        "Saving the first checkpoint",
    ]


@pytest.mark.parametrize("what", ["Getting ready", "Learning the vocabulary", "Trying what is fastest here"])
def test_a_run_that_was_stopped_before_its_first_step_goes_on(
    book: Dataset, recipe: Recipe, long_runs: None, what: str
) -> None:
    recipe = replace(recipe, precision="fp32")  # two trials on a busy machine may choose otherwise
    whole = list(engine.train(recipe, book, create_run(recipe, book)))
    run = create_run(recipe, book)
    events = engine.train(recipe, book, run)
    while next(events) != Progress(what, 0, 0):
        pass

    events.close()

    state = open_run(run.path)
    assert state.can_resume and (state.state == STOPPED or what == "Getting ready")
    again = list(engine.resume(state))
    assert isinstance(again[-1], Finished) and losses(again) == losses(whole)


def test_a_machine_of_an_older_version_still_opens() -> None:
    plain = {"device": "cpu", "name": "x", "precision": "fp32", "threads": 2, "steps": 9, "attention": "sdpa"}

    found = codec.from_json(Machine, plain)

    assert found.corrections == () and found.total == 9


def test_what_is_remembered_of_a_net_is_not_taken_for_one_built_otherwise(plan: Plan) -> None:
    recipes = [
        make_recipe("classify", base="blank:lstm-nano", settings=settings).settled()
        for settings in ({}, {"layers": (8,)}, {"activation": "relu"}, {"class_weights": "balanced"})
    ]

    keys = [machine._key(replace(plan, recipe=recipe), CPU) for recipe in recipes]

    assert len(set(keys)) == 3 and keys[0] == keys[3]
