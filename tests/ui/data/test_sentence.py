"""The sentence names what is learnt: columns that may be left out stand in it when they are chosen, or asked for."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from slm_studio.core import paths
from slm_studio.ui.data.examples import task_shown_by
from slm_studio.ui.data.sentence import MORE
from tests.ui.data.test_marking import Marks


@pytest.fixture
def place(qapp, tmp_path: Path):
    made = Marks(tmp_path)
    path = tmp_path / "faq.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["question", "answer", "tone"])
        rows.writerows(
            (f"When do you open on day {n}, please?", f"We open at {n} o'clock that day.", "kind") for n in range(12)
        )
    made.open(path)
    made.panel.opened.sentence.task_chosen.emit("chat")
    made.settle()
    yield made
    made.close()


def test_what_nobody_needs_waits_behind_one_menu(place) -> None:
    sentence = place.panel.opened.sentence
    assert sentence.text() == "Learn to chat as in the dialogues Question: question Answer: answer more columns"

    more = sentence.choices[MORE]
    more.chosen.emit("system")
    assert sentence.text().endswith("System prompt: choose a column Answer: answer more columns")
    assert place.session.recipe.roles == {"question": "question", "answer": "answer"}, "asked for is not chosen"

    sentence.choices["system"].chosen.emit("tone")
    assert place.session.recipe.roles["system"] == "tone"


def test_a_column_that_may_be_left_out_can_be_left_out_again(place) -> None:
    sentence = place.panel.opened.sentence
    sentence.choices[MORE].chosen.emit("system")
    sentence.choices["system"].chosen.emit("tone")
    assert sentence.choices["system"].itemText(0) == "no column"

    sentence.choices["system"].chosen.emit("")

    assert "system" not in place.session.recipe.chosen


def test_where_something_is_lacking_every_way_to_have_it_is_shown(place) -> None:
    sentence = place.panel.opened.sentence

    sentence.choices["answer"].chosen.emit("")

    assert {"messages", "question", "answer"} <= set(sentence.choices)


def test_what_is_parted_is_not_said_to_be_cut(place) -> None:
    place.session.set_recipe(replace(place.session.recipe, max_length=2))
    place.settle()

    assert "longest" in place.panel.opened.overview.length_words.text()
    assert "cut" not in place.panel.opened.overview.length_words.text()


def test_a_sample_is_for_the_task_that_it_was_written_for() -> None:
    samples = paths.resources() / "samples"

    assert task_shown_by(str(samples / "en" / "village.txt")) == "words"
    assert task_shown_by(str(samples / "en" / "alice.txt")) == "write"
    assert task_shown_by("/somewhere/village.txt") == ""
