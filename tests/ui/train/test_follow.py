"""Train follows what is open: other rows, other settings, other names, runs that end or go."""

# ruff: noqa: F811  (fixtures of another file are arguments here)

from dataclasses import replace

import pytest

from slm_studio.core import paths
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished
from slm_studio.core.run import FINISHED, STOPPED, create_run, list_runs, save_run
from slm_studio.core.saved import SavedModel, save_facts
from slm_studio.host.trash import bring_back, throw_away
from slm_studio.ui.train.panel import NOTHING, PLAN, RUN, RUNS
from tests.ui.data.test_panel import ROWS, make_dataset
from tests.ui.train.test_panel import Place, interrupted, make, place  # noqa: F401  (fixtures)


def measurings(place: Place) -> list[dict]:
    return [arguments for verb, arguments in place.engine.asked if verb == "measure"]


def other_rows(place: Place, tmp_path, name: str = "others"):
    dataset = make_dataset(tmp_path / name, "others.csv", ROWS[:3])
    recipe = place.session.recipe
    place.session.set_dataset(dataset)
    place.session.set_recipe(recipe)  # the same plan, for other rows: what a cleaning does
    return dataset


def test_the_same_plan_for_other_rows_is_counted_anew(place, tmp_path):
    place.measured()
    dataset = other_rows(place, tmp_path)
    assert place.panel.setup.sizes is None and "Counting …" in place.words()

    place.measured()
    assert measurings(place)[-1]["dataset"] == dataset
    assert "Counting …" not in place.words()


def test_a_plan_that_came_before_its_rows_is_counted(place, tmp_path):
    """The desk gives a cleaned dataset its plan while Train has not heard of the dataset yet."""
    place.measured()
    recipe = place.session.recipe
    place.session.dataset_changed.disconnect(place.panel.setup._show)
    place.session.dataset_changed.connect(lambda dataset: place.session.set_recipe(recipe))
    place.session.dataset_changed.connect(place.panel.setup._show)
    place.session.set_dataset(make_dataset(tmp_path / "cleaned", "tickets.csv (cleaned)", ROWS[:3]))

    place.measured()
    assert len(measurings(place)) == 2


def test_another_device_is_counted_anew(place):
    place.measured()
    place.session.change_settings(device="cuda:0")

    place.until(lambda: len(measurings(place)) == 2)


def test_a_name_costs_nothing_to_count(place):
    place.measured()
    place.session.set_recipe(replace(place.session.recipe, name="tickets 2"))
    place.panel.setup._timer.timeout.emit()

    assert len(measurings(place)) <= 2 and measurings(place)[-1]["recipe"].name == ""
    assert place.panel.setup.settled_sizes() is not None


def test_numbers_of_another_plan_are_those_of_no_run_and_do_not_stand_for_a_base(place):
    """A measuring takes seconds where a base is large, and Start is not disabled meanwhile."""
    place.measured()
    place.session.set_recipe(replace(place.session.recipe, seed=5))
    place.panel.setup._timer.timeout.emit()  # it is being measured
    assert place.panel.setup.sizes is not None and place.panel.setup.settled_sizes() is None

    place.session.set_recipe(replace(place.session.recipe, base="owner/name"))

    assert place.panel.setup.sizes is None


def test_what_was_wrong_with_a_plan_goes_with_it(place):
    def fails(dataset, recipe):
        if recipe.seed == 1:
            raise StudioError("no-such-base", "There is no model “{base}”.", "Choose another one.", base="/nowhere")
        yield Finished(None)

    place.measured()
    place.engine.measure = fails
    place.session.set_recipe(replace(place.session.recipe, seed=1))
    place.until(lambda: "There is no model “/nowhere”." in place.words())
    assert not place.panel.actions_row.primary.isEnabled()

    place.session.set_recipe(replace(place.session.recipe, seed=2))
    assert "There is no model" not in place.words()
    assert place.panel.actions_row.primary.isEnabled()


def test_start_never_stays_grey_without_a_reason(place):
    place.measured()
    start = place.panel.actions_row.primary
    assert start.isEnabled() and start.toolTip() == ""

    place.panel.setup.beginning.cards.chosen.emit("other")
    assert not start.isEnabled()
    assert "Choose a model to start from, or name a folder or a hub model." in place.words()
    assert "Choose a model to start from, or name a folder or a hub model." in start.toolTip()
    assert "Counting …" not in place.words()

    place.panel.setup.beginning.cards.chosen.emit("scratch")
    assert start.isEnabled() and start.toolTip() == ""
    place.panel.setup.advanced.set_open(True)
    editor = place.panel.setup.advanced.common.field("learning_rate")._editor
    editor.setText("much")
    editor.textEdited.emit("much")
    assert not start.isEnabled()
    assert "A field under Advanced holds what cannot be." in place.words()


@pytest.mark.parametrize("before", [PLAN, RUN, RUNS])
def test_train_a_model_shows_the_plan_whatever_was_shown(place, before):
    run = interrupted(place.dataset)
    if before == RUN:
        place.session.set_run(run)
    elif before == RUNS:
        place.panel._on_run_chosen(RUNS)
    assert place.panel.view == before

    place.session.show_plan()

    assert place.panel.view == PLAN and place.places == ["train"] and place.button("Start")


@pytest.mark.parametrize("before", [RUN, RUNS])
def test_new_rows_show_their_plan_not_the_old_run(place, tmp_path, before):
    run = interrupted(place.dataset)
    if before == RUN:
        place.session.set_run(run)
    else:
        place.panel._on_run_chosen(RUNS)

    other_rows(place, tmp_path)

    assert place.panel.view == PLAN and place.session.run is None
    place.session.set_dataset(None)
    assert place.panel.view == NOTHING


def test_from_the_list_of_runs_a_new_run_is_the_accent_button(place):
    place.panel._on_run_chosen(RUNS)
    assert place.button("New run")

    place.panel.primary()
    assert place.panel.view == PLAN


def test_an_offer_goes_when_its_run_was_ended_elsewhere(place):
    run = interrupted(place.dataset)
    place.session.show_plan()
    assert place.panel.notes.interrupted.isVisible()

    save_run(replace(run, state=FINISHED))
    place.session.runs_changed.emit()
    assert not place.panel.notes.interrupted.isVisible()


def test_a_run_has_its_new_name_everywhere(place):
    run = interrupted(place.dataset)
    place.session.set_run(run)
    place.panel._on_run_chosen(RUNS)
    place.panel.runs.table.select(0)
    place.panel.runs.name.settled.emit("the slow one")
    place.session.set_run(list_runs()[0])

    assert place.panel.header.title.text() == "the slow one · classify"


def test_the_rows_of_the_list_of_runs_keep_their_height(place, theme):
    save_run(replace(create_run(place.session.recipe, place.dataset), state=STOPPED))
    place.panel._on_run_chosen(RUNS)
    height = place.panel.runs.table.rowHeight(0)
    theme.choose("dark")
    theme.changed.emit()

    assert place.panel.runs.table.rowHeight(0) == height >= 50


def test_the_name_that_is_shown_is_the_name_it_gets(place):
    place.measured()
    assert place.panel.setup.name.placeholderText() == "tickets"
    interrupted(place.dataset)
    place.session.runs_changed.emit()

    shown = place.panel.setup.name.placeholderText()
    assert shown == create_run(place.session.recipe, place.dataset).name != "tickets"


def test_while_a_model_is_made_no_time_is_told_that_steps_would_take(place):
    run = save_run(replace(interrupted(place.dataset), state=STOPPED))
    place.session.set_run(run)
    place.panel.book.keeping.add(run.id)
    place.panel._dress()

    assert place.panel.notes.progress.isVisible()
    assert place.panel.notes.progress.words.text() == "Making a model …"


@pytest.fixture
def filler():
    """Return the folder of a model of the person's that a plan may begin with."""
    folder = paths.models() / "filler"
    folder.mkdir(parents=True)
    save_facts(SavedModel(folder=str(folder), name="filler", task="fill", base="blank:bert-nano"))
    return folder


def test_a_base_that_was_thrown_away_hinders_the_start_until_it_is_back(place, filler):
    start = place.panel.actions_row.primary
    place.session.set_recipe(replace(place.session.recipe, base=str(filler)))
    place.measured()
    assert start.isEnabled()

    thrown = throw_away(filler)
    place.session.models_changed.emit()
    assert not start.isEnabled() and "“filler” is no longer there" in start.toolTip()
    assert "“filler” is no longer there" in place.words() and "Fits in memory" not in place.words()
    assert place.panel.setup.beginning.shortlist.current() is None, "another model looked as if it were chosen"

    bring_back(thrown)
    place.session.models_changed.emit()
    place.measured()
    assert start.isEnabled() and "no longer there" not in place.words()


def test_a_base_that_goes_unheard_between_plan_and_start_is_missed_at_start(place, filler):
    place.session.set_recipe(replace(place.session.recipe, base=str(filler)))
    place.measured()
    throw_away(filler)  # by another program

    place.panel.primary()

    assert "“filler” is no longer there" in place.words() and not place.panel.actions_row.primary.isEnabled()
    assert list_runs() == []
