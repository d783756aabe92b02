"""How a run begins while others keep every core busy: `python -m tests.benchmarks.busy [stops] [bases…]`.

One process a core does nothing but compute. Then models are trained as the window trains them, in an engine process of
their own that nobody warmed up: how long until the first step, how long without a word, and, at moments all over that
time, how long a stop and a pause take to be answered.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Paused, Step
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.run import create_run
from slm_studio.core.settings import Settings
from slm_studio.host.engines import Engines
from slm_studio.ui.shell.jobs import Call
from tests.benchmarks.sheet import DATA, ROOT, Line, against, home, print_machine, print_table

FIRST_STEP, STOP = 60.0, 5.0  # seconds
SAMPLE = ROOT / "resources" / "samples" / "en" / "messages.csv"
FILES = {
    "classify": (DATA / "banking77" / "train.csv", SAMPLE),
    "write": (DATA / "tinyshakespeare" / "input.txt", SAMPLE),
}
ROLES = {"classify": {"text": "text", "label": "category"}, "write": {"text": "text"}}
BASES = {"bag-small": "classify", "lstm-micro": "classify", "bert-nano": "classify", "llama-nano": "write"}
BURN = "while True: pass"


@dataclass(frozen=True, slots=True)
class Begin:
    """How a run began."""

    step: float  # seconds until the first step
    silence: float  # the longest without a word
    last_words: str  # before it


def main(stops: int = 4, *bases: str) -> None:
    """Print a table for each base, as soon as it is measured."""
    print_machine("From Start to the first step, with every core loaded by another process")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with home(), Engines(Settings()) as engines, busy():
        for name, task in ((name, BASES[name]) for name in bases or BASES):
            dataset = read(engines, next(path for path in FILES[task] if path.is_file()))
            roles = ROLES[task] if set(ROLES[task].values()) <= {column.name for column in dataset.columns} else {}
            recipe = make_recipe(task, base=f"blank:{name}", roles=roles or {"text": "text", "label": "label"})
            found = begin(engines, recipe, dataset)
            moments = [found.step * (place + 0.5) / stops for place in range(stops)]
            stop = max(answered(engines, recipe, dataset, "stop", moment) for moment in moments)
            pause = max(answered(engines, recipe, dataset, "pause", moment) for moment in moments)
            print_table(
                [
                    Line(f"{name}: first step", f"{found.step:.1f} s", f"≤ {FIRST_STEP:g} s", against(found.step, FIRST_STEP)),
                    Line(f"{name}: longest silence", f"{found.silence:.1f} s after “{found.last_words}”"),
                    Line(f"{name}: stop, slowest of {stops}", f"{stop:.1f} s", f"≤ {STOP:g} s", against(stop, STOP)),
                    Line(f"{name}: pause, slowest of {stops}", f"{pause:.1f} s", f"≤ {STOP:g} s", against(pause, STOP)),
                ]
            )  # fmt: skip


def begin(engines: Engines, recipe: Recipe, dataset: Dataset) -> Begin:
    """Train until the first step."""
    began = heard = time.perf_counter()
    silence, last_words, words = 0.0, "", "Start"
    with Watched(engines, recipe, dataset) as run:
        for event in run.events():
            now = time.perf_counter()
            if now - heard > silence:
                silence, last_words = now - heard, words
            heard, words = now, getattr(event, "what", type(event).__name__)
            if isinstance(event, Step):
                break
    return Begin(heard - began, silence, last_words)


def answered(engines: Engines, recipe: Recipe, dataset: Dataset, control: str, moment: float) -> float:
    """Ask for a stop or a pause some seconds after Start; return the seconds until it is answered."""
    with Watched(engines, recipe, dataset) as run:
        time.sleep(moment)
        asked = time.perf_counter()
        getattr(run.work, control)()
        for event in run.events():
            if isinstance(event, Paused | Finished):
                break
        return time.perf_counter() - asked


class Watched:
    """A run whose worker's mailbox is read as the window reads it; leaving stops it."""

    def __init__(self, engines: Engines, recipe: Recipe, dataset: Dataset) -> None:
        run = create_run(recipe, dataset)
        self.work = Call(engines.run, "train", {"recipe": recipe, "dataset": dataset, "run": run})
        self._thread = threading.Thread(target=self.work.pull)

    def events(self) -> Iterator[Event]:
        """Yield the events as they come, to the last."""
        while True:
            if not self.work.mailbox:
                time.sleep(0.005)
                continue
            event = self.work.mailbox.popleft()
            if isinstance(event, StudioError):
                raise event
            yield event
            if isinstance(event, Finished):
                return

    def __enter__(self) -> "Watched":
        """Start."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.work.stop()
        self._thread.join()


def read(engines: Engines, path: Path) -> Dataset:
    """Read a file."""
    dataset = list(engines.run("read", path=str(path)))[-1].result  # type: ignore[union-attr]
    assert isinstance(dataset, Dataset)
    return dataset


@contextmanager
def busy() -> Iterator[None]:
    """Keep every core busy."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    burners = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in range(cores)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:])
