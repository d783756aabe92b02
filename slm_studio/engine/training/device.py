"""Where tensors live and in which number format they are fastest: found out by trying, never assumed."""

import copy
import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import nn

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished

TRIAL_STEPS = 3
CLEARLY_FASTER = 1.15  # a format that may cost accuracy must earn its place


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


def try_precision(
    net: nn.Module,
    losses: Callable[[nn.Module, str], list[Callable[[], torch.Tensor]]],
    wish: str,
    device: torch.device,
) -> Trial:
    """Run a few steps on a copy of the net in fp32 and bf16, and choose.

    `losses(net, precision)` gives one function a step; each returns a scalar loss. bf16 is chosen where it is clearly
    faster, finite, and its loss is within 2 % of fp32's.
    """
    spare = copy.deepcopy(net)
    plain_seconds, plain_loss = _time(losses(spare, "fp32"), device)
    if wish == "fp32":
        return Trial("fp32", plain_seconds, 1.0)
    seconds, loss = _time(losses(spare, "bf16"), device)
    if wish == "bf16":
        return Trial("bf16", seconds, plain_seconds / seconds)
    close = loss == loss and abs(loss - plain_loss) <= 0.02 * abs(plain_loss) + 1e-3
    if close and plain_seconds > CLEARLY_FASTER * seconds:
        return Trial("bf16", seconds, plain_seconds / seconds)
    return Trial("fp32", plain_seconds, 1.0)


def _time(steps: list[Callable[[], torch.Tensor]], device: torch.device) -> tuple[float, float]:
    loss = 0.0
    taken = []
    for step in steps:
        began = time.perf_counter()
        value = step()
        value.backward()
        loss = float(value.detach())
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        taken.append(time.perf_counter() - began)
    # The first step also sets things up; the fastest of the others is what an undisturbed step takes.
    return min(taken[1:] or taken), loss
