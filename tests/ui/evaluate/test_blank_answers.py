"""Where a question has no answer, and where none is given, that stands there in words."""

import json
from pathlib import Path

from slm_studio.core.events import Sample
from slm_studio.core.results import Metric, Report
from slm_studio.ui.evaluate.cases_card import CasesCard
from slm_studio.ui.train.samples import SamplesCard
from slm_studio.ui.widgets.labels import Text
from tests.ui.places import until


def test_rows_without_an_answer_say_so(qapp, tmp_path: Path) -> None:
    rows = [("who?", "", "Ada"), ("when?", "1815", "")]
    lines = [
        json.dumps(
            {"row": at, "question": one, "passage": "p", "answer": true, "predicted": said, "f1": 0.0, "right": False}
        )
        for at, (one, true, said) in enumerate(rows)
    ]
    (tmp_path / "cases.jsonl").write_text("\n".join(lines), encoding="utf-8")
    report = Report(
        task="answer", model="m", dataset="d", split="test", rows=2, folder=str(tmp_path),
        metrics=(Metric(key="f1", value=0.0), Metric(key="exact_match", value=0.0)),
    )  # fmt: skip
    card = CasesCard()
    card.show()

    card.set_report(report)
    until(lambda: card.model.rowCount() == 2)

    assert [[str(cell) for cell in row.cells] for row in card.model.rows()] == [
        ["who?", "(no answer)", "Ada", "0.00"],
        ["when?", "1815", "(no answer)", "0.00"],
    ]
    card.hide()
    card.deleteLater()


def test_samples_say_it_while_it_learns(qapp) -> None:
    card = SamplesCard()

    card.show_samples([Sample(3, ("question", "true", "predicted"), (("who?", "", "Ada"), ("when?", "1815", "")))])

    assert [list(row.cells) for row in card.model.rows()] == [
        ["who?", "(no answer)", "Ada"],
        ["when?", "1815", "(no answer)"],
    ]
    card.deleteLater()


def test_samples_of_a_rewriter_stand_under_their_names(qapp) -> None:
    card = SamplesCard()

    card.show_samples([Sample(3, ("text", "rewritten", "predicted"), (("one cat", "一只猫", ""),))])

    shown = [label.text() for label in card._prose.findChildren(Text)]
    assert shown == ["source", "one cat", "in the file", "一只猫", "model says", "…"]
    card.deleteLater()


def test_what_goes_on_with_a_text_follows_it(qapp) -> None:
    card = SamplesCard()

    card.show_samples([Sample(3, ("prompt", "text"), (("Once upon", "a time"),))])

    assert [label.text() for label in card._prose.findChildren(Text)] == ["Once upon …", "a time"]
    card.deleteLater()
