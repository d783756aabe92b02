"""A small book to learn from, and a run on it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.events import Event, Finished, Step
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.run import create_run

LINES = ["the cat sat on the mat", "a dog ran in the sun", "", "we saw the red hen", "it was not here, and not there"]
SETTINGS = {
    "epochs": 2,
    "batch": 4,
    "max_length": 32,
    "precision": "fp32",
    "eval_every": 7,
    "patience": 0,
    "checkpoint_seconds": 86400.0,
    "dropout": 0.2,  # what a resumed run must draw as the undisturbed one did
}


def result(events: Iterator[Event]) -> object:
    """Run a verb to its end."""
    last = list(events)[-1]
    assert isinstance(last, Finished)
    return last.result


def losses(events: list[Event]) -> list[float]:
    """Return the loss of every step."""
    return [event.loss for event in events if isinstance(event, Step)]


def read_book(folder: Path) -> Dataset:
    path = folder / "book.txt"
    path.write_text("\n".join(f"{LINES[n % 5]} {n}" for n in range(60)), encoding="utf-8")
    dataset = result(engine.read(str(path)))
    assert isinstance(dataset, Dataset)
    return dataset


def smallest_writer() -> Recipe:
    return make_recipe("write", base="blank:llama-nano", roles={"text": "text"}, settings=SETTINGS)


@pytest.fixture
def book(tmp_path: Path) -> Dataset:
    """A text file of 60 lines."""
    return read_book(tmp_path)


@pytest.fixture
def recipe() -> Recipe:
    """The smallest writer; its checkpoints are the first and the last."""
    return smallest_writer()


@pytest.fixture
def often(recipe: Recipe) -> Recipe:
    """One whose every step is followed by a checkpoint."""
    return replace(recipe, checkpoint_seconds=0.0)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    """The run of the smallest writer that nothing disturbed."""
    dataset, recipe = read_book(tmp_path_factory.mktemp("whole")), smallest_writer()
    return list(engine.train(recipe, dataset, create_run(recipe, dataset)))
