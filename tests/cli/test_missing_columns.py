"""Where columns are missing the sentence says which flags name them, and which columns the file has."""

from pathlib import Path

import pytest

from slm_studio.core.tasks import TaskInfo, all_tasks
from tests.cli.commands import Run, write_rows


@pytest.fixture
def lonely(tmp_path: Path) -> Path:
    """Return a file in which nothing but numbers stands: no task finds a column in it."""
    return write_rows(tmp_path / "lonely.csv", [(f"{n}.5", f"{n}") for n in range(9)], header=("weight", "height"))


@pytest.mark.parametrize("verb", ["train", "check"])
@pytest.mark.parametrize("info", all_tasks(), ids=lambda info: info.key)
def test_every_task_names_the_flags_of_its_roles(run: Run, lonely: Path, info: TaskInfo, verb: str) -> None:
    error = run(verb, lonely, "--task", info.key).error

    assert error["code"] == "role-missing"
    for way in info.lacking(()):
        assert " ".join(f"--{role.name} COLUMN" for role in way) in error["hint"]
        assert " and ".join(f"“{role.title}”" for role in way) in error["message"]
    assert "The columns of “lonely.csv” are: weight, height." in error["hint"]


def test_a_way_that_was_begun_is_gone_on_with(run: Run, lonely: Path) -> None:
    error = run("train", lonely, "--task", "chat", "--question", "weight").error

    assert error["message"] == "No column is chosen for “Answer”."
    assert error["hint"].startswith("Add --answer COLUMN. ")


def test_a_column_that_evaluation_lacks_is_named_in_every_way(run: Run, sorter: Path, lonely: Path) -> None:
    error = run("evaluate", sorter, lonely).error

    assert error["message"].startswith("No columns of “lonely.csv” look like “Text”, “Label”")
    assert "--text COLUMN --label COLUMN." in error["hint"] and "weight, height" in error["hint"]
