"""Where tensors live: the devices of this computer, their names, their memory, the threads they may use."""

import os
import platform
import sys
from collections.abc import Iterator

import torch
from torch import nn
from transformers import PreTrainedModel

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished


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


def has_bf16(device: torch.device) -> bool:
    """Say whether a device computes in bf16: torch is asked, which also heeds limits set on its libraries.

    A processor without it emulates bf16, a tenth to a hundredth as fast as fp32, and lacks some operations.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        return torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return True  # nobody can tell: a trial shows it


def attention_for(precision: str, device: torch.device) -> str:
    """Return the attention that is fastest to train with: on a CPU in bf16 the plain matrix one, by 1.5 times."""
    return "eager" if device.type == "cpu" and precision == "bf16" else "sdpa"


def set_attention(net: nn.Module, attention: str) -> None:
    """Let a Transformer compute its attention so; other nets have none to set."""
    if isinstance(net, PreTrainedModel) and getattr(net.config, "num_attention_heads", None):
        net.set_attn_implementation(attention)


def seed_draws(device: torch.device, seed: int) -> None:
    """Begin the random draws of a step anew.

    torch.manual_seed does that for every kind of device it knows, and notes a stack trace for each that is absent: a
    millisecond a call, and memory that never comes back.
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed_all(seed)  # whichever card the run is on
    elif device.type == "mps":
        torch.mps.manual_seed(seed)


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
    """Return the most threads to compute with: both of two cores, else one is left for the screen."""
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
        try:
            return int(torch.cuda.mem_get_info(device)[0])
        except RuntimeError:
            return 0  # a driver that does not work says so when it shall compute
    if sys.platform == "linux":
        with open("/proc/meminfo", encoding="ascii") as stream:
            for line in stream:
                if line.startswith("MemAvailable"):
                    return int(line.split()[1]) * 1024
    return 0
