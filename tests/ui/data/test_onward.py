"""From a finished model one click goes on to another task: with the open rows, or with those that are opened next."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from slm_studio.core import codec, paths
from slm_studio.core.onward import plan_onward
from slm_studio.core.recipe import make_recipe
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import all_tasks, tasks_after
from slm_studio.core.texts import tr, use_language
from slm_studio.ui.data.onward import wanted
from slm_studio.ui.parts.onward import ContinueButton
from slm_studio.ui.shell.session import Onward
from tests.ui.data.test_panel import ROWS, Place, make_dataset

FILLER = SavedModel(folder="/m/filler", name="filler", task="fill", base="blank:bert-nano")


@pytest.fixture
def place(qapp, tmp_path):
    made = Place(tmp_path)
    yield made
    made.close()


def test_open_rows_that_suit_are_planned_at_once(place):
    place.open()

    place.session.continue_with(FILLER, "classify")
    place.settle()

    recipe = place.session.recipe
    assert (recipe.task, recipe.base, recipe.roles) == ("classify", FILLER.folder, {"text": "text", "label": "label"})
    assert place.places == ["data", "train"] and place.session.onward is None
    assert "filler" in place.toasts[-1][0] and not place.panel.onward.isVisible()


def test_without_rows_it_says_which_are_wanted_and_takes_the_next_that_suit(place):
    place.session.continue_with(FILLER, "classify")

    assert "“filler”" in place.words() and "“Text”" in place.words() and "“Label”" in place.words()
    place.open()
    assert place.session.recipe.base == FILLER.folder and place.places == ["data"], "nobody is led away from new rows"
    assert not place.panel.onward.isVisible()


def test_rows_that_do_not_suit_stay_as_they_are_planned(place, monkeypatch):
    monkeypatch.setattr(type(place.engine), "suggest", _texts_alone)
    place.open()
    before = place.session.recipe

    place.session.continue_with(FILLER, "classify")
    place.settle()

    assert place.session.recipe == before and place.panel.onward.isVisible() and place.places == ["data"]


def _texts_alone(self, dataset, task):
    from slm_studio.core.events import Finished
    from slm_studio.core.results import Suggestion

    yield Finished(Suggestion(task=task or "write", roles={"text": "text"}, base="", reason=""))


def test_who_thinks_better_of_it_closes_the_words(place):
    place.session.continue_with(FILLER, "classify")

    place.panel.onward.close_button.click()
    place.open()

    assert place.session.onward is None and place.session.recipe.base != FILLER.folder


@pytest.mark.parametrize(
    ("task", "offered"),
    [
        ("fill", {"Classify", "Tag"}),
        ("write", {"Classify", "Chat"}),
        ("words", {"Classify, beginning with these vectors"}),
        ("tag", set()),
        ("", set()),
    ],
)
def test_only_what_can_follow_is_offered(qapp, task: str, offered: set[str]) -> None:
    button = ContinueButton()

    button.show_model(SavedModel(folder="/m", name="m", task=task, base=""))

    found = {action.text() for action in button._menu.actions()}
    button.deleteLater()
    assert offered <= found and bool(found) == bool(offered)


def test_each_place_that_shows_a_model_has_the_button() -> None:
    root = Path(__file__).parents[3] / "slm_studio" / "ui"

    users = {
        path.relative_to(root).as_posix() for path in root.rglob("*.py") if "ContinueButton(" in path.read_text("utf-8")
    }

    assert {"train/actions.py", "parts/model_page.py", "hub/about.py"} <= users


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("info", all_tasks(), ids=lambda info: info.key)
def test_the_words_name_what_the_rows_need_one_way_or_another(qapp, info, language: str) -> None:
    use_language(language)

    said = wanted(Onward(FILLER, info.key))

    assert "{" not in said and "  " not in said and " ." not in said
    for way in info.lacking(()):
        assert way and all(f"“{tr(role.title)}”" in said for role in way), said
    assert said.count("“") == 1 + sum(map(len, info.lacking(()))), said


def learnt_from(dataset, **facts) -> SavedModel:
    """Return a model that learnt from a dataset, which stands where the app keeps them."""
    home = paths.datasets() / dataset.id
    shutil.copytree(dataset.folder, home)
    codec.write(home / "dataset.json", codec.to_json(dataset))
    return replace(FILLER, dataset=dataset.id, fingerprint=dataset.fingerprint, **facts)


def test_it_goes_on_with_the_rows_that_the_model_learnt_from(place, tmp_path):
    place.open()
    own = make_dataset(tmp_path / "reviews", "reviews.csv", ROWS)
    said_at: list[str] = []
    place.session.toast_requested.connect(lambda words, undo: said_at.append(place.places[-1]))

    place.session.continue_with(learnt_from(own), "classify")
    place.settle()

    assert place.session.dataset.id == own.id and place.session.recipe.base == FILLER.folder
    assert "reviews.csv" in place.toasts[-1][0] and said_at[-1] == "train", "a toast is read where it was said"


def test_where_they_do_not_suit_it_goes_on_with_those_that_are_open(place, tmp_path, monkeypatch):
    suggest = type(place.engine).suggest
    monkeypatch.setattr(
        type(place.engine), "suggest",
        lambda self, dataset, task: (_texts_alone if dataset.id == "book" else suggest)(self, dataset, task),
    )  # fmt: skip
    place.open()
    before = place.session.dataset
    book = make_dataset(tmp_path / "book", "book.txt", ROWS)

    place.session.continue_with(learnt_from(book), "classify")
    place.settle()

    assert place.session.dataset == before and place.session.recipe.base == FILLER.folder
    assert "tickets.csv" in place.toasts[-1][0]


def test_until_it_begins_the_plan_follows_to_rows_that_are_opened(place, tmp_path):
    place.open()
    place.session.continue_with(FILLER, "classify")
    place.settle()

    place.session.set_dataset(make_dataset(tmp_path / "more", "more.csv", ROWS))
    place.settle()
    assert place.session.recipe.base == FILLER.folder and "more.csv" in place.toasts[-1][0]

    place.session.set_recipe(make_recipe("classify", base="blank:bag-small", roles=place.session.recipe.roles))
    place.session.set_dataset(make_dataset(tmp_path / "last", "last.csv", ROWS))
    place.settle()
    assert place.session.recipe.base == "blank:bag-small", "who chose otherwise is not led back"


def test_a_plan_that_comes_along_with_cleaned_rows_stays_as_it_was_set(place):
    place.open()
    place.session.continue_with(FILLER, "classify")
    place.settle()
    place.session.set_recipe(replace(place.session.recipe, batch=3))

    place.panel.desk.clean(("remove_duplicates",))
    place.settle()

    assert place.session.dataset == place.engine.cleaned
    assert (place.session.recipe.base, place.session.recipe.batch) == (FILLER.folder, 3)


def test_word_vectors_lead_to_a_classifier_that_begins_with_them(place):
    place.open()
    vectors = replace(FILLER, folder="/m/vectors", task="words", recipe={"named": "word2vec"})

    place.session.continue_with(vectors, "classify")
    place.settle()

    recipe = place.session.recipe
    assert (recipe.task, recipe.named, recipe.options.vectors) == ("classify", "word2vec-lstm", "/m/vectors")
    assert recipe.base == "blank:lstm-nano" and recipe.settled().options.vectors == "/m/vectors"


@pytest.mark.parametrize("task", [info.key for info in tasks_after("words")])
def test_vectors_of_any_kind_are_heeded_by_what_begins_with_them(task: str) -> None:
    recipe = plan_onward(replace(FILLER, folder="/m/vectors", task="words"), task, {})

    assert recipe.is_blank and recipe.settled().options.vectors == "/m/vectors"
