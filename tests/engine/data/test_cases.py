"""Files of kinds that people report as going wrong elsewhere (shared/cases/reading): each is read and understood as
expected.json says. An entry says nothing of what it leaves out; `a|b` allows either; `any` task is free."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.results import Suggestion
from tests.conftest import DATA
from tests.engine.data.ask import cells, read, remark, result

CASES = Path(os.environ.get("SLM_STUDIO_TEST_CASES", DATA.parent / "cases")) / "reading"
EXPECTED: dict[str, dict[str, Any]] = json.loads((CASES / "expected.json").read_text("utf-8")) if CASES.is_dir() else {}
IN_SEVERAL_COLUMNS = "(one-hot)"


def cases() -> list[Any]:
    """Return every file as a parameter."""
    if not EXPECTED:
        reason = f"the cases are not at {CASES} (set SLM_STUDIO_TEST_CASES)"
        return [pytest.param("", marks=pytest.mark.skip(reason=reason))]
    return list(EXPECTED)


@pytest.mark.parametrize("name", cases())
def test_file_is_read_and_understood_as_expected(name: str) -> None:
    case = EXPECTED[name]
    try:
        dataset = read(CASES / name)
    except StudioError as error:
        assert may_be_refused(case), f"{name} was refused: {error}"
        assert str(error) and error.advice
        return

    found = result(engine.suggest(dataset))

    problems = [*_wrong_rows(case, dataset), *_wrong_suggestion(case, dataset, found)]
    assert not problems, (name, problems, [column.name for column in dataset.columns])


def may_be_refused(case: dict[str, Any]) -> bool:
    """Say whether a clear sentence is as good as rows: the format is a later one's, or the note says so."""
    return bool(case.get("refuse_ok") or case.get("issue") or "or a sentence" in case.get("note", ""))


def _wrong_rows(case: dict[str, Any], dataset: Dataset) -> list[str]:
    wrong = []
    if case.get("rows") is not None and dataset.rows != case["rows"]:
        wrong.append(f"{dataset.rows} rows, not {case['rows']}")
    if "columns" in case and len(dataset.columns) != case["columns"]:
        wrong.append(f"{len(dataset.columns)} columns, not {case['columns']}")
    return wrong


def _wrong_suggestion(case: dict[str, Any], dataset: Dataset, found: Suggestion) -> list[str]:
    wanted = case.get("task", "any")
    if case.get("rowsonly"):
        return []
    if found.task == "chat" and "when a better task stands (chat" in case.get("note", ""):
        return [] if case["text"] in found.roles.values() else [f"{found.roles} without {case['text']}"]
    if wanted == "none":
        return (
            [] if (found.task, found.roles) == ("", {}) else [f"{found.task} {found.roles} where nothing can be learnt"]
        )
    wrong = [] if wanted in ("any", found.task) else [f"task {found.task!r}, not {wanted}"]
    wrong += [
        f"{role} {found.roles.get(role)!r}, not {case[role]}"
        for role in ("text", "label")
        if case.get(role) and not (wanted == "any" and role == "label") and not _fits(found.roles.get(role), case[role])
    ]
    if case.get("labels") and found.task == "classify" and wanted == "classify":
        wrong += [] if _labels(found) == case["labels"] else [f"{_labels(found)} labels, not {case['labels']}"]
    if ("multi" in case or "several labels a row" in case.get("note", "")) and not _says_several(dataset, found):
        wrong.append("nothing said of several labels a row")
    if "multi" in case and case["multi"] not in [(each.values or {}).get("separator") for each in found.remarks]:
        wrong.append(f"parted by something else than {case['multi']}")
    return wrong


def _fits(column: str | None, wanted: str) -> bool:
    """Say whether a column is one of the wanted ones; “…choices” means a dotted name that ends so."""
    if wanted == IN_SEVERAL_COLUMNS:
        return column is not None
    ends = [each[1:] for each in wanted.split("|") if each.startswith("…")]
    return column in wanted.split("|") or any(str(column).endswith(end) for end in ends)


def _labels(found: Suggestion) -> object:
    """Return how many labels there are: of several in a row, each counts once."""
    several = [each.values["labels"] for each in found.remarks if each.values and "labels" in each.values]
    return several[0] if several else found.labels


def _says_several(dataset: Dataset, found: Suggestion) -> bool:
    listed = any(each.code == "marks-listed" for each in dataset.report.remarks)
    return listed or any(each.code in ("several-labels", "several-columns") for each in found.remarks)


def test_lists_of_one_label_are_that_label(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"text": "a b", "label": ["x"]}\n{"text": "c d", "label": ["y \\"q\\""]}\n{"text": "e", "label": []}'
    )

    dataset = read(path)

    assert [row[1] for row in cells(dataset)] == ["x", 'y "q"', ""]
    assert remark(dataset, "single-lists-label") is not None


def test_lists_of_two_stay_lists(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a b", "label": ["x"]}\n{"text": "c d", "label": ["x", "y"]}')

    assert [row[1] for row in cells(read(path))] == ['["x"]', '["x", "y"]']
