"""How long threads shall look for work before they sleep: `python -m tests.benchmarks.waiting`.

Small networks take steps with one thread, and with two whose waiting is none, ours, or endless; with the cores to
themselves, and with one core kept busy by another process. Each has a process of its own.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from slm_studio.host.environment import engine_environment
from tests.benchmarks.sheet import Line, answer, in_process, print_machine, print_table, times

SECONDS = 4.0
WAYS = {"one thread": {"OMP_NUM_THREADS": "1"}, "no wait": {"GOMP_SPINCOUNT": "0"}, "ours": {}, "no end": {"GOMP_SPINCOUNT": "1000000"}}  # fmt: skip
NETS = ("write", "rewrite")
BURN = "while True: pass"


def main() -> None:
    """Print a table: steps a second, and how they stand to one thread's."""
    print_machine("How long threads look for work before they sleep")
    lines = []
    for net in NETS:
        for beside in ("alone", "beside a busy core"):
            with _busy(beside != "alone"):
                found = {way: _rate(net, environment) for way, environment in WAYS.items()}
            lines += [
                Line(f"{net}, {beside}: {way}", f"{rate:.1f} steps/s", "one thread", times(rate, found["one thread"]))
                for way, rate in found.items()
            ]
    print_table(lines)


def _rate(net: str, environment: dict[str, str]) -> float:
    found = in_process("tests.benchmarks.waiting", net, environment=engine_environment(2) | environment)
    return float(found["rate"])  # type: ignore[arg-type]


@contextmanager
def _busy(is_busy: bool) -> Iterator[None]:
    other = subprocess.Popen([sys.executable, "-c", BURN]) if is_busy else None
    try:
        yield
    finally:
        if other:
            other.kill()
            other.wait()


def probe(name: str) -> None:
    """Take steps in this process and tell how many a second."""
    import torch

    from slm_studio.engine.models.rewriters import make_rewriter
    from slm_studio.engine.models.writers import make_writer

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    if name == "write":
        net = make_writer("llama", "micro", vocabulary_size=512, max_length=128, dropout=0.0)
        batch = {"input_ids": torch.randint(0, 512, (8, 128)), "labels": torch.randint(0, 512, (8, 128))}
    else:
        net = make_rewriter("lstm", "micro", vocabulary_size=5000, dropout=0.2)
        batch = {"input_ids": torch.randint(2, 5000, (32, 10)), "labels": torch.randint(2, 5000, (32, 8))}
    optimizer = torch.optim.AdamW(net.train().parameters(), lr=1e-3, fused=True)
    steps, began = -5, time.perf_counter()
    while steps < 0 or time.perf_counter() - began < SECONDS:
        optimizer.zero_grad(set_to_none=True)
        net(**batch).loss.backward()
        optimizer.step()
        steps += 1
        began = time.perf_counter() if steps == 0 else began
    answer({"rate": steps / (time.perf_counter() - began)})


if __name__ == "__main__":
    probe(sys.argv[1]) if sys.argv[1:] else main()
