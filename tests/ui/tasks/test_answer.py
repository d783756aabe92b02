"""Answer in the playground: the light stands on the answer, moves to others, and goes out where nothing answers."""

import pytest
from PySide6.QtWidgets import QApplication

from slm_studio.core.report import Case
from slm_studio.core.results import Quote
from slm_studio.core.saved import SavedModel
from slm_studio.ui.tasks.answer import AnswerView, pick_examples
from slm_studio.ui.widgets.buttons import ElidedButton

PASSAGE = "🙂 Ada was born in London in 1815."
LONDON = Quote("London", 0.7, 18, 24, chosen=True)
YEAR, NOTHING = Quote("1815", 0.1, 28, 32), Quote("", 0.2)


def model(folder: str = "/m", **facts: object) -> SavedModel:
    return SavedModel(folder=folder, name="m", task="answer", base="", facts={"has_none": True, **facts})


def case(row: int, answer: str, *, right: bool) -> Case:
    cells = {"question": f"q{row}", "passage": PASSAGE, "answer": answer, "predicted": answer, "right": right}
    return Case(row=row, cells=cells)


@pytest.fixture
def view(qapp: QApplication) -> AnswerView:
    made = AnswerView()
    made.set_model(model(), [case(0, "London", right=True), case(1, "", right=True), case(2, "x", right=False)])
    made.show()
    yield made
    made.deleteLater()


def answer(view: AnswerView, *quotes: Quote) -> None:
    view.fill_both("Where was Ada born?", PASSAGE)
    view.begin()
    for quote in quotes:
        view.take(quote)
    view.finish({"seconds": 0.003})


def test_the_answer_is_lit_where_it_stands_behind_an_emoji_too(view: AnswerView) -> None:
    answer(view, LONDON, YEAR, NOTHING)

    assert view.passage.marks() == [("London", "answer")]
    assert view.said.text() == "London" and "20 %" in view.told.text() and "50 %" in view.told.text()
    assert [view.found_model.index(row, 0).data() for row in range(3)] == ["London", "1815", "(no answer)"]
    assert view.hint.text() == "answers as you type · 3 ms"


def test_a_click_moves_the_light_and_no_answer_puts_it_out(view: AnswerView) -> None:
    answer(view, LONDON, YEAR, NOTHING)

    view.found.row_opened.emit(1)
    assert view.passage.marks() == [("1815", "answer")]
    view.found.row_opened.emit(2)
    assert view.passage.marks() == []


def test_where_nothing_answers_it_says_so_and_lights_nothing(view: AnswerView) -> None:
    answer(view, Quote("", 0.9, chosen=True), Quote("London", 0.05, 18, 24))

    assert view.said.text() == "Not in this passage." and view.passage.marks() == []
    assert not view.copy_button.isEnabled()
    view.found.row_opened.emit(1)
    assert view.passage.marks() == [("London", "answer")]


def test_a_model_that_always_answers_says_so(view: AnswerView) -> None:
    view.set_model(model("/other", has_none=False), [])

    answer(view, LONDON, NOTHING)

    assert "always names one" in view.told.text()


def test_questions_of_the_report_bring_their_passages(view: AnswerView) -> None:
    button = view.offered.findChild(ElidedButton)

    button.click()

    assert (view.text(), view.second()) == (button.copied(), PASSAGE)
    chosen = pick_examples([case(at, "a", right=True) for at in range(9)] + [case(9, "", right=True)], 4)
    assert len(chosen) == 4 and chosen[-1].text("answer") == ""


def test_it_asks_both_and_nothing_while_one_is_missing(view: AnswerView) -> None:
    heard: list[object] = []
    view.asked.connect(lambda prompt, options: heard.append((prompt, options)))

    view.fill_both("Where?", "  ")
    assert not heard and view.found.isHidden()
    view.fill_both("Where?", PASSAGE)

    assert heard == [({"question": "Where?", "passage": PASSAGE}, {"top": 3})]


def test_both_texts_come_back_after_a_restart(view: AnswerView) -> None:
    answer(view, LONDON)
    kept = view.state()

    other = AnswerView()
    other.restore(kept)

    assert (other.text(), other.second()) == ("Where was Ada born?", PASSAGE)
    other.deleteLater()
