"""Where tensors live and in which number format they are fastest: found out by trying, never assumed."""

import copy
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

import torch
from torch import nn
from transformers import PreTrainedModel

from slm_studio.core import files, paths
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished

FEWEST_ROUNDS, MOST_ROUNDS, TRIAL_SECONDS = 4, 12, 1.5
CHOICES = "precision.json"
CLEARLY_FASTER = 1.15  # a format that may cost accuracy must earn its place


Losses = Callable[[nn.Module, str], list[Callable[[], torch.Tensor]]]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a few steps showed."""

    precision: str
    seconds_per_step: float
    ratio: float  # how much faster than fp32; 1.0 where fp32 was chosen


def pick_device(wish: str = "auto") -> torch.device:
    """Return the device a person wished for, or the best there is. Raises StudioError where it is not present."""
    present = devices()
    if wish == "auto":
        return torch.device(present[-1])
    if wish not in present and wish.split(":")[0] not in present:
        raise StudioError(
            "no-such-device",
            "This computer has no device “{device}”.",
            "Choose one of: {devices}.",
            device=wish,
            devices=", ".join(present),
        )
    return torch.device(wish)


def attention_for(precision: str, device: torch.device) -> str:
    """Return the attention that is fastest to train with: on a CPU in bf16 the plain matrix one, by 1.5 times."""
    return "eager" if device.type == "cpu" and precision == "bf16" else "sdpa"


def set_attention(net: nn.Module, attention: str) -> None:
    """Let a Transformer compute its attention so; other nets have none to set."""
    if isinstance(net, PreTrainedModel) and getattr(net.config, "num_attention_heads", None):
        net.set_attn_implementation(attention)


def devices() -> list[str]:
    """Return the devices of this computer, slowest first: cpu, then mps or cuda:0 …"""
    found = ["cpu"]
    if torch.backends.mps.is_available():
        found.append("mps")
    found += [f"cuda:{index}" for index in reversed(range(torch.cuda.device_count()))]
    return found


def tell_devices() -> Iterator[Event]:
    """Yield Finished with the devices of this computer."""
    yield Finished(tuple(devices()))


def device_name(device: torch.device) -> str:
    """Return the processor's or card's name, for people."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "cpu" and sys.platform == "linux":
        with open("/proc/cpuinfo", encoding="utf-8") as stream:
            for line in stream:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def pick_threads(wish: int = 0) -> int:
    """Return the threads to compute with: both of two cores, else one is left for the screen."""
    free = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = wish or int(os.environ.get("OMP_NUM_THREADS", "0") or 0)
    return max(1, asked or (free if free <= 2 else free - 1))


def memory_used(device: torch.device) -> int:
    """Return the peak bytes this process has taken so far."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    if sys.platform == "win32":
        return 0  # the standard library cannot tell there
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def free_memory(device: torch.device) -> int:
    """Return the bytes that are free on a device; 0 where the system does not say."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if sys.platform == "linux":
        with open("/proc/meminfo", encoding="ascii") as stream:
            for line in stream:
                if line.startswith("MemAvailable"):
                    return int(line.split()[1]) * 1024
    return 0


def try_precision(net: nn.Module, losses: Losses, wish: str, device: torch.device) -> Trial:
    """Run a few steps on copies of the net in fp32 and bf16, in turn, and choose.

    `losses(net, precision)` gives one function a step; each returns a scalar loss. bf16 is chosen where it is clearly
    faster, finite, and its loss is within 2 % of fp32's. The fastest step of each counts: what else runs on the
    machine can only slow a step down.
    """
    formats = ("fp32",) if wish == "fp32" else ("fp32", "bf16")
    steps = {precision: _ready(copy.deepcopy(net), losses, precision, device) for precision in formats}
    seconds: dict[str, list[float]] = {precision: [] for precision in formats}
    loss: dict[str, float] = {}
    began = time.perf_counter()
    for turn in range(MOST_ROUNDS):
        for precision in formats:
            each = steps[precision]
            loss[precision], taken = _time(each[turn % len(each)], device)
            seconds[precision].append(taken)
        if turn + 1 >= FEWEST_ROUNDS and time.perf_counter() - began > TRIAL_SECONDS:
            break
    ratio = min(seconds["fp32"]) / min(seconds[formats[-1]])
    chosen = "bf16" if wish == "bf16" or (wish == "auto" and _may_replace(loss, ratio)) else "fp32"
    # The first step sets things up; the median of the others is what a step takes as busy as the machine is now.
    return Trial(chosen, median(seconds[chosen][1:]), ratio if chosen == "bf16" else 1.0)


def remembered_precision(key: str) -> str:
    """Return what an earlier trial chose for the same machine and shape, else "auto".

    A second run of the same recipe must not choose otherwise because the machine was busy during the trial.
    """
    known = _known_choices()
    return str(known.get(key, "auto"))


def remember_precision(key: str, precision: str) -> None:
    """Keep what a trial chose."""
    known = _known_choices()
    if known.get(key) != precision:
        files.write_json(paths.cache() / CHOICES, known | {key: precision})


def _known_choices() -> dict[str, object]:
    try:
        known = files.read_json(paths.cache() / CHOICES)
    except StudioError:
        return {}  # nothing was tried yet, or the file is damaged: try again
    return known if isinstance(known, dict) else {}


def _may_replace(loss: dict[str, float], ratio: float) -> bool:
    close = abs(loss["bf16"] - loss["fp32"]) <= 0.02 * abs(loss["fp32"]) + 1e-3  # false for NaN
    return close and ratio > CLEARLY_FASTER


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
