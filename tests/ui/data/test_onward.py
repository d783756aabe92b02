"""From a finished model one click goes on to another task: with the open rows, or with those that are opened next."""

from pathlib import Path

import pytest

from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import all_tasks
from slm_studio.core.texts import tr, use_language
from slm_studio.ui.data.onward import wanted
from slm_studio.ui.parts.onward import ContinueButton
from slm_studio.ui.shell.session import Onward
from tests.ui.data.test_panel import Place

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
    ("task", "offered"), [("fill", {"Classify", "Tag"}), ("write", {"Classify", "Chat"}), ("tag", set()), ("", set())]
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
