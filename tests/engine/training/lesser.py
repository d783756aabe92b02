"""Train a nano of each named family here, and print in which number format: `python -m tests.engine.training.lesser classify:lstm …`.

All texts have the same number of words, so that all rows of a batch have one length: what oneDNN's LSTM refuses in bf16
where the processor has none.
"""

import sys
import tempfile
from pathlib import Path

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.events import Finished, Started
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import create_run
from slm_studio.engine.writing import room
from tests.tasks import fodder

WORDS = ("red", "green", "apple", "pear", "grass", "rose", "tea", "leaf")


PLAIN = {"classify": {"text": "text", "label": "label"}, "write": {"text": "text"}}  # tasks that learn from these texts


def main(families: list[str]) -> None:
    """Train them; what is written meanwhile is short."""
    room.SAMPLED_TEXT = room.SAMPLED_ANSWER = room.COMPARED = room.LONGEST = 16
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        rows = [f"{WORDS[n % 8]} {WORDS[n // 8 % 8]} {WORDS[n * 3 % 8]},{WORDS[n % 2]}" for n in range(64)]
        path.write_text("text,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
        dataset = list(engine.read(str(path)))[-1].result  # type: ignore[union-attr]
        for word in families:
            task, _, family = word.partition(":")
            own = dataset if task in PLAIN else _own(task, Path(folder))
            print(word, train(task, family, own), flush=True)


def _own(task: str, folder: Path) -> Dataset:
    """Return the rows that the contract tests feed a task."""
    result = list(engine.read(str(fodder(task).write(folder))))[-1].result  # type: ignore[union-attr]
    assert isinstance(result, Dataset)
    return result


def train(task: str, family: str, dataset: Dataset) -> str:
    """Train to the end and return the number format."""
    roles, more = (PLAIN[task], {}) if task in PLAIN else (fodder(task).roles, fodder(task).settings)
    settings = {"epochs": 1, "batch": 8, "max_length": 16, "patience": 0} | more
    recipe = make_recipe(task, base=f"blank:{family}-nano", roles=roles, settings=settings)
    events = list(engine.train(recipe, dataset, create_run(recipe, dataset)))
    assert isinstance(events[-1], Finished)
    return next(event.machine.precision for event in events if isinstance(event, Started))


if __name__ == "__main__":
    main(sys.argv[1:])
