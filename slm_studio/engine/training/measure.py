"""What a plan will need: parameters counted, memory and time estimated from this machine's measured speed."""

import math
import time
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from transformers import PreTrainedModel

from slm_studio.core.bases import absent, folder_of
from slm_studio.core.dataset import Dataset
from slm_studio.core.events import Event, Finished
from slm_studio.core.recipe import Recipe
from slm_studio.core.results import Sizes
from slm_studio.core.settings import load_settings
from slm_studio.engine.device import free_memory, pick_device, pick_threads
from slm_studio.engine.models.blame import blaming
from slm_studio.engine.models.extending import WHOLE, Coverage, coverage_of_folder
from slm_studio.engine.models.lengths import positions
from slm_studio.engine.task import Sketch, few
from slm_studio.engine.tasks import task_of
from slm_studio.engine.training.lookups import lookups_of, seconds_of
from slm_studio.engine.training.optimizer import remembered, sparse_parameters
from slm_studio.engine.training.settling import settle

PROCESS = 700_000_000  # bytes that torch and transformers take before any model
EFFICIENCY = (0.10, 0.45)  # of the measured matrix rate that small nets reach, lowest and highest seen
STEP_OVERHEAD = (0.002, 0.012)  # seconds a step takes however small the net
STRANGERS = 5  # characters that a sentence names
FORWARD = 1 / 3  # of a step; the way back takes the rest
MEASURED = 0.05  # seconds
_fastest: dict[int, float] = {}  # threads → seconds of a product of two 512 × 512 matrices


def measure_plan(dataset: Dataset, recipe: Recipe) -> Iterator[Event]:
    """Count and estimate without training. Ends in Finished(Sizes)."""
    task = task_of(recipe.task)
    recipe = recipe.settled()
    if problems := recipe.problems():
        raise problems[0]
    if (error := absent(recipe)) is not None:
        raise error
    recipe = settle(task, recipe, dataset)
    splits = task.split(dataset, recipe)
    with torch.device("meta"), blaming(recipe.base):
        sketch = task.sketch(recipe, splits.train)
    texts = task.texts(few(splits.train))
    lacking = _lacking(recipe, texts)
    net, lengths = sketch.net, sketch.tokens_N
    most = positions(net) if isinstance(net, PreTrainedModel) and not recipe.is_blank else None
    wished = recipe.max_length or 128
    limit = min(wished, most or wished)
    parameters = sum(parameter.numel() for parameter in net.parameters())
    device = pick_device(load_settings().device)
    looked_up = sparse_parameters(net)  # of tables a step touches a few rows only
    worked = sum(p.numel() for name, p in net.named_parameters() if "embed" not in name and name not in looked_up)
    tokens = sketch.times * (float(np.minimum(lengths, limit).mean()) if len(lengths) else 1.0)
    lookups = lookups_of(net, texts, tokens)
    step = _step_seconds(worked * tokens * (recipe.batch or 1) * 6, lookups.numbers * (recipe.batch or 1))
    last = recipe.last_pass if splits.may_learn_all else 0
    epoch = math.ceil(max(1, sketch.examples) / (recipe.batch or 1))
    steps = ((recipe.epochs or 1) + last) * epoch if task.learns(recipe) else 0
    low, high = (recipe.minutes * 55, recipe.minutes * 66) if recipe.minutes else (steps * step[0], steps * step[1])
    if not steps:  # the rows are read once, and nothing goes back through the net
        low, high = (epoch * each * FORWARD for each in step)
    elif not recipe.minutes:
        low, high = (seconds + lookups.making * sketch.examples for seconds in (low, high))
    middle = math.sqrt(step[0] * step[1])  # of a guess that may be four times too high or too low
    yield Finished(
        Sizes(
            parameters=parameters,
            memory=memory_of(sketch, recipe, tokens),
            seconds_low=low,
            seconds_high=high,
            steps=round(recipe.minutes * 60 / middle) if recipe.minutes else steps,
            # A step that only looks rows up reads n-grams, which are no tokens.
            tokens_per_second=0.0 if looked_up or not steps else (recipe.batch or 1) * tokens / max(middle, 1e-6),
            device=str(device),
            precision=recipe.precision,
            rows={"train": len(splits.train), "validation": len(splits.validation), "test": len(splits.test)},
            last_epochs=last,
            length=limit if recipe.max_length else 0,
            limited=limit < wished,
            cut=float((lengths > limit).mean()) if len(lengths) and task.info.cuts else 0.0,
            unknown=lacking.unknown,
            strangers=lacking.characters[:STRANGERS],
            addable=len(lacking.pieces),
            free_memory=free_memory(device),
        )
    )


def _lacking(recipe: Recipe, texts: Sequence[str]) -> Coverage:
    """Return what the vocabulary of the base lacks of the rows; a fresh one, or one that may be extended so far, nothing."""
    folder = None if "extend_vocabulary" in recipe.unused else folder_of(recipe.base)
    found = coverage_of_folder(folder, texts) if folder is not None else WHOLE
    return found if len(found.pieces) > recipe.extend_vocabulary else WHOLE


def memory_of(sketch: Sketch, recipe: Recipe, tokens: float) -> int:
    """Return bytes at the peak of training, estimated: weights, gradients, moments, signals, the process."""
    net, moments = sketch.net, remembered(recipe)
    sparse = sparse_parameters(net)
    state = sum(
        parameter.numel() * 4 * (1 + moments if name in sparse else 2 + moments if parameter.requires_grad else 1)
        for name, parameter in net.named_parameters()
    )
    config = getattr(net, "config", None)
    width = int(getattr(config, "hidden_size", 0) or getattr(config, "n_embd", 0) or 64)
    layers = int(getattr(config, "num_hidden_layers", 0) or getattr(config, "n_layer", 0) or 1)
    signals = (recipe.batch or 1) * tokens * (layers * width * 34 + sketch.logits * 3) * 4
    return int(PROCESS + state + signals)


def _step_seconds(operations: float, lookups: float) -> tuple[float, float]:
    rate, (low, high) = matrix_rate(pick_threads(load_settings().threads)), seconds_of(lookups)
    return (
        operations / (rate * EFFICIENCY[1]) + STEP_OVERHEAD[0] + low,
        operations / (rate * EFFICIENCY[0]) + STEP_OVERHEAD[1] + high,
    )


def matrix_rate(threads: int) -> float:
    """Return this machine's matrix rate in operations a second (fp32): the best that was seen so far.

    Each call measures for a twentieth of a second more: one that falls into the work of other programs says too little,
    and would say so for as long as the window is open.
    """
    torch.set_num_threads(threads)
    a, b = torch.randn(512, 512), torch.randn(512, 512)
    best, began = _fastest.get(threads, math.inf), time.perf_counter()
    while time.perf_counter() - began < MEASURED:
        started = time.perf_counter()
        torch.mm(a, b)
        best = min(best, time.perf_counter() - started)
    _fastest[threads] = best
    return 2 * 512**3 / best
