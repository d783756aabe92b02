"""Run a net over examples without learning: the one place where scoring touches tensors."""

import time
from collections.abc import Sequence

import numpy as np
import torch

from slm_studio.core.events import Progress
from slm_studio.core.work import Work
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.task import LIVELY, Example, Task


def observe_all(
    task: Task,
    loaded: Loaded,
    examples: Sequence[Example],
    batch: int,
    precision: str = "fp32",  # type: ignore[type-arg]
) -> Work[tuple[list[object], np.ndarray]]:
    """Yield Progress now and then; return (observations, order).

    Examples are taken by length, so that little is padding; `order[k]` is the example that stands k-th in the
    concatenated observations.
    """
    loaded.net.eval()
    order = np.argsort([task.length(example) for example in examples], kind="stable")
    observations = []
    told = time.perf_counter()
    for start in range(0, len(order), batch):
        places = order[start : start + batch]
        observations.append(_observe(task, loaded, [examples[place] for place in places], precision))
        if time.perf_counter() - told > LIVELY:
            told = time.perf_counter()
            yield Progress("Checking held-out rows", start + len(places), len(order))
    return observations, order


@torch.inference_mode()
def _observe(task: Task, loaded: Loaded, examples: Sequence[Example], precision: str) -> object:  # type: ignore[type-arg]
    device = loaded.device
    batch = {name: tensor.to(device) for name, tensor in task.collate(examples, loaded).items()}
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
        return task.observe(loaded, batch)
