"""What a model wrote is held against the texts that its rows teach it to write, whatever else its rows ask."""

from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.errors import StudioError
from slm_studio.core.run import create_run
from tests.test_task_contract import first_family, recipe_for, result, rows_of

ANSWER = "The harbour opens at six and closes when the last boat is in."


@pytest.fixture
def file(tmp_path: Path) -> Path:
    lines = [f'"How is it {n}?","{ANSWER} {n}"' for n in range(10)]
    (tmp_path / "rows.csv").write_text("question,answer\n" + "\n".join(lines), encoding="utf-8")
    return tmp_path / "rows.csv"


@pytest.mark.parametrize(
    ("task", "roles"),
    [("chat", {"question": "question", "answer": "answer"}), ("rewrite", {"text": "question", "rewritten": "answer"})],
)
def test_an_answer_that_was_taught_is_found(task: str, roles: dict[str, str], file: Path) -> None:
    rows = result(engine.read(str(file)))
    recipe = recipe_for(task, first_family(task), epochs=1)
    recipe.roles.clear()
    recipe.roles.update(roles)
    model = result(engine.train(recipe, rows, create_run(recipe, rows)))
    opened = result(engine.open(model.folder, "cpu"))

    told = result(engine.trace(opened.handle, ("Well.", f"So: {ANSWER}")))

    assert (told.part, told.text, told.why) == (1, ANSWER, "")


def test_what_is_no_text_is_not_compared(tmp_path: Path) -> None:
    recipe, rows = recipe_for("classify", "bag", epochs=1), rows_of("classify", tmp_path)
    model = result(engine.train(recipe, rows, create_run(recipe, rows)))
    opened = result(engine.open(model.folder, "cpu"))

    with pytest.raises(StudioError) as caught:
        list(engine.trace(opened.handle, (ANSWER,)))

    assert caught.value.code == "nothing-traced"
