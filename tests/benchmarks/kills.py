"""Kill a training process at random moments and see every run go on: `python -m tests.benchmarks.kills [kills] [seed]`.

50 kills took eleven seconds each on two cores, the undisturbed run and the end of the killed one included.
"""

import math
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.events import Step
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.run import create_run
from tests.benchmarks.sheet import Line, home, print_machine, print_table
from tests.kills import kill_and_resume

LONGEST = 1.0  # seconds from a start to its kill, at most
SPARE = (
    2.5  # how much longer the undisturbed run is than all kills together: the last of them must still find it at work
)
RECIPE = {
    "batch": 4,
    "max_length": 32,
    "precision": "fp32",
    "patience": 0,
    "checkpoint_seconds": 0.3,
    "eval_every": 200,
}


def main(kills: int = 50, seed: int = 0) -> None:
    """Print the table."""
    print_machine(f"{kills} SIGKILLs at random moments of a training process, seed {seed}")
    with home(), tempfile.TemporaryDirectory() as folder:
        dataset = _book(Path(folder) / "book.txt")
        recipe = make_recipe("write", base="blank:llama-nano", roles={"text": "text"}, settings=RECIPE)
        recipe = replace(recipe, epochs=_epochs(recipe, dataset, kills * LONGEST / 2 * SPARE))
        began = time.monotonic()
        outcome = kill_and_resume(recipe, dataset, kills, seed, LONGEST)
        seconds = time.monotonic() - began
    print_table(
        [
            Line("resumed", f"{outcome.resumed} of {outcome.kills}", "all", "met" if outcome.resumed == outcome.kills else "NOT met"),
            Line("most steps lost by one kill", f"{outcome.lost_steps:,}", f"those of {recipe.checkpoint_seconds:g} s"),
            Line("weights as undisturbed", "the same, bit by bit" if outcome.same else "others", "the same", "met" if outcome.same else "NOT met"),
            Line("seconds a kill", f"{seconds / kills:.1f} s"),
        ]
    )  # fmt: skip


def _book(path: Path) -> Dataset:
    lines = (f"line {n} of a small book about {n % 7} cats and {n % 11} dogs" for n in range(300))
    path.write_text("\n".join(lines), encoding="utf-8")
    return list(engine.read(str(path)))[-1].result  # type: ignore[attr-defined]


def _epochs(recipe: Recipe, dataset: Dataset, seconds: float) -> int:
    """Return how many epochs take about `seconds` here and now."""
    recipe = replace(recipe, epochs=2)
    steps = [event for event in engine.train(recipe, dataset, create_run(recipe, dataset)) if isinstance(event, Step)]
    half = len(steps) // 2  # the second epoch: the first step sets things up
    return max(2, math.ceil(seconds / (steps[-1].seconds - steps[half - 1].seconds)))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
