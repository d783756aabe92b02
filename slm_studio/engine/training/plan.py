"""From a recipe and rows to everything the loop needs: net, examples, and how many steps on what machine."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Machine, Note, Progress
from slm_studio.core.recipe import Recipe
from slm_studio.core.settings import load_settings
from slm_studio.core.texts import mark
from slm_studio.engine.data.quality import refuse_hopeless
from slm_studio.engine.data.rows import Rows, open_rows
from slm_studio.engine.data.splits import Splits
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.base import find_base
from slm_studio.engine.task import Example, Task
from slm_studio.engine.tasks import task_of
from slm_studio.engine.training import probe
from slm_studio.engine.training.batches import batch_plan
from slm_studio.engine.training.device import attention_for, device_name, pick_device, pick_threads
from slm_studio.engine.training.optimizer import sparse_parameters
from slm_studio.engine.training.trainer import Material

FASTER = mark("bf16, {threads} {threads:thread|threads}: {ratio} × faster than fp32 in a short trial.")
PLAIN = mark("fp32, {threads} {threads:thread|threads}: nothing was clearly faster in a short trial.")
TRIAL_BATCHES = 4  # different ones, so that a trial meets short texts and long ones
SHOWN = 4  # held-out rows that are answered as the model learns
TIME_FOR_STEPS = 0.88  # of a time budget; the rest goes to held-out rows and checkpoints


@dataclass(slots=True)
class Plan:
    """Everything the loop needs."""

    task: Task  # type: ignore[type-arg]
    recipe: Recipe  # settled
    splits: Splits
    loaded: Loaded
    material: Material


def prepare(recipe: Recipe, dataset: Dataset, opened: Loaded | None = None, token: str = "") -> Iterator[Event | Plan]:
    """Yield signs of life, then the Plan. `opened` is the net of a checkpoint, where a run is resumed."""
    task = task_of(recipe.task)
    problems = recipe.problems()
    if problems:
        raise problems[0]
    recipe = task.settle(recipe, dataset)
    refuse_hopeless(open_rows(dataset, recipe.roles), recipe)  # counts in its sentences are those of the whole file
    splits = task.split(dataset, recipe)
    if opened is None:
        base = yield from find_base(recipe, token)
        yield Progress("Learning the vocabulary", 0, 0)
        facts = task.learn(splits.train, recipe)
        # Blank weights are a function of the seed alone; orthogonal ones round otherwise with other threads.
        torch.set_num_threads(1)
        torch.manual_seed(recipe.seed)
        opened = task.build(replace(recipe, base=base), facts, splits.train)
    train = yield from _examples(task, splits.train, opened, recipe)
    validation = yield from _examples(task, splits.validation, opened, recipe)
    if not train:
        raise StudioError("nothing-to-learn", "No row holds text to learn from.", "Choose another column, or add rows.")
    shown = splits.validation if len(splits.validation) else splits.train
    yield Plan(task, recipe, splits, opened, Material(train, validation, _few(shown)))


def choose_machine(plan: Plan) -> Machine:
    """Try the plan's own batches for a moment and settle device, precision, threads and the number of steps."""
    device, recipe = pick_device(load_settings().device), plan.recipe
    lengths = [plan.task.length(example) for example in plan.material.train]
    assert recipe.batch is not None
    assert recipe.epochs is not None
    trial = _try(plan, batch_plan(lengths, recipe.batch, recipe.seed, 0)[:TRIAL_BATCHES], device)
    steps = recipe.epochs * math.ceil(len(lengths) / recipe.batch)
    if recipe.minutes is not None:
        steps = max(1, int(recipe.minutes * 60 * TIME_FOR_STEPS / (trial.seconds_per_step * 1.25)))
    way = trial.way
    return Machine(
        device=str(device),
        name=device_name(device),
        precision=way.precision,
        threads=way.threads,
        steps=steps,
        attention=attention_for(way.precision, device),
        reason=FASTER if way.precision == "bf16" else PLAIN,
        values={"threads": way.threads, "ratio": round(trial.ratio, 1)},
    )


def _try(plan: Plan, batches: list[list[int]], device: torch.device) -> probe.Trial:
    """Try what is worth a trial, or only what an earlier trial chose, to see how long a step takes now."""
    settings, recipe, net = load_settings(), plan.recipe, plan.loaded.net
    most = pick_threads(settings.threads)
    # A table of which a step touches few rows has no matrix to speed up.
    wish = "fp32" if sparse_parameters(net) else recipe.precision
    net.to(device)
    net.train()

    def losses(net: nn.Module, precision: str) -> list[Callable[[], Tensor]]:
        return [
            lambda rows=rows: _trial_loss(plan, net, [plan.material.train[row] for row in rows], precision, device)
            for rows in batches
        ]  # type: ignore[misc]

    key = f"{torch.__version__} {device_name(device)} {most} {settings.threads} {wish} {recipe.base} {recipe.batch} {recipe.max_length}"
    known = probe.recall(key)
    ways = [known.way] if known else probe.ways_of(wish, most, device, may_choose_threads=not settings.threads)
    trial = probe.try_ways(net, losses, ways, wish, device)
    if known:
        return replace(trial, ratio=known.ratio)
    probe.remember(key, trial)
    return trial


def use_machine(machine: Machine) -> Note | None:
    """Set the threads of a resumed run as they were; say so where its device is gone."""
    torch.set_num_threads(machine.threads)
    pick_device(machine.device)
    return None


def _trial_loss(plan: Plan, net: nn.Module, examples: list[Example], precision: str, device: torch.device) -> Tensor:
    batch = {name: tensor.to(device) for name, tensor in plan.task.collate(examples, plan.loaded).items()}
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
        return plan.task.loss(replace(plan.loaded, net=net), batch, plan.recipe)  # type: ignore[arg-type]


def _examples(task: Task, rows: Rows, loaded: Loaded, recipe: Recipe) -> Iterator[Event]:  # type: ignore[type-arg]
    for event in task.examples(rows, loaded, recipe):
        if isinstance(event, list):
            return event  # type: ignore[return-value]
        yield event
    return []  # type: ignore[return-value]


def _few(rows: Rows) -> Rows:
    places = [round(place * (len(rows) - 1) / max(1, SHOWN - 1)) for place in range(min(SHOWN, len(rows)))]
    return rows.take(sorted(set(places)))
