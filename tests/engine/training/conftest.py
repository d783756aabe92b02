"""A small book to learn from, and a run on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.events import Event, Finished, Step
from slm_studio.core.recipe import Recipe, make_recipe

LINES = ["the cat sat on the mat", "a dog ran in the sun", "", "we saw the red hen", "it was not here, and not there"]
SETTINGS = {
    "epochs": 2,
    "batch": 4,
    "max_length": 32,
    "precision": "fp32",
    "eval_every": 7,
    "patience": 0,
    "checkpoint_seconds": 0.0,
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


@pytest.fixture
def book(tmp_path: Path) -> Dataset:
    """A text file of 60 lines."""
    path = tmp_path / "book.txt"
    path.write_text("\n".join(f"{LINES[n % 5]} {n}" for n in range(60)), encoding="utf-8")
    dataset = result(engine.read(str(path)))
    assert isinstance(dataset, Dataset)
    return dataset


@pytest.fixture
def recipe() -> Recipe:
    """The smallest writer."""
    return make_recipe("write", base="blank:llama-nano", roles={"text": "text"}, settings=SETTINGS)
