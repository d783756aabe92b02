"""Run a net over examples without learning: the one place where scoring touches tensors."""

import time

import numpy as np
import torch

from slm_studio.core.events import Progress
from slm_studio.core.work import Work
from slm_studio.engine.examples import Packed, by_length
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.task import LIVELY, Seen, Task


def observe_all(task: Task, loaded: Loaded, examples: Packed, batch: int, precision: str = "fp32") -> Work[Seen]:
    """Yield Progress now and then; return what was seen of all examples, in their order, at most `batch` at once."""
    loaded.net.eval()
    observed, order = [], []
    done, told = 0, time.perf_counter()
    for places in by_length(examples.work_N, batch, task.width(loaded)):
        observed.append(_observe(task, loaded, examples, places, precision))
        order.append(places)
        done += len(places)
        if time.perf_counter() - told > LIVELY:
            told = time.perf_counter()
            yield Progress("Checking held-out rows", done, len(examples))
    return {name: _in_order([seen[name] for seen in observed], order) for name in observed[0]}


def _in_order(parts: list[np.ndarray], order: list[np.ndarray]) -> np.ndarray:
    together = np.concatenate(parts)
    found = np.empty_like(together)
    found[np.concatenate(order)] = together
    return found


@torch.inference_mode()
def _observe(task: Task, loaded: Loaded, examples: Packed, places: np.ndarray, precision: str) -> Seen:
    device = loaded.device
    batch = {name: tensor.to(device) for name, tensor in examples.take(places).items()}
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
        return task.observe(loaded, batch)
