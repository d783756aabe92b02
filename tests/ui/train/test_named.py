"""Named recipes in Train: one click fills the plan, Undo brings back what stood there, “changed” says what departs."""

import shlex
from dataclasses import replace

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from slm_studio.core.events import Finished
from slm_studio.core.recipe import make_recipe
from slm_studio.core.recipes import RECIPES, departures, plan_of, recipes_of
from slm_studio.core.results import Sizes
from slm_studio.ui.train.command import command_of
from slm_studio.ui.train.named import summary
from tests.ui.train.test_panel import ROLES, Place


@pytest.fixture
def place(qapp, tmp_path):
    made = Place(tmp_path)
    yield made
    made.close()


def choose(place: Place, key: str) -> None:
    place.panel.setup.named.set_open(True)
    place.panel.setup.named.cards.card(key).click()
    QTest.qWait(1)


def test_each_recipe_is_a_card_with_its_paragraph(place) -> None:
    named = place.panel.setup.named
    named.set_open(True)

    assert named.summary.text() == "none: as recommended"
    for each in recipes_of("classify"):
        assert named.cards.card(each.key).text() == each.title
        assert named.cards.card(each.key).accessibleDescription() == each.paragraph
    assert named.cards.current() == ""


def test_one_click_fills_the_plan_and_undo_brings_back_what_was_there(place) -> None:
    before = replace(place.session.recipe, learning_rate=0.5, name="mine")
    place.session.set_recipe(before)

    choose(place, "textbook-sentiment")

    after = place.session.recipe
    assert after == replace(plan_of("classify", named="textbook-sentiment", roles=ROLES), name="mine")
    assert place.panel.setup.named.summary.text() == "Textbook sentiment"
    assert place.panel.setup.beginning.family.current() == "lstm"
    place.session.changes.undo()
    assert place.session.recipe == before and place.panel.setup.named.cards.current() == ""
    place.session.changes.redo()
    assert place.session.recipe == after


def test_undo_leaves_the_columns_that_were_chosen_since(place) -> None:
    choose(place, "fasttext")
    place.session.set_recipe(replace(place.session.recipe, roles={"text": "label", "label": "text"}))

    place.session.changes.undo()

    assert place.session.recipe.named == "" and place.session.recipe.roles == {"text": "label", "label": "text"}


def test_undo_does_nothing_to_other_rows(place) -> None:
    choose(place, "fasttext")
    other = replace(place.dataset, id="other", folder="/elsewhere")
    place.session.set_dataset(other)
    place.session.set_recipe(make_recipe("classify", base="blank:gru-nano", roles=ROLES))

    place.session.changes.undo()

    assert place.session.recipe.base == "blank:gru-nano"


def test_while_a_run_is_looked_at_no_change_of_the_plan_is_taken_back(place) -> None:
    place.measured()
    choose(place, "fasttext")
    told: list[str] = []
    place.started()
    place.session.toast_requested.connect(lambda words, undo: told.append(words))

    place.session.changes.undo()

    assert place.session.recipe.named == "fasttext" and told == []
    place.session.show_plan()
    choose(place, "textbook-sentiment")
    place.session.changes.undo()
    assert place.session.recipe.named == "fasttext", "what is changed afterwards can be taken back again"


def test_it_says_what_departs_from_the_recipe(place) -> None:
    choose(place, "textbook-sentiment")
    place.panel.setup.take({"dropout": 0.5})
    assert place.panel.setup.named.summary.text() == "Textbook sentiment · changed: Dropout"
    assert place.panel.setup.named.cards.current() == "textbook-sentiment"

    place.panel.setup.take({"epochs": 3, "batch": 8, "layers": (8,)})
    assert place.panel.setup.named.summary.text() == "Textbook sentiment · changed: Epochs, Batch size, Dropout …"

    choose(place, "textbook-sentiment")  # once more: as the recipe has it
    assert place.panel.setup.named.summary.text() == "Textbook sentiment"
    choose(place, "")
    assert place.session.recipe.named == "" and place.session.recipe.dropout is None


def test_a_click_on_what_is_so_already_changes_nothing(place) -> None:
    by_hand = replace(place.session.recipe, learning_rate=0.5)
    place.session.set_recipe(by_hand)

    choose(place, "")

    assert place.session.recipe == by_hand


def test_a_task_without_recipes_shows_no_chooser(place) -> None:
    place.session.set_recipe(make_recipe("tag", roles={"text": "text", "tags": "label"}))

    assert not place.panel.setup.named.isVisible()
    place.session.set_recipe(make_recipe("write", roles={"text": "text"}))
    assert place.panel.setup.named.isVisible() and place.panel.setup.named.cards.card("gpt-nano").text() == "GPT nano"


SIZES = Sizes(
    parameters=1, memory=1, seconds_low=1, seconds_high=2, steps=1, tokens_per_second=1, device="cpu",
    precision="fp32", rows={}, cut=0.1, length=56, free_memory=10,
)  # fmt: skip


def test_the_plan_says_that_another_length_is_read(place) -> None:
    place.engine.measure = lambda dataset, recipe: iter([Finished(SIZES)])
    choose(place, "textbook-sentiment")
    place.until(lambda: "so 56 are read" in place.words())

    assert "10 % of the texts are longer than 56 tokens" in place.words() and "Read 112" not in place.words()


def test_what_the_base_cannot_read_is_said_and_nothing_longer_is_offered(place) -> None:
    place.engine.measure = lambda dataset, recipe: iter([Finished(replace(SIZES, length=32, limited=True))])
    choose(place, "textbook-sentiment")

    wished = place.session.recipe.settled().max_length
    place.until(lambda: f"at most 32 tokens at once, not the {wished} of the plan" in place.words())
    assert "longer than 32 tokens" in place.words()
    assert not any(button.text().startswith("Read ") for button in place.panel.findChildren(QPushButton))


def test_a_run_page_names_the_recipe(place) -> None:
    choose(place, "textbook-sentiment")
    place.measured()
    place.started()

    assert place.panel.header.facts.text().startswith("Textbook sentiment · LSTM nano, from scratch · ")


@pytest.mark.parametrize("named", [each.key for each in RECIPES if each.task == "classify"])
def test_the_command_names_the_recipe_and_what_is_otherwise(named: str, place) -> None:
    plan = plan_of("classify", named=named, roles=ROLES)

    words = shlex.split(command_of(plan, place.dataset))
    changed = shlex.split(command_of(replace(plan, seed=7, max_length=None, base="blank:gru-nano"), place.dataset))

    assert words[-2:] == ["--recipe", named] and "--base" not in words
    assert changed[changed.index("--base") + 1] == "blank:gru-nano" and "--seed" in changed
    if named == "thousand-words":  # emptied: what suits the model, written out, or the recipe's would be taken
        assert changed[changed.index("--max-length") + 1] == "128"


def test_the_line_names_only_some_of_what_departs() -> None:
    plan = plan_of(
        "classify", named="textbook-sentiment", settings={"epochs": 1, "batch": 1, "dropout": 0.1, "clip": 1.0}
    )

    assert len(departures(plan)) == 4 and summary(plan).endswith(" …")
