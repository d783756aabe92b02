"""Pointing beside filling: what is asked, what it costs, what is kept of it, and that “answer” begins with it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional
from transformers import AutoModelForMaskedLM, AutoModelForQuestionAnswering

from slm_studio import engine
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Note
from slm_studio.core.run import create_run
from slm_studio.core.saved import SavedModel
from slm_studio.core.work import outcome
from slm_studio.engine.evaluation.observe import observe_all
from slm_studio.engine.examples import IDS, TYPES, Packed
from slm_studio.engine.models.answering.choosing import logits_of
from slm_studio.engine.models.answering.pointing import FILE, has_head, pointer_of, take_head
from slm_studio.engine.models.answering.windows import FIRST, LAST, STARTS, TAIL
from slm_studio.engine.models.filling import pointing
from slm_studio.engine.task import answers_of
from slm_studio.engine.tasks import task_of
from tests.engine.tasks.test_chain import from_base
from tests.tasks.fill import RECURRING
from tests.test_task_contract import plan_for, recipe_for, result, rows_of

FORM = "fill/spans"


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> SavedModel:
    folder = tmp_path_factory.mktemp("spans")
    recipe, rows = recipe_for(FORM, "bert"), rows_of(FORM, folder)
    return result(engine.train(recipe, rows, create_run(recipe, rows)))


def pairs_in(examples: Packed) -> list[int]:
    return np.flatnonzero(examples.numbers[f"{pointing.OF_PAIR}{FIRST}"] > 0).tolist()


@pytest.mark.parametrize("length", [24, 64])  # a question that is too long is cut around its gap
def test_each_pair_is_a_question_with_one_gap_and_a_passage_with_its_term(length: int, tmp_path: Path) -> None:
    plan = plan_for(recipe_for(FORM, "bert", max_length=length), rows_of(FORM, tmp_path))
    train, tokenizer = plan.material.train, plan.loaded.tokenizer
    text = " ".join(RECURRING).lower()

    for place in pairs_in(train):
        ids, starts = (train.sequences[f"{pointing.OF_PAIR}{name}"][place] for name in (IDS, STARTS))
        first, last = (int(train.numbers[f"{pointing.OF_PAIR}{name}"][place]) for name in (FIRST, LAST))
        question = tokenizer.decode(ids[starts < 0], skip_special_tokens=True)
        term = tokenizer.decode(ids[first : last + 1]).replace(" ", "")

        assert (ids == tokenizer.mask_token_id).sum() == 1 and (starts[ids == tokenizer.mask_token_id] < 0).all()
        assert term in text.replace(" ", "") and term not in question.replace(" ", "")
        assert ids[0] == tokenizer.cls_token_id and ids[-1] == tokenizer.sep_token_id
        assert len(ids) <= length and train.work_N[place] == len(train.sequences[IDS][place]) + len(ids)
    assert len(pairs_in(train)) > 5
    assert plan.task.sketch(plan.recipe, plan.splits.train).times == 2


def test_the_loss_is_that_of_hidden_tokens_and_that_of_the_stock_network_that_answers(tmp_path: Path) -> None:
    plan = plan_for(recipe_for(FORM, "bert"), rows_of(FORM, tmp_path))
    task, loaded, batch = plan.task, plan.loaded, plan.material.train.take(range(6))
    loaded.net.eval()
    batch[f"{pointing.OF_PAIR}{FIRST}"][2] = 0  # a block that goes along with none
    losses = []
    for firsts in (batch[f"{pointing.OF_PAIR}{FIRST}"], torch.zeros(6, dtype=torch.int64)):  # with pairs, and without
        torch.manual_seed(1)
        losses.append(task.loss(loaded, {**batch, f"{pointing.OF_PAIR}{FIRST}": firsts}, plan.recipe).item())
    task.save(loaded, tmp_path / "model")
    stock = AutoModelForQuestionAnswering.from_pretrained(tmp_path / "model").eval()
    take_head(stock, tmp_path / "model")

    pairs = {name.removeprefix(pointing.OF_PAIR): batch[name] for name in batch if name.startswith(pointing.OF_PAIR)}
    kept = {name: each[pairs[FIRST] > 0] for name, each in pairs.items()}
    said = stock(kept[IDS], attention_mask=(kept[STARTS] != TAIL).long(), token_type_ids=kept[TYPES])
    inside = kept[STARTS] >= 0
    inside[:, 0] = True  # “nothing in here”
    ends = [
        functional.cross_entropy(logits.masked_fill(~inside, -1e4), kept[name], reduction="sum")
        for logits, name in ((said.start_logits, FIRST), (said.end_logits, LAST))
    ]

    assert losses[0] - losses[1] == pytest.approx(sum(ends).item() / 2 / 6, rel=1e-4)
    assert 0 < len(kept[FIRST]) < 6


def test_it_is_scored_where_it_points_and_opens_in_stock_without_a_word(model: SavedModel) -> None:
    stock, told = AutoModelForMaskedLM.from_pretrained(model.folder, output_loading_info=True)
    mine = task_of("fill").open(Path(model.folder), model.facts)
    ids = torch.arange(5, 25)[None]

    assert 0 <= model.metrics["spans_found"] <= 1 and "spans_found" in model.info.shown
    assert not any(told.values()) and has_head(mine.net)
    with torch.inference_mode():
        assert torch.equal(stock.eval()(input_ids=ids).logits, mine.net(input_ids=ids).logits)


def test_answering_begins_with_the_head_that_learnt_to_point(model: SavedModel, tmp_path: Path) -> None:
    filler = task_of("fill").open(Path(model.folder), model.facts)
    rows, recipe = rows_of("answer", tmp_path), from_base("answer", model.folder)

    plan = plan_for(recipe, rows)
    codes = {event.code for event in engine.train(recipe, rows, create_run(recipe, rows)) if isinstance(event, Note)}

    batch = plan.material.train.take(range(4))
    plan.loaded.net.eval()
    with torch.inference_mode():
        one, other = logits_of(plan.loaded, batch), logits_of(pointer_of(filler), batch)
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(one, other, strict=True))
    assert plan.task.fresh(plan.loaded) == []
    assert "points-already" in codes and "fresh-layers" not in codes


def test_it_goes_on_pointing_or_leaves_it(model: SavedModel, tmp_path: Path) -> None:
    rows = rows_of(FORM, tmp_path)

    on = plan_for(from_base("fill", model.folder, span_selection=True), rows)
    off = plan_for(from_base("fill", model.folder), rows)

    kept = task_of("fill").open(Path(model.folder), model.facts).net.get_submodule("pointing").state_dict()
    assert all(
        torch.equal(kept[name], tensor) for name, tensor in on.loaded.net.get_submodule("pointing").state_dict().items()
    )
    assert not any("pointing" in name for name in (*on.task.fresh(on.loaded), *dict(off.loaded.net.named_parameters())))
    off.task.save(off.loaded, tmp_path / "off")
    assert not (tmp_path / "off" / FILE).exists()


def test_a_base_that_never_pointed_gets_a_head_that_learns_faster(tmp_path: Path) -> None:
    recipe, rows = recipe_for("fill", "bert", epochs=1), rows_of("fill", tmp_path)
    base = result(engine.train(recipe, rows, create_run(recipe, rows)))

    plan = plan_for(from_base("fill", base.folder, span_selection=True), rows_of(FORM, tmp_path))

    assert set(plan.task.fresh(plan.loaded)) == {"pointing.qa_outputs.weight", "pointing.qa_outputs.bias"}


def test_what_points_travels_along(model: SavedModel, tmp_path: Path) -> None:
    result(engine.export(model.folder, "zip", str(tmp_path / "out.zip")))

    back = result(engine.adopt(str(tmp_path / "out.zip")))

    assert (Path(back.folder) / FILE).read_bytes() == (Path(model.folder) / FILE).read_bytes()


def test_a_model_whose_head_was_lost_still_fills_gaps(model: SavedModel, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(model.folder, folder)
    (folder / FILE).unlink()

    opened = task_of("fill").open(folder, model.facts)

    assert not has_head(opened.net)
    assert answers_of(task_of("fill"), opened, [{"text": "the old [MASK]"}], {"top": 2})[0]


def test_a_text_in_which_nothing_recurs_is_refused_before_training(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"text\n{RECURRING[0]}\n" + "one two six ten of it or so\n" * 20, encoding="utf-8")

    with pytest.raises(StudioError) as caught:
        plan_for(recipe_for(FORM, "bert"), result(engine.read(str(path))))

    assert caught.value.code == "no-recurring-terms" and "Span selection" in caught.value.hint


def test_held_out_text_without_pairs_has_no_such_score() -> None:
    (found,) = pointing.judge(np.array([1, pointing.NONE, 0]))

    assert pointing.judge(np.full(3, pointing.NONE)) == ()
    assert (found.key, found.value) == ("spans_found", 0.5)


def test_hidden_tokens_alone_decide_which_state_is_best(tmp_path: Path) -> None:
    plan = plan_for(recipe_for(FORM, "bert"), rows_of(FORM, tmp_path))
    examples = plan.material.validation
    seen = outcome(observe_all(plan.task, plan.loaded, examples, 8))

    judged = outcome(plan.task.judge(seen, examples, plan.material.held, plan.loaded, whole=True))

    assert judged.loss == judged.values()["loss"] and "spans_found" in judged.values()
