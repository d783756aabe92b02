"""The view of candidates: typed a line each, answered in a new order, with what moved and what is other."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from slm_studio.core.report import Case
from slm_studio.core.results import Metric, Ranked, Report
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import use_language
from slm_studio.ui.tasks.rank import RankView, Weighed, pick_examples
from slm_studio.ui.widgets.cells import MARKS

NUMBERS = {"count": 2, "seconds": 0.01}
WRONG, RIGHT = "we leave at ate", "we leave at eight"


def model(*asks: str) -> SavedModel:
    return SavedModel(
        folder="/".join(("", *asks)), name="v", task="rank", base="", facts={"asks": ["candidates", *asks]}
    )


def case(row: int, predicted: str = RIGHT, before: str = WRONG, right: bool = True) -> Case:
    cells = {"reference": RIGHT, "predicted": predicted, "before": before, "right": right, "candidates": [WRONG, RIGHT], "scores": [-1.0, -2.5]}  # fmt: skip
    return Case(row=row, cells=cells)


@pytest.fixture
def view(qapp):
    made = RankView()
    made.resize(1000, 700)
    made.show()
    made.set_model(model("scores"), [case(0)])
    yield made
    made.deleteLater()


@pytest.fixture
def heard(view) -> list:
    found = []
    view.asked.connect(lambda prompt, options: found.append(prompt))
    return found


def answer(view, *items: object) -> None:
    view.begin()
    for item in items:
        view.take(item)
    view.finish(NUMBERS)


def shown(view) -> list[list[str]]:
    model_, columns = view.order_model, range(view.order_model.columnCount())
    return [[str(model_.index(row, at).data()) for at in columns] for row in range(model_.rowCount())]


def test_lines_are_asked_with_their_scores_and_come_back_in_order(view, heard):
    view.fill(f"{WRONG}\t-1\n{RIGHT}\t-2.5")
    assert heard[-1] == {"candidates": (WRONG, RIGHT), "scores": (-1.0, -2.5)}

    answer(view, Ranked(RIGHT, 0.9, 2, -2.5, -10.0), Ranked(WRONG, 0.1, 1, -1.0, -17.25))

    assert shown(view) == [
        ["1", "2  ↑1", RIGHT, "0.90", "-2.5", "-10.00"],
        ["2", "1  ↓1", WRONG, "0.10", "-1", "-17.25"],
    ]
    tip = str(view.order_model.index(0, 2).data(Qt.ItemDataRole.ToolTipRole))
    assert tip.endswith("own score -2.5 · model says -10.00")  # where the columns lack room, they are told here alone
    pieces, _ = view.order_model.index(1, 2).data(MARKS)
    assert ("ate", "added") in pieces and ("eight", "removed") in pieces
    assert view.text() == f"{WRONG}\n{RIGHT}"


def test_a_model_that_knows_no_scores_and_no_context_is_asked_for_neither(view, heard):
    view.set_model(model(), [])
    view.context.setText("before")
    view.fill(f"{WRONG}\t-1\n{RIGHT}\t-2")

    assert heard[-1] == {"candidates": (WRONG, RIGHT)}
    assert not view.context.isVisible() and "left out" in view.told.text()
    answer(view, Ranked(RIGHT, 0.9, 2, None, -10.0))
    assert view.order_model.columnCount() == 5


def test_every_own_score_that_the_model_weighs_is_asked_and_shown_by_its_name(view, heard):
    known = model("scores", "scores2")
    known.facts["score_names"] = {"scores": "am_score", "scores2": "lm_score"}
    view.set_model(known, [Case(row=0, cells=case(0).cells | {"scores2": [-7.0, -9.0]})])
    assert "am_score, lm_score" in view.editor.placeholderText()

    view._open_example(0)
    answer(view, Ranked(RIGHT, 0.9, 2, -2.5, -10.0, {"lm_score": -9.0}), Ranked(WRONG, 0.1, 1, -1.0, -17.25))

    assert heard[-1] == {"candidates": (WRONG, RIGHT), "scores": (-1.0, -2.5), "scores2": (-7.0, -9.0)}
    headers = [view.order_model.headerData(at, Qt.Orientation.Horizontal) for at in range(7)]
    assert headers[4:] == ["am_score", "lm_score", "model says"]
    assert [line[4:] for line in shown(view)] == [["-2.5", "-9", "-10.00"], ["-1", "–", "-17.25"]]
    first, second, *_ = view.editor.document().defaultTextOption().tabArray()
    assert second - first < first  # numbers stand close together behind the longest candidate
    view.fill(f"{WRONG} {RIGHT}\t-1\t-7\t3\n{RIGHT}\t-2.5\t-9\t4")
    assert "did not learn" in view.told.text() and len(heard[-1]) == 3


def test_a_context_is_asked_where_the_model_learnt_with_one(view, heard):
    view.set_model(model("context"), [])
    view.context.setText("when?")
    view.fill(RIGHT)

    assert heard[-1] == {"candidates": (RIGHT,), "context": "when?"} and view.context.isVisible()


def test_a_list_it_was_scored_on_is_tried_by_a_click_and_its_right_text_told(view, heard):
    view._open_example(0)

    assert heard[-1] == {"candidates": (WRONG, RIGHT), "scores": (-1.0, -2.5)}
    answer(view, Ranked(RIGHT, 0.9, 2, -2.5, -1.0), Ranked(WRONG, 0.1, 1, -1.0, -2.0))
    assert view.right.isVisible() and RIGHT in view.right.text()
    view.editor.insertPlainText("x")
    answer(view, Ranked(RIGHT, 0.9, 1))
    assert not view._right


def test_an_answer_to_what_no_longer_stands_there_is_not_shown(view, heard):
    view.fill(WRONG)
    view.editor.setPlainText(RIGHT)

    answer(view, Ranked(WRONG, 1.0, 1))

    assert view.answers() == []


def test_what_was_typed_stands_there_again_after_a_restart(view, heard):
    view.set_model(model("context"), [])
    view.context.setText("when?")
    view.fill(RIGHT)
    state = view.state()

    view.fill("")
    view.restore(state)

    assert view.state() == state and heard[-1]["context"] == "when?"


def test_lists_that_were_mended_come_first_among_the_examples():
    same, spoiled, mended = case(0, WRONG, WRONG, False), case(1, WRONG, RIGHT, False), case(2)

    assert [each.row for each in pick_examples([same, spoiled, mended])] == [2, 1, 0]


def test_a_report_says_by_how_much_errors_fell_and_what_counts(qapp):
    use_language("en")
    card = Weighed()
    metrics = [
        Metric(key=key, value=value) for key, value in (("wer", 0.031), ("wer_before", 0.115), ("wer_oracle", 0.022))
    ]
    facts = {"gain": 0.084, "gain_low": 0.044, "gain_high": 0.124, "own": 0.5, "model": 1.25, "length": -2.0}
    report = Report(
        task="rank",
        model="m",
        dataset="d",
        split="test",
        rows=9,
        metrics=tuple(metrics),
        facts=facts,
        counted="WER: so",
    )

    card.set_report(report)

    assert "11.5 of every 100 were wrong, now 3.1" in card.gain.text() and "8.4" in card.gain.text()
    assert "0.5 · own score + 1.25 · what the model says + -2 · length" in card.weights.text()
    assert card.counted.text() == "WER: so"
    card.set_report(replace(report, facts=facts | {"own: am_score": 0.5, "own: lm_score": 0.25}))
    assert "score = 0.5 · am_score + 0.25 · lm_score + 1.25 · what" in card.weights.text()
    card.set_report(Report(task="rank", model="m", dataset="d", split="test", rows=9, metrics=()))
    assert card.isHidden()
