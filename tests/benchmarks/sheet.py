"""What every benchmark prints: the machine, how busy it is, and a table with target and ratio.

Benchmarks never run as timed tests: they measure, say what they saw, and leave the judgement to whoever reads.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("SLM_STUDIO_TEST_DATA", ROOT.parent / "shared" / "data"))
MODELS = Path(os.environ.get("SLM_STUDIO_TEST_MODELS", ROOT.parent / "models"))
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16", "amx_int8")
BUSY = 0.5  # load per core beside ours, from which figures are to be mistrusted


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table. `ratio` says in words how it stands to its target or its peer."""

    what: str
    measured: str
    target: str = ""
    ratio: str = ""
    is_whole: bool = True  # False: something that it needs is not here, so it says no more than that


def print_machine(title: str) -> None:
    """Say what is measured, where, and whether the machine has time for it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    flags = _flags()
    threads = os.environ.get("OMP_NUM_THREADS", "") or str(cores)
    print(title)
    print(
        f"{processor()} · {cores} cores · {', '.join(flag for flag in FLAGS if flag in flags) or 'no vector flags known'}"
    )
    print(f"Python {platform.python_version()} · {platform.system()} {platform.machine()} · OMP threads {threads}")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    print(f"load average {load:.2f}")
    if load > BUSY * cores:
        print("WARNING: this machine is busy. Only ratios within one run mean something; figures want quiet cores.")
    print(flush=True)


def print_table(lines: Sequence[Line]) -> None:
    """Print rows in columns as wide as they need."""
    rows = [
        ("", "measured", "target", "ratio"),
        *((line.what, line.measured, line.target, line.ratio) for line in lines),
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(flush=True)


def against(measured: float, target: float) -> str:
    """Return how a figure that should stay below `target` stands to it. Example: against(0.5, 1.0) == "0.50 ×, met\""""
    return f"{measured / target:.2f} ×, {'met' if measured <= target else 'NOT met'}"


def times(measured: float, peer: float, wanted: float = 0.0) -> str:
    """Return how often a figure that should be high holds its peer's. Example: times(10, 5, 3) == "2.00 ×, NOT met (3 ×)\""""
    ratio = measured / peer
    verdict = f", {'met' if ratio >= wanted else 'NOT met'} ({wanted:g} ×)" if wanted else ""
    return f"{ratio:.2f} ×{verdict}"


def in_process(module: str, *words: str, environment: Mapping[str, str] | None = None) -> dict[str, object]:
    """Run `python -m module words…` alone and return the JSON object of its last line."""
    command = [sys.executable, "-m", module, *words]
    found = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(found.stdout.strip().rpartition("\n")[2])


def answer(values: dict[str, object]) -> None:
    """Say what was measured, in the process that `in_process` started."""
    print(json.dumps(values), flush=True)


def peak_memory() -> int:
    """Return the most bytes this process has held."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@contextmanager
def home() -> Iterator[Path]:
    """Give the studio an empty home for as long as it is measured."""
    before = os.environ.get("SLM_STUDIO_HOME")
    with tempfile.TemporaryDirectory(prefix="slm-studio-benchmark-", ignore_cleanup_errors=True) as folder:
        os.environ["SLM_STUDIO_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            os.environ.pop("SLM_STUDIO_HOME")
            if before is not None:
                os.environ["SLM_STUDIO_HOME"] = before


def best_of(rounds: int, measure: Callable[[], dict[str, object]], key: str) -> dict[str, object]:
    """Measure several times and return the round in which `key` was least: what else runs can only slow it down."""
    return min((measure() for _ in range(rounds)), key=lambda found: float(found[key]))  # type: ignore[arg-type]


def processor() -> str:
    """Return the name of the processor."""
    return _facts().get("model name", "").strip() or platform.processor() or platform.machine()


def _flags() -> set[str]:
    return set(_facts().get("flags", "").split())


def _facts() -> dict[str, str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return dict(line.replace("\t", "").split(":", 1) for line in lines if ":" in line)
