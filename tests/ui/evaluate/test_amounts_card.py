"""The report of numbers: points over a diagonal, the farthest first, no matrix."""

import json
from pathlib import Path

import pytest

from slm_studio.core import codec, files
from slm_studio.core.results import Metric, Report
from slm_studio.ui.evaluate.amounts_card import AmountsCard
from slm_studio.ui.evaluate.cases_card import CasesCard
from slm_studio.ui.evaluate.figures import figures
from tests.ui.places import classify_report, until

ROWS = (("a", "1,5", "2,9", 1.4, 1.5, 2.9), ("b", "4", "3,8", -0.2, 4.0, 3.8), ("c", "2", "2,1", 0.1, 2.0, 2.1))


@pytest.fixture
def shown(qapp):
    """Return a function that shows a card, which is gone with the test."""
    made = []

    def show(kind: type):
        made.append(kind())
        made[-1].show()
        return made[-1]

    yield show
    for card in made:
        card.hide()
        card.deleteLater()


def number_report(folder: Path) -> Report:
    folder.mkdir(parents=True, exist_ok=True)
    keys = ("text", "label", "predicted", "error", "true", "value")
    lines = [json.dumps({"row": row} | dict(zip(keys, cells, strict=True))) for row, cells in enumerate(ROWS)]
    (folder / "cases.jsonl").write_text("\n".join(lines), encoding="utf-8")
    report = Report(
        task="classify", model="m", dataset="d.csv", split="test", rows=3, target="number", folder=str(folder),
        metrics=tuple(Metric(key=key, value=value, low=value / 2, high=value * 2) for key, value in (("mse", 0.67), ("mae", 0.57), ("spearman", 0.5))),
        facts={"range": 1.1, "in_range": 2 / 3},
    )  # fmt: skip
    files.write_json(folder / "report.json", codec.to_json(report))
    return report


def test_true_and_answered_numbers_are_drawn(shown, tmp_path: Path) -> None:
    card = shown(AmountsCard)

    card.set_report(number_report(tmp_path / "numbers"))

    assert card.scatter.points() == ((1.5, 2.9), (4.0, 3.8), (2.0, 2.1))
    assert card.scatter.copied().splitlines()[1:] == ["1.5\t2.9", "4.0\t3.8", "2.0\t2.1"]
    card.scatter.grab()
    card.set_report(classify_report(tmp_path / "labels"))
    assert card.isHidden()


def test_the_figures_are_those_of_numbers(tmp_path: Path) -> None:
    found = figures(number_report(tmp_path))

    assert [figure.name() for figure in found] == [
        "mean error",
        "rank correlation",
        "mean squared error",
        "in their range",
    ]
    assert found[-1].value == "67 %"


def test_rows_stand_as_far_off_as_they_are(shown, tmp_path: Path) -> None:
    card = shown(CasesCard)

    card.set_report(number_report(tmp_path))
    until(lambda: card.model.rowCount() == 3)

    assert card.title.text() == "Farthest off first"
    assert card.kind.isHidden()
    assert [str(cell) for cell in card.model.rows()[0].cells] == ["a", "1,5", "2,9", "1.40"]


def test_rows_with_sets_are_filtered_by_each_of_their_labels(shown, tmp_path: Path) -> None:
    sets = ((["a", "b"], ["a"], False), ([], ["b"], False), (["b"], ["b"], True))
    lines = [
        json.dumps({"row": row, "text": f"t{row}", "label": true, "predicted": said, "loss": 0.1, "right": right})
        for row, (true, said, right) in enumerate(sets)
    ]
    (tmp_path / "cases.jsonl").write_text("\n".join(lines), encoding="utf-8")
    report = Report(
        task="classify", model="m", dataset="d.csv", split="test", rows=3, target="many", folder=str(tmp_path),
        metrics=(Metric(key="f1_micro", value=0.6), Metric(key="exact_match", value=1 / 3)), labels=("a", "b"),
    )  # fmt: skip
    card = shown(CasesCard)
    card.set_report(report)

    card.show_label("b")
    until(lambda: card.model.rowCount() == 2)

    assert [str(row.cells[1]) for row in card.model.rows()] == ["a, b", "b"]
    card.show_label("")
    until(lambda: card.model.rowCount() == 3)
    assert str(card.model.rows()[1].cells[1]) == "(none)"
