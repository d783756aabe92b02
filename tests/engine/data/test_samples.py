"""The samples of classification and of writing in a style: suggested as they are meant, balanced, no row twice."""

from collections import Counter
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core import paths
from slm_studio.core.dataset import Dataset
from slm_studio.core.label_sets import labels_in
from slm_studio.core.recipe import make_recipe
from slm_studio.core.results import Suggestion
from slm_studio.core.tasks import all_tasks, task_info
from slm_studio.engine.data.rows import open_rows
from tests.engine.training.conftest import result

FILES = [Path(each.path) for each in task_info("classify").files if "messages" not in each.path]


@pytest.mark.parametrize("file", sorted({each.path for task in all_tasks() for each in task.files}))
def test_it_is_said_where_a_sample_comes_from(file: str) -> None:
    told = (paths.resources() / "samples" / file).parent / "SOURCE.txt"

    assert Path(file).name in told.read_text(encoding="utf-8")


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_sample_is_what_it_says(file: Path) -> None:
    rows = result(engine.read(str(paths.resources() / "samples" / file)))
    assert isinstance(rows, Dataset)
    guess = result(engine.suggest(rows))
    assert isinstance(guess, Suggestion)
    held = open_rows(rows, make_recipe(guess.task, roles=guess.roles))
    labels = held.column("label")
    joined = next(column.joins for column in rows.columns if column.name == guess.roles["label"])
    counts = Counter(label for cell in labels for label in (labels_in(cell, joined) if joined else [cell]))

    assert guess.task == "classify"
    assert set(guess.roles) == ({"text", "text2", "label"} if "senses" in file.name else {"text", "label"})
    assert bool(joined) == ("guests" in file.name)
    assert 150 <= rows.rows <= 230 and min(counts.values()) > 0.5 * max(counts.values())
    asked = [*zip(*(held.column(role) for role in guess.roles if role != "label"), strict=True)]
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize(
    ("language", "roles"), [("en", {"text": "text", "style": "style"}), ("zh", {"text": "文本", "style": "风格"})]
)
def test_the_sample_of_styles_has_four_of_equal_length(language: str, roles: dict[str, str]) -> None:
    rows = result(engine.read(str(paths.resources() / "samples" / language / "voices.csv")))

    guess = result(engine.suggest(rows, "write"))

    assert (guess.task, guess.roles) == ("write", roles)
    held = open_rows(rows, make_recipe("write", roles=roles))
    assert [*Counter(held.column("style")).values()] == [110] * 4
    assert len(set(held.column("text"))) == rows.rows
