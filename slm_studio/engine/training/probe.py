"""In which number format and with how many threads a run is fastest: found out by trying, never assumed.

More threads are not always faster: between two pieces of work they sleep (spinning ones would crawl beside a busy core),
and where waking them takes long, as on virtual machines, one thread trained small networks up to twice as fast as two.
"""

import copy
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import torch
from torch import nn

from slm_studio.core import codec, files, paths
from slm_studio.core.errors import StudioError
from slm_studio.engine.training.device import attention_for, has_bf16, set_attention

FEWEST_ROUNDS, MOST_ROUNDS, TRIAL_SECONDS = 4, 12, 2.0
REMEMBERED = "ways.json"
CLEARLY_FASTER = 1.15  # a format that may cost accuracy must earn its place
HARDLY_SLOWER = 1.05  # fewer threads that are so leave a core to the person

Losses = Callable[[nn.Module, str], list[Callable[[], torch.Tensor]]]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to compute."""

    precision: str
    threads: int


@dataclass(frozen=True, slots=True)
class Trial:
    """What a few steps showed."""

    way: Way
    seconds_per_step: float
    ratio: float  # how much faster than fp32; 1.0 where fp32 was chosen


@dataclass(slots=True)
class _Seen:
    seconds: list[float]
    loss: float


def ways_of(precision: str, threads: int, device: torch.device, *, may_choose_threads: bool) -> list[Way]:
    """Return the ways that are worth a trial, fp32 first; `precision` is fp32, bf16 or auto, `threads` the most."""
    formats = ("fp32", "bf16") if precision != "fp32" and has_bf16(device) else ("fp32",)
    counts = sorted({1, threads}) if may_choose_threads and device.type == "cpu" else [threads]
    return [Way(each, count) for each in formats for count in counts]


def try_ways(net: nn.Module, losses: Losses, ways: Sequence[Way], wish: str, device: torch.device) -> Trial:
    """Run a few steps on copies of the net in every way, in turn, and choose.

    `losses(net, precision)` gives one function a step; each returns a scalar loss. bf16 is chosen where it is clearly
    faster, finite, and its loss is within 2 % of fp32's; there the fastest step of each counts, because what else runs
    on the machine can only slow a step down. Of the threads the median decides: waking them is part of a step.
    A way that raises is no way. Where none is left, the first one's error is raised.
    """
    steps = {each: _ready(copy.deepcopy(net), losses, each, device) for each in sorted({way.precision for way in ways})}
    seen = {way: _Seen([], 0.0) for way in ways}
    refused: list[Exception] = []
    began = time.perf_counter()
    for turn in range(MOST_ROUNDS):
        for way in tuple(seen):
            torch.set_num_threads(way.threads)
            each = steps[way.precision]
            try:
                seen[way].loss, taken = _time(each[turn % len(each)], device)
            except Exception as error:  # noqa: BLE001  (whatever a library lacks here)
                refused.append(error)
                del seen[way]
                continue
            seen[way].seconds.append(taken)
        if not seen:
            raise refused[0]
        if turn + 1 >= FEWEST_ROUNDS and time.perf_counter() - began > TRIAL_SECONDS:
            break
    precision, ratio = _pick_precision(seen, wish)
    # The first step sets things up; the median of the others is what a step takes as busy as the machine is now.
    usual = {way: median(each.seconds[1:]) for way, each in seen.items() if way.precision == precision}
    best = min(usual.values())
    chosen = min((way for way in usual if usual[way] <= best * HARDLY_SLOWER), key=lambda way: way.threads)
    torch.set_num_threads(chosen.threads)
    return Trial(chosen, usual[chosen], ratio)


def recall(key: str) -> Trial | None:
    """Return what an earlier trial chose for the same machine and shape.

    A second run of the same recipe must not choose otherwise because the machine was busy during the trial.
    """
    try:
        return codec.from_json(Trial, _known()[key])
    except (StudioError, KeyError):
        return None


def remember(key: str, trial: Trial) -> None:
    """Keep what a trial chose."""
    files.write_json(paths.cache() / REMEMBERED, _known() | {key: codec.to_json(trial)})


def _known() -> dict[str, object]:
    try:
        known = files.read_json(paths.cache() / REMEMBERED)
    except StudioError:
        return {}  # nothing was tried yet, or the file is damaged: try again
    return known if isinstance(known, dict) else {}


def _pick_precision(seen: dict[Way, _Seen], wish: str) -> tuple[str, float]:
    """Return the format, and how much faster than fp32 it is."""
    fp32, bf16 = (_of(seen, "fp32"), _of(seen, "bf16"))
    if not bf16 or not fp32:
        return next(iter(seen)).precision, 1.0
    ratio = _fastest(fp32) / _fastest(bf16)
    close = abs(bf16[0].loss - fp32[0].loss) <= 0.02 * abs(fp32[0].loss) + 1e-3  # false for NaN
    if wish == "bf16" or (close and ratio > CLEARLY_FASTER):
        return "bf16", ratio
    return "fp32", 1.0


def _of(seen: dict[Way, _Seen], precision: str) -> list[_Seen]:
    return [each for way, each in seen.items() if way.precision == precision]


def _fastest(several: Iterable[_Seen]) -> float:
    return min(min(each.seconds) for each in several)


def _ready(net: nn.Module, losses: Losses, precision: str, device: torch.device) -> list[Callable[[], torch.Tensor]]:
    set_attention(net, attention_for(precision, device))
    return losses(net, precision)


def _time(step: Callable[[], torch.Tensor], device: torch.device) -> tuple[float, float]:
    began = time.perf_counter()
    value = step()
    value.backward()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return float(value.detach()), time.perf_counter() - began
