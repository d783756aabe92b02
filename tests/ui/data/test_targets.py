"""The Data place says what a column asks for, and lets one say otherwise."""

from dataclasses import replace

import pytest

from slm_studio.core.dataset import Column, Dataset, ReadReport
from slm_studio.core.recipe import make_recipe
from slm_studio.ui.data.overview import Overview
from slm_studio.ui.data.sentence import SentenceRow

TEXT = Column(name="text", kind="text", filled=9, distinct=9, examples=("hello",))
COLUMNS = {
    "plain": Column(name="label", kind="label", filled=9, distinct=3, examples=("card", "money")),
    "joined": Column(name="label", kind="label", filled=9, distinct=5, examples=("a;b",), joins=";"),
    "stars": Column(name="label", kind="label", filled=9, distinct=5, examples=("1", "5")),
    "price": Column(name="label", kind="number", filled=9, distinct=9, examples=("1.5",), measures=True),
}


def dataset_of(column: Column) -> Dataset:
    return Dataset(
        id="d", name="d.csv", source="/d.csv", folder="/d", columns=(TEXT, column), rows=9, held_out={}, fingerprint="f",
        report=ReadReport(format="csv"), created="2026-01-01T00:00:00+00:00",
    )  # fmt: skip


@pytest.fixture
def sentence(qapp):
    made = SentenceRow()
    made.show()
    yield made
    made.deleteLater()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("plain", "Learn to classify text into 3 values of label more columns"),
        ("joined", "Learn to classify text by the labels in label automatic: several labels more columns"),
        ("stars", "Learn to classify text into 5 values of label automatic: one label more columns"),
        ("price", "Learn to classify text by the number in label automatic: a number more columns"),
    ],
)
def test_the_sentence_says_what_the_column_asks_for(sentence, kind: str, said: str) -> None:
    recipe = make_recipe("classify", roles={"text": "text", "label": "label"})

    sentence.show_plan(dataset_of(COLUMNS[kind]), recipe)

    assert sentence.text() == said


def test_what_the_answer_is_can_be_chosen(sentence) -> None:
    recipe = make_recipe("classify", roles={"text": "text", "label": "label"})
    dataset, chosen = dataset_of(COLUMNS["stars"]), []
    sentence.target_chosen.connect(chosen.append)
    sentence.show_plan(dataset, recipe)

    sentence.choices["target"].chosen.emit("number")
    sentence.show_plan(dataset, replace(recipe, options=replace(recipe.options, target="number")))

    assert chosen == ["number"]
    assert sentence.text() == "Learn to classify text by the number in label a number more columns"


def test_numbers_are_drawn_and_those_that_are_none_are_counted(qapp) -> None:
    overview, dataset = Overview(), dataset_of(COLUMNS["price"])
    overview.show()
    numbers = {
        "edges": [0.5, 1.0, 1.5],
        "counts": [4, 3],
        "low": 0.5,
        "high": 1.5,
        "mean": 0.95,
        "median": 0.9,
        "none": 2,
    }

    overview.show_found(
        dataset, make_recipe("classify", roles={"text": "text", "label": "label"}), {"numbers": numbers}
    )

    assert overview.numbers.isVisible() and overview.labels.isHidden() and overview.facts.isHidden()
    overview.deleteLater()
    assert overview.spread_words.text() == "from 0.5 to 1.5 · mean 0.95 · median 0.9 · 2 cells hold no number"


def test_the_only_language_is_named_once_and_several_with_their_shares(qapp) -> None:
    overview, dataset = Overview(), dataset_of(COLUMNS["price"])
    overview.show()
    writing = make_recipe("write", roles={"text": "text"})

    overview.show_found(dataset, writing, {"languages": {"english": 1.0, "chinese": 0.0}})
    assert overview.facts.isVisible() and overview.languages.isHidden()

    overview.show_found(dataset, writing, {"languages": {"english": 0.75, "chinese": 0.25}})
    assert not overview.languages.isHidden() and overview.languages.text().count("%") == 2
    overview.deleteLater()
