"""Run a net over examples without learning: the one place where scoring touches tensors."""

import time

import numpy as np
import torch

from slm_studio.core.events import Progress
from slm_studio.core.work import Work
from slm_studio.engine.examples import Packed
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.task import LIVELY, Seen, Task


def observe_all(task: Task, loaded: Loaded, examples: Packed, batch: int, precision: str = "fp32") -> Work[Seen]:
    """Yield Progress now and then; return what was seen of all examples, in their order.

    They are taken by length, so that little is padding.
    """
    loaded.net.eval()
    order = np.argsort(examples.work_N, kind="stable")
    observed = []
    told = time.perf_counter()
    for start in range(0, len(order), batch):
        places = order[start : start + batch]
        observed.append(_observe(task, loaded, examples, places, precision))
        if time.perf_counter() - told > LIVELY:
            told = time.perf_counter()
            yield Progress("Checking held-out rows", start + len(places), len(order))
    return {name: _in_order([seen[name] for seen in observed], order) for name in observed[0]}


def _in_order(parts: list[np.ndarray], order: np.ndarray) -> np.ndarray:
    together = np.concatenate(parts)
    found = np.empty_like(together)
    found[order] = together
    return found


@torch.inference_mode()
def _observe(task: Task, loaded: Loaded, examples: Packed, places: np.ndarray, precision: str) -> Seen:
    device = loaded.device
    batch = {name: tensor.to(device) for name, tensor in examples.take(places).items()}
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
        return task.observe(loaded, batch)
