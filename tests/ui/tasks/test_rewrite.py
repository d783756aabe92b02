"""Rewrite in the playground: side by side, changes marked, other answers, both directions; and how scores were counted."""

import pytest
from PySide6.QtWidgets import QApplication

from slm_studio.core.changes import Piece
from slm_studio.core.events import Note, Progress
from slm_studio.core.report import Case
from slm_studio.core.results import Metric, Report, Token, Variant
from slm_studio.core.saved import SavedModel
from slm_studio.core.sides import SAID_OF_TURNED, TURNED
from slm_studio.ui.tasks.rewrite import Counted, RewriteView
from slm_studio.ui.widgets.changed_text import ChangedText

CASES = [
    Case(row=at, cells={"text": f"text {at}", "rewritten": "r", "predicted": "p", "likeness": 0.1 * at})
    for at in range(9)
]


def model(**facts: object) -> SavedModel:
    return SavedModel(
        folder="/m",
        name="m",
        task="rewrite",
        base="",
        facts={"target": "correction", "sides": ["wrong", "right"]} | facts,
    )


@pytest.fixture
def view(qapp: QApplication) -> RewriteView:
    made = RewriteView()
    made.show()
    made.set_model(model(), CASES)
    yield made
    made.deleteLater()


def answer(view: RewriteView, *items: object) -> None:
    view.begin()
    for item in items:
        view.take(item)
    view.finish({"count": len(items), "seconds": 0.25})


def test_what_changed_is_marked_and_copied_without_what_went(view: RewriteView) -> None:
    view.fill("I has it")
    answer(view, Token("I have", 0.9, 1), Token(" it", 0.9, 2))

    assert view.target.toPlainText() == "I hashave it" and view.target.text() == "I have it"
    view.copy_button.click()
    assert QApplication.clipboard().text() == "I have it"
    view.marks.click()
    assert view.target.toPlainText() == "I have it"
    assert view.numbers.text() == "250 ms"


def test_a_translation_is_not_compared_with_its_source(view: RewriteView) -> None:
    view.set_model(model(target="translation"), CASES)
    view.fill("one cat")
    answer(view, Token("一只猫", 0.9, 1))

    assert view.target.toPlainText() == "一只猫" and view.marks.isHidden()


def test_of_a_summary_only_words_that_the_source_lacks_are_marked(view: RewriteView) -> None:
    view.set_model(model(target="summary"), CASES)
    view.fill("On Monday the pool is closed")
    answer(view, Token("The pool shut on Monday", 0.9, 1))

    assert view.target.toPlainText() == "The pool shut on Monday"
    assert "shut" in view.target.accessibleDescription() and "pool" not in view.target.accessibleDescription()


def test_pieces_appear_as_they_come(view: RewriteView, qapp: QApplication) -> None:
    view.fill("I has it")
    view.begin()
    view.take(Token("I ha", 0.9, 1))
    qapp.processEvents()

    assert view.target.toPlainText() == "I ha" and view.button.state == "busy"
    view.fail()
    assert view.button.state == "ready"


def test_other_answers_stand_below_and_a_click_shows_one(view: RewriteView) -> None:
    view.fill("I has it")
    answer(view, Progress("Writing answers", 3, 10), Token("I have it", 0.9, 1), Variant("I had it", 0.4))

    assert view.others() == ["I had it"] and not view.others_card.isHidden()
    view._open_other(0)
    assert view.target.text() == "I had it"
    answer(view, Token("I have it", 0.9, 1))
    assert view.others_card.isHidden()


def test_it_says_which_learnt_pair_an_answer_is_of(view: RewriteView) -> None:
    view.set_model(model(target="translation"), CASES)
    view.fill("one cat")
    view.begin()
    view.take(Token("一只猫", 0.9, 1))
    view.finish({"seconds": 0.2, "known_pair": {"source": "one cat!", "target": "一只猫", "likeness": 0.9}})

    assert view.pair.isVisible() and "one cat!" in view.pair.text()
    answer(view, Token("两只猫", 0.9, 1))
    assert view.pair.isHidden()


def test_it_turns_round_where_both_directions_were_learnt(view: RewriteView) -> None:
    heard: list[tuple] = []
    view.asked.connect(lambda prompt, options: heard.append((prompt, options["back"])))
    assert view.swap_button.isHidden()
    view.set_model(model(target="translation", both_ways=True, sides=["en", "zh"]), CASES)
    view.fill("one cat")
    answer(view, Token("一只猫", 0.9, 1))

    view.swap_button.click()

    assert heard == [({"text": "one cat"}, False), ({"text": "一只猫"}, True)]
    assert (view.source_card.title.text(), view.target_card.title.text()) == ("zh", "en")
    state = view.state()
    view.fill("other")
    view.restore(state)
    assert view.text() == "一只猫"


def test_columns_without_names_give_the_sides_none(view: RewriteView) -> None:
    view.set_model(model(sides=["column_1", "column_2"]), CASES)

    assert (view.source_card.title.text(), view.target_card.title.text()) == ("Source", "Target")


def test_rows_of_the_report_are_tried_by_a_click(view: RewriteView) -> None:
    heard: list[object] = []
    view.asked.connect(lambda prompt, options: heard.append(prompt))

    view._open_example(0)

    assert heard == [{"text": "text 0"}] and view.examples_model.rowCount() == 6


def test_an_empty_text_is_not_asked(view: RewriteView) -> None:
    heard: list[object] = []
    view.asked.connect(lambda prompt, options: heard.append(prompt))

    view.fill("  ")

    assert not heard and view.button.state == "ready"


def test_changes_are_read_aloud(qapp: QApplication) -> None:
    text = ChangedText("", name="Target")
    text.set_pieces([Piece("I ", "same"), Piece("has", "removed"), Piece("have", "added")])

    assert text.accessibleDescription() == "gone: has, new: have"


def test_a_report_says_how_it_was_counted_and_how_each_direction_fared(qapp: QApplication) -> None:
    card = Counted()
    metrics = (Metric(key="chrf_there", value=0.25), Metric(key="chrf_back", value=0.5))
    common = {"task": "rewrite", "model": "m", "dataset": "d", "split": "test", "rows": 3}

    card.set_report(Report(**common, metrics=metrics, counted="chrF: nrefs:1"))
    assert (
        card.counted.text() == "chrF: nrefs:1"
        and "0.250" in card.directions.text()
        and "0.500" in card.directions.text()
    )
    card.set_report(Report(**common, metrics=()))
    assert card.isHidden()


def test_a_text_of_the_other_side_is_offered_the_other_direction(view: RewriteView) -> None:
    view.set_model(model(target="translation", both_ways=True, sides=["en", "zh"]), ())
    asked: list[tuple[object, dict[str, object]]] = []
    view.asked.connect(lambda prompt, options: asked.append((prompt, options)))
    view.fill("两只狗")
    view.begin()
    view.note(Note(TURNED, SAID_OF_TURNED["zh", False], {"language": "zh"}))
    assert view.turned.text() == "This looks like Chinese." and view.turned_row.isVisible()
    view.finish({"seconds": 0.1})

    view.turn_button.click()

    assert asked[-1][0] == {"text": "两只狗"} and asked[-1][1]["back"] is True
    assert view.chosen() == {"back": True}
    assert view.source_card.title.text() == "zh" and not view.turned_row.isVisible()
