"""Named recipes: one table, laid under what a person sets; the plan keeps the name and knows what departs from it."""

import pytest

from slm_studio.core import knobs
from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import Recipe, recipe_from_json, recipe_to_json, split_base
from slm_studio.core.recipes import RECIPES, departures, fitted_length, named_recipe, plan_of, recipes_of, title_of
from slm_studio.core.tasks import task_info

ROLES = {"text": "t", "label": "l"}


@pytest.mark.parametrize("named", RECIPES, ids=lambda each: each.key)
def test_a_recipe_is_a_plan_that_can_be(named) -> None:
    info = task_info(named.task)
    plan = plan_of(named.task, named=named.key, roles={role.name: role.name for role in info.roles})

    assert not plan.problems() and not plan.settled().problems()
    assert (plan.base, plan.named, departures(plan)) == (named.base, named.key, ())
    family = info.family(split_base(named.base)[0])
    assert not set(named.settings) & {*info.unused, *family.unused}  # every setting has a say
    known = {each.name for owner in (Recipe, info.options) for each in knobs.knobs(owner)}
    assert set(named.settings) <= known
    assert named.paragraph.endswith(".") and named in recipes_of(named.task)


def test_what_the_person_sets_wins() -> None:
    plan = plan_of(
        "classify",
        named="textbook-sentiment",
        base="blank:gru-nano",
        settings={"epochs": 3, "layers": (16,)},
        roles=ROLES,
    )

    assert (plan.base, plan.epochs, plan.options.layers, plan.optimizer) == ("blank:gru-nano", 3, (16,), "adam")
    assert departures(plan) == ("Base", "Epochs", "Layers")


def test_the_textbooks_settings_are_the_textbooks() -> None:
    plan = plan_of("classify", named="textbook-sentiment").settled()

    options = plan.options
    assert (options.embedding, options.layers, options.directions, options.readout) == (128, (64, 32), "one", "last")
    assert (options.output, options.loss, options.pieces, options.label_smoothing) == (
        "sigmoid",
        "binary",
        "words",
        0.0,
    )
    assert (plan.optimizer, plan.epochs, plan.batch, plan.validation_share, plan.patience) == ("adam", 10, 32, 0.2, 0)
    assert (plan.warmup, plan.floor, plan.weight_decay, plan.dropout, plan.max_length) == (0.0, 1.0, 0.0, 0.0, 6)


def test_epochs_that_the_person_sets_take_the_place_of_a_recipes_minutes() -> None:
    assert plan_of("write", named="gpt-nano").settled().minutes == 5.0
    assert plan_of("write", named="gpt-nano", settings={"epochs": 2}).settled().minutes is None


def test_what_no_recipe_is_about_is_no_departure() -> None:
    plan = plan_of("classify", named="thousand-words", settings={"seed": 7, "precision": "fp32"})
    as_it_is = plan_of("classify", named="thousand-words", settings={"epochs": 10})

    assert departures(plan) == departures(as_it_is) == departures(plan_of("classify")) == ()
    assert (
        departures(plan_of("classify", named="textbook-sentiment", settings={"max_length": 64})) == ()
    )  # it fits itself


def test_a_length_is_the_rows_only_where_nobody_set_it() -> None:
    assert fitted_length(plan_of("classify", named="textbook-sentiment").settled()) == 6
    for other in (
        plan_of("classify", named="textbook-sentiment", settings={"max_length": 20}),
        plan_of("classify", named="thousand-words"),
        plan_of("classify", settings={"max_length": 6}),
    ):
        assert fitted_length(other.settled()) is None


@pytest.mark.parametrize(
    ("task", "key", "code"), [("classify", "sonnet", "no-such-recipe"), ("write", "fasttext", "recipe-of-another-task")]
)
def test_a_name_that_cannot_be_is_a_sentence_with_those_that_can(task: str, key: str, code: str) -> None:
    with pytest.raises(StudioError) as caught:
        plan_of(task, named=key)

    assert caught.value.code == code and "gpt-nano" in caught.value.advice


def test_the_name_is_kept_and_one_of_another_version_does_no_harm() -> None:
    plan = plan_of("classify", named="fasttext", roles=ROLES)
    plain = recipe_to_json(plan)
    del plain["named"]

    assert recipe_from_json(recipe_to_json(plan)) == plan
    assert recipe_from_json(plain).named == ""  # a recipe.json of before
    newer = recipe_from_json(recipe_to_json(plan) | {"named": "of-tomorrow"})
    assert departures(newer) == () and fitted_length(newer) is None and title_of("of-tomorrow") == "of-tomorrow"


def test_names_are_told_once() -> None:
    assert len({each.key for each in RECIPES}) == len(RECIPES)
    assert named_recipe("gpt-nano").task == "write"
