"""What runs and models are called unless somebody names them: no two the same."""

from dataclasses import replace
from pathlib import Path

import pytest

from slm_studio.core import files, paths
from slm_studio.core.dataset import Column, Dataset, ReadReport
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import create_run
from slm_studio.core.saved import SavedModel, save_facts


@pytest.fixture
def tickets(tmp_path: Path) -> Dataset:
    columns = tuple(Column(name=name, kind="label", filled=4, distinct=2) for name in ("text", "Team", "label"))
    return Dataset(
        id="d", name="tickets.csv", source=str(tmp_path / "tickets.csv"), folder=str(tmp_path), columns=columns, rows=4,
        held_out={}, fingerprint="f", created="", report=ReadReport(format="csv"),
    )  # fmt: skip


def plan(label: str = "Team", **settings: object):
    roles = {"text": "text"} | ({"label": label} if label else {})
    task, base = ("classify", "blank:bag-nano") if label else ("write", "blank:llama-nano")
    return replace(make_recipe(task, base=base, roles=roles), **settings)


def test_runs_are_named_after_what_they_learn_and_then_numbered(tickets: Dataset) -> None:
    names = [create_run(plan(), tickets).name for _ in range(3)]

    assert names == ["tickets → Team", "tickets → Team 2", "tickets → Team 3"]
    assert create_run(plan("label"), tickets).name == "tickets"  # the column's name says nothing
    assert create_run(plan(""), tickets).name == "tickets 2"
    assert create_run(plan(name="mine"), tickets).name == "mine"
    assert create_run(plan(name="mine"), tickets).name == "mine 2"


def test_a_run_is_not_called_as_a_model_that_stands(tickets: Dataset) -> None:
    folder = paths.models() / "old"
    folder.mkdir(parents=True)
    save_facts(SavedModel(folder=str(folder), name="tickets → Team", task="classify", base=""))

    assert create_run(plan(), tickets).name == "tickets → Team 2"


def test_a_free_title_counts_from_two() -> None:
    assert files.free_title("a", ()) == "a"
    assert files.free_title("a", {"a", "a 2"}) == "a 3"
