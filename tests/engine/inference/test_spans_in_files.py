"""A whole file of texts → spans: a list in JSON lines, a text with its marks in CSV."""

import csv
import json
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.run import create_run
from tests.test_task_contract import recipe_for, result, rows_of


@pytest.fixture(scope="module")
def handle(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("tag")
    recipe = recipe_for("tag", "lstm")
    rows = rows_of("tag", folder)
    return result(engine.open(result(engine.train(recipe, rows, create_run(recipe, rows))).folder, "cpu")).handle


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.csv"
    path.write_text("id,text\n1,Ada lives in Rome\n2,\n3,nobody is here\n", encoding="utf-8")
    return path


def test_json_lines_keep_spans_as_a_list(handle: str, texts: Path) -> None:
    out = texts.with_name("out.jsonl")

    result(engine.predict_file(handle, str(texts), str(out), {"column": "text"}))

    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert list(rows[0]) == ["id", "text", "prediction", "score"]
    assert isinstance(rows[0]["prediction"], list) and rows[1]["prediction"] is None
    assert all("Ada lives in Rome"[each["start"] : each["end"]] for each in rows[0]["prediction"])


def test_a_table_has_the_text_with_its_marks_besides(handle: str, texts: Path) -> None:
    out = texts.with_name("out.csv")

    result(engine.predict_file(handle, str(texts), str(out), {"column": "text"}))

    rows = list(csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines()))
    spans = json.loads(rows[0]["prediction"])
    plain = rows[0]["marked"]
    for span in spans:
        plain = plain.replace(f"]({span['label']})", "").replace("[", "")
    assert list(rows[0]) == ["id", "text", "prediction", "score", "marked"]
    assert plain == "Ada lives in Rome" and rows[1]["marked"] == "" == rows[1]["prediction"]
