"""Where columns are missing the sentence says which flags name them, and which columns the file has."""

from pathlib import Path

import pytest

from slm_studio.core.tasks import TaskInfo, all_tasks
from tests.cli.commands import Run, messages, write_rows


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


def test_a_base_that_implies_a_task_is_named_with_what_it_learns_from(run: Run, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.csv", messages())

    error = run("train", rows, "--base", "blank:t5-nano").error
    asked = run("train", rows, "--base", "blank:t5-nano", "--task", "rewrite").error

    assert error["message"] == "“blank:t5-nano” belongs to the task “rewrite”, and no column is chosen for “Target”."
    assert "what each of them shall become" in error["hint"] and "--rewritten COLUMN" in error["hint"]
    assert asked["message"] == "No column is chosen for “Target”."


def test_lines_with_more_or_fewer_fields_are_named_and_stop_nothing(run: Run, tmp_path: Path) -> None:
    pairs = [f"Here is number {n}.\t这是第{n}个。" for n in range(60)]
    path = tmp_path / "pairs.tsv"
    path.write_text(
        "\n".join([*pairs[:40], "Come here.\t过来。\tmore", "Alone.", *pairs[40:]]) + "\n", encoding="utf-8"
    )
    plan = ("--base", "blank:lstm-nano", "--epochs", "1", "--place", "thread")

    told = run("train", path, *plan, "--task", "rewrite")

    notes = {line["code"]: line["message"] for line in told.lines if line.get("event") == "note"}
    assert told.result["task"] == "rewrite"
    assert notes["rows-wide"].startswith("1 row has more cells") and notes["rows-wide"].endswith("(row 41)")
    assert notes["rows-short"].endswith("(row 42)")
