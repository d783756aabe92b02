"""On what device, in which way and for how many steps a plan runs: settled by its own batches, in a few seconds."""

import math
import time
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from slm_studio.core.errors import Value
from slm_studio.core.events import Machine, Progress
from slm_studio.core.settings import load_settings
from slm_studio.core.shapes import shape_knobs
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.device import attention_for, device_name, devices, has_bf16, pick_device, pick_threads
from slm_studio.engine.training import probe
from slm_studio.engine.training.batches import batch_plan
from slm_studio.engine.training.budget import FEWEST
from slm_studio.engine.training.load import Load
from slm_studio.engine.training.optimizer import sparse_parameters
from slm_studio.engine.training.plan import Plan
from slm_studio.engine.training.probe import Trial
from slm_studio.engine.training.rehearsal import TRYING, Rehearsal, Way

LONGEST = 5.0  # seconds that all trying may take: 3 % of three minutes
SHORT = 30.0  # seconds of a run that is not worth a trial
BATCHES = 4  # from short texts to long ones
TIME_FOR_STEPS = 0.88  # of a time budget; the rest goes to held-out rows and checkpoints
OPTIMIZER = 1.25  # a whole step takes so many times what forward and backward take

FASTER = mark("bf16, {threads} {threads:thread|threads}: {ratio} × faster than fp32 in a short trial.")
PLAIN = mark("fp32, {threads} {threads:thread|threads}: nothing was clearly faster in a short trial.")
EARLIER = mark("{precision}, {threads} {threads:thread|threads}: the fastest in an earlier trial on this computer.")
UNTRIED = mark("{precision}, {threads} {threads:thread|threads}: so short a run is not worth a trial.")
ASKED = mark("{precision}, {threads} {threads:thread|threads}: the number format is as you asked.")
NO_BF16 = mark("fp32, {threads} {threads:thread|threads}: this computer cannot train this model in bf16.")
STILL = mark("{precision}, {threads} {threads:thread|threads}: the model stays as it is, so there is no step to try.")
ELSEWHERE = mark("{precision}, {threads} {threads:thread|threads}: “{device}” cannot train this model.")


def choose_machine(plan: Plan, load: Load) -> Work[Machine]:
    """Yield signs of life; return the Machine. `load` was begun with the run.

    What raises is no way to compute. Where none is left on a device, the next one is taken, unless the person chose one.
    """
    if not plan.task.learns(plan.recipe):
        trial = Trial(Way("fp32", pick_threads(_threads(plan))), 0.0)
        torch.set_num_threads(trial.way.threads)
        return replace(_machine(plan, _devices()[0], trial, STILL), reason=STILL)
    refused: list[Exception] = []
    for device in _devices():
        try:
            return (yield from _choose_on(device, plan, load))
        except (MemoryError, torch.OutOfMemoryError):
            raise  # a smaller batch helps, a slower device does not
        except Exception as error:  # noqa: BLE001  (whatever a library lacks on this device)
            refused.append(error)
    raise refused[0]


def use_machine(machine: Machine) -> None:
    """Set the threads of a resumed run as they were. Raises StudioError where its device is gone."""
    torch.set_num_threads(machine.threads)
    pick_device(machine.device)


def _devices() -> list[torch.device]:
    """Return the device that was chosen, or all that there are, the best one first."""
    settings = load_settings()
    best = pick_device(settings.device)
    others = [torch.device(name) for name in reversed(devices())] if settings.device == "auto" else []
    return [best, *(device for device in others if device != best)]


def _choose_on(device: torch.device, plan: Plan, load: Load) -> Work[Machine]:
    threads = _threads(plan)
    groups = probe.ways_of(_wish(plan), pick_threads(threads), device, may_choose_threads=not threads)
    known = probe.recall(_key(plan, device))
    attempts = [(ways, known) for ways in groups if known is not None and known.way in ways]
    refused: list[Exception] = []
    for ways, trial in [*attempts, *((ways, None) for ways in groups)]:
        try:
            trial, reason = yield from _settle(plan, _rehearse(plan, device), ways, trial, load)
        except (MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # noqa: BLE001  (whatever a library lacks in these ways)
            refused.append(error)
            continue
        torch.set_num_threads(trial.way.threads)
        return _machine(plan, device, trial, reason)
    raise refused[0]


def _settle(
    plan: Plan, rehearsal: Rehearsal, ways: list[Way], known: Trial | None, load: Load
) -> Work[tuple[Trial, str]]:
    """Return the trial that counts and, as a template, why."""
    began = time.perf_counter()
    yield Progress(TRYING, 0, 0)
    plain = known.way if known else ways[0]
    seconds = yield from rehearsal.look(plain)
    now = load.others()
    is_short = _expected(plan, seconds) < SHORT
    if known is not None and (is_short or known.holds(now)):
        return replace(known, seconds_per_step=seconds), EARLIER
    if is_short or len(ways) == 1:
        return Trial(plain, seconds), UNTRIED if is_short else PLAIN
    trial = yield from probe.try_ways(rehearsal, ways, LONGEST - (time.perf_counter() - began))
    trial = replace(trial, load=load.others())
    if trial.is_whole:
        probe.remember(_key(plan, rehearsal.device), trial)
    return trial, FASTER if trial.way.precision == "bf16" else PLAIN


def _machine(plan: Plan, device: torch.device, trial: Trial, reason: str) -> Machine:
    way, recipe, best = trial.way, plan.recipe, pick_device(load_settings().device)
    if device != best:
        reason = ELSEWHERE
    elif _wish(plan) == "bf16":
        reason = ASKED if way.precision == "bf16" else NO_BF16
    elif recipe.precision == "fp32":
        reason = ASKED
    values: dict[str, Value] = {
        "precision": way.precision,
        "threads": way.threads,
        "ratio": round(trial.ratio, 1),
        "device": str(best),
    }
    return Machine(
        device=str(device),
        name=device_name(device),
        precision=way.precision,
        threads=way.threads,
        steps=_steps(plan, trial.seconds_per_step),
        attention=attention_for(way.precision, device),
        reason=reason,
        values=values,
    )


def _steps(plan: Plan, seconds: float) -> int:
    """Return the steps of a run of which one takes `seconds`, forward and backward."""
    recipe = plan.recipe
    assert recipe.batch is not None
    assert recipe.epochs is not None
    if not plan.task.learns(recipe):
        return 0
    if recipe.minutes is not None:
        # The first look may have been slow by what it set up; in a few steps the budget learns how long one takes.
        return max(2 * FEWEST, int(recipe.minutes * 60 * TIME_FOR_STEPS / (seconds * OPTIMIZER)))
    return recipe.epochs * math.ceil(len(plan.material.train) / recipe.batch)


def _expected(plan: Plan, seconds: float) -> float:
    """Return the seconds that a run will take at most."""
    minutes = plan.recipe.minutes
    return minutes * 60 if minutes is not None else _steps(plan, seconds) * seconds * OPTIMIZER


def _rehearse(plan: Plan, device: torch.device) -> Rehearsal:
    task, recipe, train = plan.task, plan.recipe, plan.material.train
    assert recipe.batch is not None
    lengths = train.work_N

    def loss(net: nn.Module, rows: Sequence[int], precision: str) -> Tensor:
        batch = {name: tensor.to(device) for name, tensor in train.take(rows).items()}
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
            return task.loss(replace(plan.loaded, net=net), batch, recipe)  # type: ignore[arg-type]

    epoch = batch_plan(lengths, recipe.batch, recipe.seed, 0)
    by_work = sorted(epoch, key=lambda rows: max(lengths[row] for row in rows))
    places = sorted({int((place + 0.5) / BATCHES * len(by_work)) for place in range(BATCHES)})
    return Rehearsal(plan.loaded.net, loss, [by_work[place].tolist() for place in places], lengths, device)


def _threads(plan: Plan) -> int:
    """Return how many threads were asked for, in the recipe or for all; 0 is as many as are fastest."""
    return getattr(plan.recipe.options, "workers", None) or load_settings().threads


def _wish(plan: Plan) -> str:
    """Return the number format that is worth a thought: a table of which a step touches few rows has no matrix to speed up."""
    return "fp32" if sparse_parameters(plan.loaded.net) else plan.recipe.precision


def _key(plan: Plan, device: torch.device) -> str:
    """Return what a choice depends on, limits set on torch's own kernels and on oneDNN included."""
    recipe, wished = plan.recipe, _threads(plan)
    limits = f"{torch.backends.cpu.get_cpu_capability()} {has_bf16(device)}"
    threads = f"{pick_threads(wished)} {wished}"
    built = [getattr(recipe.options, name, None) for name in shape_knobs()]
    shape = f"{recipe.task} {recipe.base} {recipe.batch} {recipe.max_length} {built}"
    return f"{torch.__version__} {device_name(device)} {limits} {threads} {_wish(plan)} {shape}"
