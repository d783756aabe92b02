"""The environment variables under which the engine's libraries work; they read them once, when they are loaded."""

import os
from collections.abc import Mapping
from pathlib import Path

import slm_studio

_LIBRARIES = {
    # A thread looks so often for work before it sleeps: about as long as waking it takes. Without, two threads were hardly
    # faster than one; without end, they ran at a fifth of the speed of one beside a busy core (tests/benchmarks/waiting.py).
    "GOMP_SPINCOUNT": "2000",
    "OMP_WAIT_POLICY": "PASSIVE",
    # MKL adds up in the same order wherever in memory the numbers lie. Without, a run that went on differed in the last bits from
    # one that nothing disturbed, on processors of AMD (tests/benchmarks/order.py).
    "MKL_CBWR": "AUTO",
    "PYTHONUTF8": "1",  # names of files hold every script, whatever the locale can write
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "DISABLE_SAFETENSORS_CONVERSION": "1",
}


def engine_environment(threads: int = 0) -> dict[str, str]:
    """Return the environment of an engine process: `threads` 0 = as many as the machine can spare."""
    environment = dict(os.environ)
    if threads or "OMP_NUM_THREADS" not in environment:
        environment["OMP_NUM_THREADS"] = str(threads or spare_cores())
    environment |= _LIBRARIES | _readable_proxies(environment)
    root = Path(slm_studio.__file__).parents[1]
    if root.name not in ("site-packages", "dist-packages"):
        known = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = os.pathsep.join([str(root)] + ([known] if known else []))
    return environment


def prepare_own_environment() -> None:
    """Set the same variables in this process (place `thread`), before the engine loads its libraries."""
    for name, value in (_LIBRARIES | {"OMP_NUM_THREADS": str(spare_cores())}).items():
        os.environ.setdefault(name, value)
    os.environ.update(_readable_proxies(os.environ))


def _readable_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the proxies that desktops write as socks://…, which means SOCKS 5, under the name that clients know."""
    return {
        name: "socks5://" + value.partition("://")[2]
        for name, value in environment.items()
        if name.lower().endswith("_proxy") and value.lower().startswith("socks://")
    }


def spare_cores() -> int:
    """Return the cores this process may use; of more than two, one is left to the screen."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if cores <= 2 else cores - 1
