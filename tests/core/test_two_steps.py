"""Recipes of two steps: the second takes the newest model of the first that learnt from the same rows."""

from dataclasses import replace

import pytest

from slm_studio.core.dataset import Dataset, ReadReport
from slm_studio.core.recipes import (
    RECIPES,
    departures,
    first_step,
    has_taken,
    model_of_first,
    named_recipe,
    plan_of,
    plan_of_first,
    second_step,
    taking,
)
from slm_studio.core.saved import SavedModel, save_facts

SECOND = [each.key for each in RECIPES if each.after]
DATASET = Dataset(
    id="d", name="d.csv", source="/d.csv", folder="/d", columns=(), rows=3, held_out={}, fingerprint="abc",
    created="", report=ReadReport(format="csv"),
)  # fmt: skip


def model(tmp_path, first: str, fingerprint: str, name: str) -> SavedModel:
    from slm_studio.core import paths

    folder = paths.models() / name
    folder.mkdir(parents=True)
    made = SavedModel(
        folder=str(folder), name=name, task=named_recipe(first).task, base="", recipe={"named": first},
        fingerprint=fingerprint, created=name,
    )  # fmt: skip
    save_facts(made)
    return made


@pytest.mark.parametrize("key", SECOND)
def test_the_first_step_learns_from_the_same_texts(key: str) -> None:
    roles = {"text": "message", "label": "team"}
    recipe = plan_of(named_recipe(key).task, named=key, roles=roles, settings={"seed": 7, "minutes": 2.0})

    before = plan_of_first(recipe, first_step(key))

    assert (before.seed, before.minutes) == (7, 2.0)
    assert before.roles == {"text": "message"} and before.named == named_recipe(key).after and not before.problems()


@pytest.mark.parametrize("key", SECOND)
def test_the_second_takes_the_model_of_these_rows_and_is_still_the_recipe(key: str, tmp_path) -> None:
    first = first_step(key)
    model(tmp_path, first.key, "other rows", f"{key}-2")
    mine = model(tmp_path, first.key, DATASET.fingerprint, f"{key}-1")
    recipe = plan_of(named_recipe(key).task, named=key, roles={"text": "message", "label": "team"})

    found = model_of_first(first, DATASET)
    taken = taking(recipe, found)

    assert found.name == mine.name
    assert has_taken(taken) and not has_taken(recipe) and not departures(taken)
    assert mine.folder in (taken.base, getattr(taken.options, named_recipe(key).takes, ""))
    assert "Dropout" in departures(replace(taken, dropout=0.4))


def test_without_such_a_model_there_is_none() -> None:
    assert model_of_first(named_recipe("bert-nano"), replace(DATASET, fingerprint="never seen")) is None
    assert first_step("fasttext") is None and first_step("") is None and has_taken(plan_of("classify"))


def test_a_model_of_a_first_step_knows_its_second() -> None:
    made = SavedModel(folder="/m", name="m", task="fill", base="", recipe={"named": "bert-nano"})

    assert second_step(made, "classify") == "bert-nano-labels"
    assert second_step(made, "tag") == "" and second_step(replace(made, recipe={}), "classify") == ""
