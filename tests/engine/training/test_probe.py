"""The probe chooses what was faster, and remembers it."""

import math
import time
from collections.abc import Callable, Sequence

import pytest
import torch

from slm_studio.core import files, paths
from slm_studio.core.events import Progress
from slm_studio.core.work import outcome
from slm_studio.engine.training import probe
from slm_studio.engine.training.probe import Trial, Way, try_ways, ways_of
from slm_studio.engine.training.rehearsal import Taken

CPU = torch.device("cpu")
EVERY_WAY = [Way(precision, threads) for precision in ("fp32", "bf16") for threads in (1, 2)]


@pytest.fixture(autouse=True)
def short_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "ENOUGH", 0.05)


class Stage:
    """Steps that take as long as `milliseconds(precision, threads)` says, or do not work."""

    def __init__(
        self, milliseconds: Callable[[str, int], float], loss: Callable[[str], float] = lambda precision: 1.0
    ) -> None:
        self.milliseconds, self.loss = milliseconds, loss
        self.steps: list[Way] = []

    def step(self, way: Way, turn: int, rows: int = 0) -> Taken:
        self.steps.append(way)
        seconds = self.milliseconds(way.precision, way.threads) / 1000
        time.sleep(seconds)
        return Taken(self.loss(way.precision), seconds, seconds)


def choice(
    milliseconds: Callable[[str, int], float], ways: Sequence[Way] = EVERY_WAY, seconds: float = 60.0, **more
) -> Trial:
    return outcome(try_ways(Stage(milliseconds, **more), ways, seconds))


def test_the_ways_are_those_worth_a_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "has_bf16", lambda device: True)

    assert ways_of("auto", 2, CPU, may_choose_threads=True) == [EVERY_WAY]
    assert ways_of("fp32", 1, CPU, may_choose_threads=True) == [[Way("fp32", 1)]]
    assert ways_of("fp32", 4, CPU, may_choose_threads=False) == [[Way("fp32", 4)]]
    assert ways_of("auto", 2, torch.device("cuda:0"), may_choose_threads=True) == [[Way("fp32", 2), Way("bf16", 2)]]


def test_what_a_person_wishes_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "has_bf16", lambda device: True)

    assert ways_of("bf16", 2, CPU, may_choose_threads=True) == [EVERY_WAY[2:], EVERY_WAY[:2]]


def test_bf16_is_not_tried_where_the_device_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "has_bf16", lambda device: False)

    for wish in ("auto", "bf16"):
        assert ways_of(wish, 2, CPU, may_choose_threads=True) == [EVERY_WAY[:2]]


@pytest.mark.parametrize(("one", "two", "threads"), [(2, 8, 1), (8, 2, 2), (4, 4, 1)])
def test_the_number_of_threads_is_found_out(one: int, two: int, threads: int) -> None:
    trial = choice(lambda precision, threads: one if threads == 1 else two)

    assert trial.way == Way("fp32", threads) and trial.ratio == 1.0
    assert trial.seconds_per_step == pytest.approx(min(one, two) / 1000)


def test_bf16_must_be_clearly_faster() -> None:
    trial = choice(lambda precision, threads: 2 if precision == "bf16" else 5)

    assert trial.way.precision == "bf16" and trial.ratio == pytest.approx(2.5)
    assert choice(lambda precision, threads: 4).way.precision == "fp32"


@pytest.mark.parametrize("wrong", [math.nan, math.inf, 1.1])
def test_bf16_must_compute_the_same_loss(wrong: float) -> None:
    trial = choice(
        lambda precision, threads: 2 if precision == "bf16" else 5,
        loss=lambda precision: wrong if precision == "bf16" else 1.0,
    )

    assert trial.way.precision == "fp32"


def test_a_way_that_raises_is_no_way() -> None:
    def loss(precision: str) -> float:
        if precision == "bf16":
            raise RuntimeError("could not create a primitive descriptor for the LSTM forward propagation primitive")
        return 1.0

    trial = choice(lambda precision, threads: 1 if precision == "bf16" else 4, loss=loss)

    assert trial.way.precision == "fp32" and trial.ratio == 1.0


def test_where_no_way_is_left_the_first_error_says_why() -> None:
    def loss(precision: str) -> float:
        raise NotImplementedError(precision)

    with pytest.raises(NotImplementedError, match="fp32"):
        choice(lambda precision, threads: 1, loss=loss)


def test_a_trial_ends_in_time_and_says_what_it_does() -> None:
    stage = Stage(lambda precision, threads: 50)

    events = list(try_ways(stage, EVERY_WAY, 0.6))

    assert len(stage.steps) <= 0.6 / 0.05 + 1  # some forty without an end
    assert {(type(event), event.what) for event in events} == {(Progress, "Trying what is fastest here")}
    assert all(0 < event.done <= event.total for event in events)


def test_a_trial_that_had_no_time_is_not_whole() -> None:
    slow = choice(lambda precision, threads: 50, seconds=0.5)

    assert slow.way in EVERY_WAY and not slow.is_whole
    assert choice(lambda precision, threads: 1).is_whole


def test_a_way_that_crawls_is_soon_tried_no_more() -> None:
    stage = Stage(lambda precision, threads: 60 if precision == "bf16" else 1)

    outcome(try_ways(stage, EVERY_WAY, 60.0))

    assert sum(way.precision == "bf16" for way in stage.steps) == 2 * 3  # set up, and two rounds
    assert sum(way.precision == "fp32" for way in stage.steps) > 2 * 3


def test_a_choice_is_remembered_and_damage_forgets_it(home) -> None:
    trial = Trial(Way("bf16", 1), 0.02, 1.8, 12, 0.4)
    probe.remember("this machine", trial)

    assert probe.recall("this machine") == trial and probe.recall("another") is None
    (paths.cache() / probe.REMEMBERED).write_text("{", encoding="utf-8")
    assert probe.recall("this machine") is None


def test_what_a_busy_moment_chose_is_tried_again_when_it_is_quieter() -> None:
    busy, quiet = (Trial(Way("fp32", 1), 0.02, load=load) for load in (0.9, 0.1))

    assert busy.holds(0.8) and not busy.holds(0.3)
    assert quiet.holds(0.0) and quiet.holds(0.9)


def test_a_choice_of_an_older_version_counts_as_one_of_a_busy_moment(home) -> None:
    plain = {"way": {"precision": "fp32", "threads": 2}, "seconds_per_step": 0.02, "ratio": 1.0}
    files.write_json(paths.cache() / probe.REMEMBERED, {"this machine": plain})

    known = probe.recall("this machine")

    assert known is not None and known.way == Way("fp32", 2) and not known.holds(0.5)
