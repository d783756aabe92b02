"""The playground of a classifier: sets of labels with their thresholds, a number with its range, two texts."""

import pytest

from slm_studio.core.report import Case
from slm_studio.core.results import Label, Number
from slm_studio.core.saved import SavedModel
from slm_studio.ui.tasks.classify import ClassifyView

MANY = {"target": "many", "labels": ["refund", "late", "praise"], "thresholds": [0.3, 0.6, 0.5]}
PAIR = {"target": "one", "labels": ["yes", "no"], "asks": ["text", "text2"]}


@pytest.fixture
def view(qapp):
    made = ClassifyView()
    made.show()
    yield made
    made.deleteLater()


def show(view: ClassifyView, facts: dict, cases=(), name: str = "m") -> list:
    view.set_model(SavedModel(folder=f"/{name}", name=name, task="classify", base="", facts=facts), cases)
    asked = []
    view.asked.connect(lambda prompt, options: asked.append(prompt))
    return asked


def answer(view: ClassifyView, *items: object) -> None:
    view.begin()
    for item in items:
        view.take(item)
    view.finish({"count": len(items), "seconds": 0.01})


def test_each_label_is_shown_with_its_threshold(view):
    show(view, MANY)
    view.fill("my money back")

    answer(view, Label("late", 0.55, False), Label("refund", 0.4, True), Label("praise", 0.1, False))

    assert [(bar.label, bar.threshold, bar.is_above) for bar in view.bars.bars()] == [
        ("late", 0.6, False), ("refund", 0.3, True), ("praise", 0.5, False),
    ]  # fmt: skip
    assert view.number.isHidden() and view.more.isHidden()


def test_an_answer_without_a_label_is_said_to_be_one(view):
    show(view, MANY)
    view.fill("hello")

    answer(view, *(Label(label, 0.1, False) for label in MANY["labels"]))
    view._on_settled()

    assert view.more.text().startswith("None of the labels is above its threshold")
    assert [row.cells[1] for row in view.tried_model.rows()] == ["(none)"]


def test_what_was_tried_with_a_model_is_there_when_one_comes_back_to_it(view):
    show(view, MANY, name="one")
    view.fill("hello")
    answer(view, Label("late", 0.9, True))
    view._on_settled()

    show(view, MANY, name="two")
    assert view.tried_model.rowCount() == 0
    show(view, MANY, name="one")

    assert [row.value for row in view.tried_model.rows()] == [("hello", "")]


def test_a_number_is_shown_with_its_range(view):
    case = Case(row=0, cells={"text": "a red rose", "label": "4,5", "predicted": "4,1", "error": -0.4})
    show(view, {"target": "number"}, [case])
    view.fill("a red rose")

    answer(view, Number(4.126, 3.5214, 4.7306, "4,13"))

    assert view.number.value.text() == "4,13" and view.bars.isHidden()
    assert "between 3,52 and 4,73" in view.number.second.text()
    assert view.examples_model.rowCount() == 1


def test_a_pair_is_asked_when_both_texts_are_there(view):
    asked = show(view, PAIR)

    view.fill("a red rose")
    assert asked == []
    view.fill_pair("a red rose", "the rose is red")

    assert asked[-1] == {"text": "a red rose", "text2": "the rose is red"}
    assert not view._second_card.isHidden() and view.second() == "the rose is red"
    view.restore({"text": "one", "text2": "two"})
    assert (view.text(), view.second()) == ("one", "two")
    show(view, {"labels": ["a", "b"]})
    assert view._second_card.isHidden() and view.second() == ""


def test_an_answer_that_is_not_sure_enough_is_for_a_person(view):
    show(view, {"target": "one", "labels": ["spam", "ham"], "person": {"below": 0.8}})
    view.fill("win a prize")

    answer(view, Label("spam", 0.6), Label("ham", 0.4))
    assert not view.person.isHidden() and "80 %" in view.person.sentence.text()

    answer(view, Label("spam", 0.9), Label("ham", 0.1))
    assert view.person.isHidden()

    show(view, {"target": "one", "labels": ["spam", "ham"]})
    answer(view, Label("spam", 0.6), Label("ham", 0.4))
    assert view.person.isHidden()
