"""Recipes and knobs: one declaration gives defaults, checks and JSON."""

import json
from dataclasses import fields

import pytest

from slm_studio.core import knobs
from slm_studio.core.dataset import Dataset, ReadReport
from slm_studio.core.errors import StudioError
from slm_studio.core.knobs import Knob
from slm_studio.core.recipe import (
    Recipe,
    column_read_as,
    make_recipe,
    recipe_from_json,
    recipe_to_json,
    split_base,
    split_of,
)
from slm_studio.core.settings import Settings, load_settings, save_settings
from slm_studio.core.shapes import shape_knobs
from slm_studio.core.tasks import all_tasks, task_info
from slm_studio.core.tasks.classify import ClassifyOptions

ROLES = {"text": "t", "label": "l"}
MAY_STAY_OPEN = {"minutes", "eval_every"}


@pytest.mark.parametrize("info", all_tasks(), ids=lambda info: info.key)
def test_every_family_and_size_settles_every_knob(info) -> None:
    for family in info.families:
        bases = [f"blank:{family.key}-{size.key}" for size in family.sizes] or ["somebody/model"]
        for base in bases:
            settled = make_recipe(info.key, base=base, roles={role.name: role.name for role in info.roles}).settled()

            open_ = {each.name for each in fields(Recipe) if getattr(settled, each.name) is None} - MAY_STAY_OPEN
            assert not open_ - {*settled.unused, *info.by_rows}
            assert not settled.problems()


@pytest.mark.parametrize(
    "owner", [Recipe, Settings, *(info.options for info in all_tasks())], ids=lambda owner: owner.__name__
)
def test_every_knob_speaks_and_accepts_its_own_default(owner: type) -> None:
    for each in knobs.knobs(owner):
        assert each.label
        assert each.help.endswith((".", "?"))
        if each.default is None:
            assert each.optional
        elif each.choices:
            assert each.default in each.choices


@pytest.mark.parametrize(
    "owner",
    [*{each: None for info in all_tasks() for each in (info.options, info.writing)}],
    ids=lambda owner: owner.__name__,
)
def test_what_makes_a_knob_idle_is_another_one_that_may_have_the_value(owner: type) -> None:
    known = {each.name: each for each in knobs.knobs(owner)}

    for each in known.values():
        for name, value in each.idle_beside.items():
            assert not known[name].choices or value in known[name].choices
            assert each.name in knobs.idle(owner, {name: value})
            assert not knobs.problems(owner(**{name: value}))


def test_epochs_chosen_by_the_person_silence_the_default_minutes() -> None:
    assert make_recipe("write", roles=ROLES).settled().minutes is not None
    assert make_recipe("write", roles=ROLES, settings={"epochs": 2}).settled().minutes is None


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"epochs": 0}, "knob-range"), ({"learning_rate": float("nan")}, "knob-range"), ({"batch": "many"}, "knob-type"), ({"batch": True}, "knob-type"),
        ({"precision": "fp8"}, "knob-choice"), ({"label_smoothing": 0.9}, "knob-range"),
    ],
)  # fmt: skip
def test_impossible_settings_are_sentences(settings: dict[str, object], code: str) -> None:
    problems = make_recipe("classify", roles=ROLES, settings=settings).problems()

    assert [problem.code for problem in problems] == [code]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"momentum": 0.9}, "momentum-without-sgd"), ({"optimizer": "adam", "weight_decay": 0.1}, "decay-without-adamw"),
        ({"optimizer": "sgd", "momentum": 0.9, "weight_decay": 0.0}, ""), ({"optimizer": "adam"}, ""),
    ],
)  # fmt: skip
def test_settings_of_another_optimizer_are_sentences(settings: dict[str, object], code: str) -> None:
    recipe = make_recipe("classify", base="blank:lstm-nano", roles=ROLES, settings=settings)

    for each in (recipe, recipe.settled()):
        assert [problem.code for problem in each.problems()] == ([code] if code else [])


def test_weight_decay_is_none_where_the_optimizer_knows_none() -> None:
    settled = {
        name: make_recipe("classify", base="blank:lstm-nano", roles=ROLES, settings={"optimizer": name}).settled()
        for name in ("auto", "adamw", "adam", "rmsprop", "sgd")
    }

    decays = {name: recipe.weight_decay for name, recipe in settled.items()}
    assert decays == {"auto": 0.01, "adamw": 0.01, "adam": 0.0, "rmsprop": 0.0, "sgd": 0.0}


@pytest.mark.parametrize("layers", [(0,), (64, 5000), (64, True), [64], "64"])
def test_a_list_of_numbers_is_checked_number_by_number(layers: object) -> None:
    options = ClassifyOptions(layers=layers)

    assert [problem.code for problem in knobs.problems(options)][:1] in (["knob-range"], ["knob-type"])
    assert not knobs.problems(ClassifyOptions(layers=(64, 32)))


@pytest.mark.parametrize(("text", "numbers"), [("64, 32", (64, 32)), ("64 32", (64, 32)), ("64，32、16", (64, 32, 16))])
def test_lists_are_read_as_they_are_written(text: str, numbers: tuple[int, ...]) -> None:
    assert knobs.listed(text) == numbers
    assert knobs.listed(knobs.written(numbers)) == numbers


def test_knobs_that_mean_nothing_for_a_family_have_no_say() -> None:
    """Who tried an LSTM with one sigmoid and went back to the bag must not be held to it."""
    settings = {"layers": (64, 32), "output": "sigmoid", "label_smoothing": 0.2}
    bag, cnn = (
        make_recipe("classify", base=f"blank:{family}-nano", roles=ROLES, settings=settings).settled().options
        for family in ("bag", "cnn")
    )

    assert bag == ClassifyOptions(label_smoothing=0.2)
    assert cnn == ClassifyOptions(label_smoothing=0.2, output="sigmoid")


def test_only_nets_that_read_word_after_word_show_how_they_are_built() -> None:
    for family in task_info("classify").families:
        shown = set(shape_knobs()) - set(family.unused)
        wanted = {"lstm": set(shape_knobs()), "gru": set(shape_knobs()), "rnn": set(shape_knobs())}
        others = {"cnn": {"embedding", "vectors", "output", "loss"}, "bag": {"vectors"}}
        assert shown == wanted.get(family.key, others.get(family.key, set()))


def test_a_missing_role_is_named() -> None:
    problems = make_recipe("classify", roles={"text": "t"}).problems()

    assert [problem.code for problem in problems] == ["role-missing"]
    assert "Label" in str(problems[0])


def test_recipes_survive_json_with_their_options() -> None:
    written = make_recipe("write", roles={"text": "t"}, settings={"tokens": "pieces", "learning_rate": 0.01}).settled()
    built = make_recipe("classify", base="blank:gru-nano", roles=ROLES, settings={"layers": (64, 32)}).settled()

    for recipe in (written, built):
        assert recipe_from_json(json.loads(json.dumps(recipe_to_json(recipe)))) == recipe


@pytest.mark.parametrize(
    ("base", "parts"), [("blank:bag-small", ("bag", "small")), ("a/b", ("continued", "")), ("/x/y", ("continued", ""))]
)
def test_bases_are_split(base: str, parts: tuple[str, str]) -> None:
    assert split_base(base) == parts


@pytest.mark.parametrize(
    "call",
    [
        lambda: split_base("blank:bag"),
        lambda: task_info("dance"),
        lambda: make_recipe("classify", base="blank:bag-huge", roles=ROLES).settled(),
    ],
)
def test_unknown_names_list_the_known_ones(call) -> None:
    with pytest.raises(StudioError) as caught:
        call()

    assert caught.value.advice


def test_flags_are_spelled_like_the_field() -> None:
    flags = {each.flag for each in knobs.knobs(Recipe)}

    assert {"--learning-rate", "--max-length", "--epochs"} <= flags
    assert all(isinstance(each, Knob) for each in knobs.knobs(Recipe))


def test_settings_come_back_and_damage_costs_only_the_damaged_one(home) -> None:
    save_settings(Settings(theme="dark", threads=2))
    assert load_settings() == Settings(theme="dark", threads=2)

    (home / "settings.json").write_text('{"theme": "dark", "threads": -5, "language": 3}')
    assert load_settings() == Settings(theme="dark")

    (home / "settings.json").write_text("{broken")
    assert load_settings() == Settings()


@pytest.mark.parametrize(
    ("task", "format_", "options", "how"),
    [
        ("classify", "csv", {}, "stratified"),
        ("write", "txt", {}, "in order"),
        ("write", "csv", {}, "shuffled"),
        ("write", "csv", {"reads": "book"}, "in order"),
        ("write", "txt", {"reads": "paragraphs"}, "shuffled"),
    ],
)
def test_how_rows_are_held_out_is_said_as_it_is_done(
    task: str, format_: str, options: dict[str, object], how: str
) -> None:
    dataset = Dataset(
        id="one", name="one", source="", folder="", columns=(), rows=3, held_out={}, fingerprint="f",
        report=ReadReport(format=format_), created="2026-01-01",
    )  # fmt: skip

    assert split_of(make_recipe(task, roles=ROLES, settings=options), dataset) == how


def test_a_column_is_found_by_how_it_is_read() -> None:
    recipe = make_recipe("classify", roles={"text": "message", "label": "team"})

    assert column_read_as(recipe, "label") == "team"
    assert column_read_as(make_recipe("write", roles={"text": "message"}), "label") == ""


@pytest.mark.parametrize("info", all_tasks(), ids=lambda info: info.key)
def test_what_is_left_out_for_a_shape_is_a_knob_of_it(info) -> None:
    known = {each.name for owner in (Recipe, info.options) for each in knobs.knobs(owner)}

    assert {*info.unused, *(name for family in info.families for name in family.unused)} <= known
