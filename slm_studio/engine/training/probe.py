"""In which number format and with how many threads a run is fastest: found out by trying, never assumed.

More threads are not always faster: between two pieces of work they sleep (spinning ones would crawl beside a busy core),
and where waking them takes long, as on virtual machines, one thread trained small networks up to twice as fast as two.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Protocol

import torch

from slm_studio.core import codec, files, paths
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Progress
from slm_studio.core.work import Work
from slm_studio.engine.device import has_bf16
from slm_studio.engine.training.rehearsal import TRYING, Taken, Way

FEWEST_ROUNDS, MOST_ROUNDS = 4, 12
ENOUGH = 2.0  # seconds after which a trial ends, once every way had its rounds
HOPELESS = 3.0  # times slower than the fastest from which a way is tried no more
REMEMBERED = "ways.json"
CLEARLY_FASTER = 1.15  # a format that may cost accuracy must earn its place
HARDLY_SLOWER = 1.05  # fewer threads that are so leave a core to the person
QUIETER = 0.2  # share of the cores by which others must do less for a choice to be made anew


class Stage(Protocol):
    """Where steps are taken: a Rehearsal."""

    def step(self, way: Way, turn: int, rows: int = 0) -> Taken:
        """Take one step."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a few steps showed."""

    way: Way
    seconds_per_step: float
    ratio: float = 1.0  # how much faster than fp32; 1.0 where fp32 was chosen
    rounds: int = 0  # in which each way was tried
    load: float = 1.0  # share of the cores that others took meanwhile

    @property
    def is_whole(self) -> bool:
        """Say whether every way had its rounds."""
        return self.rounds >= FEWEST_ROUNDS

    def holds(self, load: float) -> bool:
        """Say whether the choice still counts, now that others take `load` of the machine.

        A second run of the same recipe must not choose otherwise because the machine is busier now. But what a busy
        moment chose is not right for ever.
        """
        return self.load - load < QUIETER


def ways_of(wish: str, threads: int, device: torch.device, *, may_choose_threads: bool) -> list[list[Way]]:
    """Return the ways that are worth a trial, fewest threads first; those of a later list count where all before it raise.

    `wish` is fp32, bf16 or auto, `threads` the most.
    """
    counts = sorted({1, threads}) if may_choose_threads and device.type == "cpu" else [threads]
    fp32, bf16 = ([Way(precision, count) for count in counts] for precision in ("fp32", "bf16"))
    if wish == "fp32" or not has_bf16(device):
        return [fp32]
    return [bf16, fp32] if wish == "bf16" else [fp32 + bf16]


def try_ways(stage: Stage, ways: Sequence[Way], seconds: float) -> Work[Trial]:
    """Take a few steps in every way, in turn; yield Progress and return the Trial.

    No step begins that would end after `seconds`. bf16 is chosen where it is clearly faster, finite, and its loss is
    within 2 % of fp32's; there the fastest step of each counts, because what else runs on the machine can only slow a
    step down. Of the threads the median decides: waking them is part of a step. A way that raises is no way; where none
    is left, the first one's error is raised.
    """
    began, slowest = time.perf_counter(), 0.0
    seen: dict[Way, list[Taken]] = {way: [] for way in ways}
    refused: list[Exception] = []
    for turn in range(MOST_ROUNDS + 1):
        for place, way in enumerate(tuple(seen)):
            if time.perf_counter() - began + _last(seen[way], slowest) > seconds:
                if any(seen.values()):
                    return _choose(seen)
                if turn == 0 and place:
                    del seen[way]  # there is no time even to set it up
                    continue
            try:
                # The first step sets things up; it is a small one, lest a way that crawls takes the time of all.
                taken = stage.step(way, turn, rows=0 if turn else 1)
            except Exception as error:  # noqa: BLE001  (whatever a library lacks here)
                refused.append(error)
                del seen[way]
                continue
            slowest = max(slowest, taken.waited)
            if turn:
                seen[way].append(taken)
            yield Progress(TRYING, turn * len(ways) + place + 1, (MOST_ROUNDS + 1) * len(ways))
        if not seen:
            raise refused[0]
        if turn > 1:
            seen = _with_hope(seen)
        if turn >= FEWEST_ROUNDS and time.perf_counter() - began > ENOUGH:
            break
    return _choose(seen)


def recall(key: str) -> Trial | None:
    """Return what an earlier trial chose for the same machine and shape."""
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


def _last(taken: Sequence[Taken], slowest: float) -> float:
    return taken[-1].waited if taken else slowest


def _with_hope(seen: dict[Way, list[Taken]]) -> dict[Way, list[Taken]]:
    best = min(_fastest(each) for each in seen.values())
    return {way: each for way, each in seen.items() if _fastest(each) <= HOPELESS * best}


def _choose(seen: dict[Way, list[Taken]]) -> Trial:
    seen = {way: each for way, each in seen.items() if each}
    precision, ratio = _pick_precision(seen)
    usual = {way: median(taken.seconds for taken in each) for way, each in seen.items() if way.precision == precision}
    best = min(usual.values())
    chosen = min((way for way in usual if usual[way] <= best * HARDLY_SLOWER), key=lambda way: way.threads)
    return Trial(chosen, fmean(taken.seconds for taken in seen[chosen]), ratio, min(map(len, seen.values())))


def _pick_precision(seen: dict[Way, list[Taken]]) -> tuple[str, float]:
    """Return the format, and how much faster than fp32 it is."""
    fp32, bf16 = (
        min((each for way, each in seen.items() if way.precision == precision), key=_fastest, default=None)
        for precision in ("fp32", "bf16")
    )
    if not bf16 or not fp32:
        return next(iter(seen)).precision, 1.0
    ratio = _fastest(fp32) / _fastest(bf16)
    # Both took the same batches with the same draws. False for NaN.
    pairs = [abs(low.loss - full.loss) <= 0.02 * abs(full.loss) + 1e-3 for low, full in zip(bf16, fp32, strict=False)]
    return ("bf16", ratio) if ratio > CLEARLY_FASTER and all(pairs) else ("fp32", 1.0)


def _fastest(several: Sequence[Taken]) -> float:
    return min(taken.seconds for taken in several)
