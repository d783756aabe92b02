"""The chain: a BERT learns from plain texts, then goes on to labels and to tags; what cannot follow is said in a sentence."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from slm_studio import engine
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Note
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import create_run
from slm_studio.core.tasks import all_tasks, task_info, tasks_after
from slm_studio.core.tasks.info import CONTINUED
from slm_studio.engine.tasks import task_of
from slm_studio.engine.training.measure import STRANGERS
from tests.tasks import fodder
from tests.test_task_contract import plan_for, recipe_for, result, rows_of


@pytest.fixture(scope="module")
def filler(tmp_path_factory):
    folder = tmp_path_factory.mktemp("filler")
    recipe, rows = recipe_for("fill", "bert"), rows_of("fill", folder)
    return result(engine.train(recipe, rows, create_run(recipe, rows)))


def from_base(task: str, base: str, **settings: object):
    common = {"epochs": 1, "precision": "fp32", "max_length": 24, "dropout": 0.0}
    return make_recipe(task, base=base, roles=fodder(task).roles, settings=common | settings).settled()


@pytest.mark.parametrize("task", [info.key for info in tasks_after("fill")])
def test_the_encoder_goes_on_as_it_is_and_only_the_head_is_new(filler, task: str, tmp_path: Path) -> None:
    before = task_of("fill").open(Path(filler.folder), filler.facts)

    more = {"few": "off"} if task == "classify" else {}  # few rows of a base are learnt in another way
    plan = plan_for(from_base(task, filler.folder, **more), rows_of(task, tmp_path))

    theirs, fresh = plan.loaded.net.base_model.state_dict(), plan.task.fresh(plan.loaded)
    mine = before.net.base_model.state_dict()
    assert {name for name in theirs if "pooler" not in name} == set(mine)
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)
    assert {name.split(".")[0] for name in fresh} <= {"bert", "classifier", "qa_outputs"}
    assert all("pooler" in name for name in fresh if name.startswith("bert"))
    assert plan.loaded.tokenizer.get_vocab() == before.tokenizer.get_vocab()


def test_the_card_tells_of_both_steps(filler, tmp_path: Path) -> None:
    rows = rows_of("classify", tmp_path)
    recipe = from_base("classify", filler.folder)

    model = result(engine.train(recipe, rows, create_run(recipe, rows)))

    steps = {each.step: each for each in model.lineage}
    assert steps["pre-training"].what == filler.name and "rows.csv" in steps["pre-training"].detail
    assert steps["fine-tuning"].what == "rows.csv"
    card = (Path(model.folder) / "README.md").read_text(encoding="utf-8")
    assert filler.name in card and "from scratch: bert nano" in card


def test_a_writer_goes_on_to_classify_and_to_chat(tmp_path: Path) -> None:
    recipe, rows = recipe_for("write", "llama", epochs=1), rows_of("write", tmp_path)
    writer = result(engine.train(recipe, rows, create_run(recipe, rows)))

    plan = plan_for(from_base("classify", writer.folder), rows_of("classify", tmp_path))

    assert {info.key for info in tasks_after("write")} == {"classify", "chat", "rank"}
    before = task_of("write").open(Path(writer.folder), writer.facts).net.base_model.state_dict()
    after = plan.loaded.net.base_model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize(("task", "then"), [("classify", "fill"), ("tag", "write"), ("words", "fill")])
def test_what_cannot_follow_is_said(task: str, then: str, tmp_path: Path) -> None:
    family = task_info(task).families[0].key
    recipe, rows = recipe_for(task, family, epochs=1), rows_of(task, tmp_path)
    model = result(engine.train(recipe, rows, create_run(recipe, rows)))

    with pytest.raises(StudioError) as caught:
        plan_for(from_base(then, model.folder), rows_of(then, tmp_path))

    assert caught.value.code == "base-of-another-task" and then in str(caught.value)


def test_every_chain_that_is_offered_has_a_family_for_it() -> None:
    for info in all_tasks():
        assert not info.continues or info.family(CONTINUED)


def test_a_base_without_a_head_for_gaps_gets_one_and_it_is_said(filler, tmp_path: Path) -> None:
    loaded = task_of("fill").open(Path(filler.folder), filler.facts)
    loaded.net.base_model.save_pretrained(tmp_path / "bare")
    loaded.tokenizer.save_pretrained(tmp_path / "bare")

    rows = rows_of("fill", tmp_path)
    recipe = from_base("fill", str(tmp_path / "bare"))
    events = list(engine.train(recipe, rows, create_run(recipe, rows)))

    said = next(event for event in events if isinstance(event, Note) and event.code == "fresh-layers")
    assert "cls.predictions" in str(said.values["layers"])


def test_unknown_characters_are_told_before_training_and_added_where_that_is_wanted(filler, tmp_path: Path) -> None:
    path = tmp_path / "more.csv"
    path.write_text("text\n" + "the green űrhajó grows\n" * 40, encoding="utf-8")
    rows = result(engine.read(str(path)))
    plain = from_base("fill", filler.folder)

    sizes = result(engine.measure(rows, plain))
    events = list(engine.train(plain, rows, create_run(plain, rows)))

    assert sizes.unknown > 0 and "ű" in sizes.strangers and len(sizes.strangers) <= STRANGERS
    told = next(event for event in events if isinstance(event, Note) and event.code == "characters-unknown")
    assert "ű" in str(told.values["characters"]) and told.values["count"] == sizes.addable

    wanted = from_base("fill", filler.folder, extend_vocabulary=50)
    assert result(engine.measure(rows, wanted)).unknown == 0
    events = list(engine.train(wanted, rows, create_run(wanted, rows)))
    codes = {event.code for event in events if isinstance(event, Note)}
    model = events[-1].result
    assert "vocabulary-extended" in codes and "characters-unknown" not in codes
    assert any("ű" in each.detail for each in model.lineage)
    answered = task_of("fill").open(Path(model.folder), model.facts)
    assert answered.tokenizer.unk_token_id not in answered.tokenizer("űrhajó").input_ids


def test_a_fresh_vocabulary_has_no_pieces_to_add() -> None:
    assert "extend_vocabulary" in recipe_for("fill", "bert").unused
    assert "extend_vocabulary" not in from_base("classify", "folder").unused


def test_a_narrow_base_is_read_more_often_than_a_wide_one(filler, tmp_path: Path) -> None:
    rows = rows_of("classify", tmp_path)
    plan = make_recipe(
        "classify", base=filler.folder, roles=fodder("classify").roles, settings={"few": "off"}
    ).settled()

    narrow = task_of("classify").settle(plan, rows)
    wide = task_of("classify").settle(replace(plan, base="google-bert/bert-base-uncased"), rows)

    many = task_of("classify").settle(plan, replace(rows, rows=6_000))
    assert (narrow.epochs, narrow.learning_rate, narrow.patience) == (30, 5e-4, 6)
    assert (wide.epochs, wide.learning_rate, wide.patience) == (3, 2e-4, 3)
    assert (many.epochs, many.learning_rate) == (10, 5e-4)
