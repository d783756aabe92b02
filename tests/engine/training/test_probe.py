"""The probe chooses what was faster, and remembers it."""

import time
from collections.abc import Iterator

import pytest
import torch
from torch import nn

from slm_studio.core import paths
from slm_studio.engine.training import probe
from slm_studio.engine.training.probe import Trial, Way, try_ways, ways_of

CPU = torch.device("cpu")
every_way = [Way(precision, threads) for precision in ("fp32", "bf16") for threads in (1, 2)]


@pytest.fixture(autouse=True)
def the_same_threads_again() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def steps(milliseconds, loss=lambda precision: 1.0):
    """Return `losses` whose steps take as long as `milliseconds(precision, threads)` says."""

    def losses(net: nn.Module, precision: str):
        def step() -> torch.Tensor:
            time.sleep(milliseconds(precision, torch.get_num_threads()) / 1000)
            return net.weight.sum() * 0 + loss(precision)

        return [step]

    return losses


def choice(milliseconds, wish: str = "auto", ways=tuple(every_way), **more) -> Trial:
    return try_ways(nn.Linear(2, 2), steps(milliseconds, **more), ways, wish, CPU)


def test_the_ways_are_those_worth_a_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "has_bf16", lambda device: True)

    assert ways_of("auto", 2, CPU, may_choose_threads=True) == every_way
    assert ways_of("fp32", 1, CPU, may_choose_threads=True) == [Way("fp32", 1)]
    assert ways_of("fp32", 4, CPU, may_choose_threads=False) == [Way("fp32", 4)]
    assert ways_of("auto", 2, torch.device("cuda:0"), may_choose_threads=True) == [Way("fp32", 2), Way("bf16", 2)]


@pytest.mark.parametrize(("one", "two", "threads"), [(2, 8, 1), (8, 2, 2), (4, 4, 1)])
def test_the_number_of_threads_is_found_out(one: int, two: int, threads: int) -> None:
    trial = choice(lambda precision, threads: one if threads == 1 else two)

    assert trial.way == Way("fp32", threads) and trial.ratio == 1.0
    assert torch.get_num_threads() == threads
    assert trial.seconds_per_step == pytest.approx(min(one, two) / 1000, rel=0.9)


def test_bf16_must_be_clearly_faster() -> None:
    assert choice(lambda precision, threads: 2 if precision == "bf16" else 8).way.precision == "bf16"
    assert choice(lambda precision, threads: 4).way.precision == "fp32"


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), 1.1])
def test_bf16_must_compute_the_same_loss(wrong: float) -> None:
    trial = choice(
        lambda precision, threads: 2 if precision == "bf16" else 8,
        loss=lambda precision: wrong if precision == "bf16" else 1.0,
    )

    assert trial.way.precision == "fp32"


def test_bf16_is_not_tried_where_the_device_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "has_bf16", lambda device: False)

    for wish in ("auto", "bf16"):
        assert {way.precision for way in ways_of(wish, 2, CPU, may_choose_threads=True)} == {"fp32"}


@pytest.mark.parametrize("wish", ["auto", "bf16"])
def test_a_way_that_raises_is_no_way(wish: str) -> None:
    def loss(precision: str) -> float:
        if precision == "bf16":
            raise RuntimeError("could not create a primitive descriptor for the LSTM forward propagation primitive")
        return 1.0

    trial = choice(lambda precision, threads: 1 if precision == "bf16" else 4, wish, loss=loss)

    assert trial.way.precision == "fp32" and trial.ratio == 1.0


def test_where_no_way_is_left_the_first_error_says_why() -> None:
    def loss(precision: str) -> float:
        raise NotImplementedError(precision)

    with pytest.raises(NotImplementedError, match="fp32"):
        choice(lambda precision, threads: 1, loss=loss)


def test_what_a_person_wishes_is_done() -> None:
    assert choice(lambda precision, threads: 8 if precision == "bf16" else 2, wish="bf16").way.precision == "bf16"
    only = [Way("fp32", 2)]
    assert choice(lambda precision, threads: 2, wish="fp32", ways=only).way == only[0]


def test_a_choice_is_remembered_and_damage_forgets_it(home) -> None:
    trial = Trial(Way("bf16", 1), 0.02, 1.8)
    probe.remember("this machine", trial)

    assert probe.recall("this machine") == trial and probe.recall("another") is None
    (paths.cache() / probe.REMEMBERED).write_text("{", encoding="utf-8")
    assert probe.recall("this machine") is None
