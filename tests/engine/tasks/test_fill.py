"""Filling gaps beside Transformers: the same loss, the same candidates, whatever vocabulary a model has."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoModelForMaskedLM,
    DistilBertConfig,
    DistilBertForMaskedLM,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForMaskedLM,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
    pipeline,
)

from slm_studio import engine
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Evaluated, Note
from slm_studio.core.recipe import make_recipe
from slm_studio.core.results import Candidate, Span
from slm_studio.core.run import create_run
from slm_studio.engine.examples import IDS, MASK
from slm_studio.engine.models.filling.hiding import Shares, disguised
from slm_studio.engine.models.filling.pieces import piece_table
from slm_studio.engine.models.vocabulary import told_apart, train_word_pieces
from slm_studio.engine.task import answers_of
from slm_studio.engine.tasks import task_of
from slm_studio.engine.tasks.fill import PLACE, hidden_in
from tests.tasks.classify import TEXTS
from tests.test_task_contract import plan_for, recipe_for, result, rows_of

ASKED = ("the green [MASK] grows", "[MASK] apples and [MASK], please", "[MASK] rose")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fill")
    recipe, rows = recipe_for("fill", "bert"), rows_of("fill", folder)
    return result(engine.train(recipe, rows, create_run(recipe, rows)))


@pytest.mark.parametrize(("words", "batch"), [(4, 64), (100, 8), (300, 8)])
def test_a_step_reads_about_as_many_tokens_however_short_the_texts_are(tmp_path, words, batch):
    path = tmp_path / "texts.csv"
    path.write_text("text\n" + "".join(f"{row} {'harbour ' * words}\n" for row in range(200)), encoding="utf-8")
    rows, recipe = result(engine.read(path)), make_recipe("fill", base="blank:bert-nano", roles={"text": "text"})

    assert task_of("fill").settle(recipe, rows).batch == batch
    assert task_of("fill").settle(replace(recipe, batch=5), rows).batch == 5


def test_texts_of_their_own_are_never_joined(tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text("text\n" + "".join(f"the green apple {row} grows\n" for row in range(60)), encoding="utf-8")
    rows = result(engine.read(path))
    plan = plan_for(make_recipe("fill", base="blank:bert-nano", roles={"text": "text"}), rows)

    train = plan.material.train
    read = [plan.loaded.tokenizer.decode(train.sequences[IDS][place]) for place in range(len(train))]

    assert read and all(text.count("green") == 1 and text.startswith("[CLS]") for text in read)


def opened(model):
    return task_of("fill").open(Path(model.folder), model.facts)


def test_the_loss_is_that_of_transformers_own_with_the_same_labels(tmp_path: Path) -> None:
    plan = plan_for(recipe_for("fill", "bert"), rows_of("fill", tmp_path))
    batch, tokenizer = plan.material.train.take(range(4)), plan.loaded.tokenizer
    plan.loaded.net.eval()
    torch.manual_seed(11)
    loss = plan.task.loss(plan.loaded, batch, plan.recipe)

    torch.manual_seed(11)
    seed, table = int(torch.randint(2**62, ())), piece_table(tokenizer)
    ids, hidden = hidden_in(batch, table, seed, 0.15)
    shown = disguised(ids, hidden, batch[PLACE].numpy(), seed, Shares(), tokenizer.mask_token_id, table)
    labels = torch.from_numpy(np.where(hidden, ids, -100))
    theirs = plan.loaded.net(input_ids=torch.from_numpy(shown), attention_mask=batch[MASK], labels=labels).loss

    assert loss.item() == pytest.approx(theirs.item(), rel=1e-6)
    assert 0 < hidden.sum() < batch[IDS].numel() / 3


def test_a_stock_pipeline_finds_the_same_candidates(model) -> None:
    stock = pipeline("fill-mask", model=model.folder, tokenizer=model.folder)

    ours = answers_of(task_of("fill"), opened(model), [{"text": text} for text in ASKED], {"top": 4})

    for text, mine in zip(ASKED, ours, strict=True):
        theirs = stock(text, top_k=4)
        gaps = theirs if isinstance(theirs[0], list) else [theirs]
        expected = [(gap, each["token"], each["score"]) for gap, some in enumerate(gaps) for each in some]
        assert [(each.gap, each.id) for each in mine] == [(gap, id_) for gap, id_, _ in expected]
        assert [each.score for each in mine] == pytest.approx([score for *_, score in expected], rel=1e-4)
        assert [each.rank for each in mine[:4]] == [1, 2, 3, 4]


def roberta_like(folder: Path) -> None:
    """A byte-level vocabulary with <mask>, which takes the blank before it."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    names = ["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True)]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    backend.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=320, special_tokens=names, initial_alphabet=sorted(alphabet))
    )
    ends = [("<s>", 0), ("</s>", 2)]
    backend.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    _save(folder, backend, RobertaForMaskedLM, RobertaConfig)


def xlm_like(folder: Path) -> None:
    """A SentencePiece vocabulary: ▁ where a word begins."""
    words = sorted({f"▁{word}" for text in TEXTS for word in text.split()})
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *words, "▁", *"abcdefghijklmnopqrstuvwxyz.!"]
    vocabulary = [(piece, -2.0 if piece.startswith("▁") else -8.0) for piece in pieces] + [("<mask>", 0.0)]
    backend = Tokenizer(models.Unigram(vocabulary, unk_id=3))
    backend.pre_tokenizer, backend.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    backend.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    _save(folder, backend, XLMRobertaForMaskedLM, XLMRobertaConfig)


def distil_like(folder: Path) -> None:
    tokenizer = train_word_pieces(TEXTS, 120, lowercase=True)
    tokenizer = told_apart(tokenizer)
    torch.manual_seed(2)
    sizes = {"dim": 32, "n_layers": 1, "n_heads": 2, "hidden_dim": 64, "max_position_embeddings": 40}
    DistilBertForMaskedLM(DistilBertConfig(vocab_size=len(tokenizer), pad_token_id=0, **sizes)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _save(folder: Path, backend: Tokenizer, net: type, config: type) -> None:
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", pad_token="<pad>", mask_token=AddedToken("<mask>", lstrip=True), unk_token="<unk>",
    )  # fmt: skip
    torch.manual_seed(2)
    made = net(
        config(
            vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
            max_position_embeddings=40, pad_token_id=tokenizer.pad_token_id, bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id, type_vocab_size=1,
        )
    )  # fmt: skip
    made.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@pytest.mark.parametrize("make", [roberta_like, xlm_like, distil_like])
def test_other_shapes_are_imported_answer_as_their_pipeline_does_and_learn_on(make, tmp_path: Path) -> None:
    make(tmp_path / "base")
    found = result(engine.adopt(str(tmp_path / "base")))
    stock = pipeline("fill-mask", model=str(tmp_path / "base"))
    mine = answers_of(task_of("fill"), opened(found), [{"text": "the green [MASK], please"}], {"top": 5})[0]
    theirs = stock(f"the green {stock.tokenizer.mask_token}, please", top_k=5)

    assert found.task == "fill"
    assert [each.id for each in mine] == [each["token"] for each in theirs]
    assert [each.score for each in mine] == pytest.approx([each["score"] for each in theirs], rel=1e-4)

    rows = rows_of("fill", tmp_path)
    recipe = make_recipe("fill", base=found.folder, roles={"text": "text"}, settings={"epochs": 2, "precision": "fp32"})
    events = list(engine.train(recipe, rows, create_run(recipe, rows)))
    losses = [event.loss for event in events if isinstance(event, Evaluated)]
    assert losses[-1] < losses[0]
    assert not [event for event in events if isinstance(event, Note) and event.code == "fresh-layers"]
    AutoModelForMaskedLM.from_pretrained(events[-1].result.folder)


def test_held_out_rows_hide_the_same_words_at_every_look(model, tmp_path: Path) -> None:
    one, other = (
        result(engine.evaluate(result(engine.open(model.folder, "cpu")).handle, rows_of("fill", tmp_path)))
        for _ in "ab"
    )

    assert one.metrics == other.metrics and one.value("masked_accuracy") is not None
    assert {each.key for each in one.baselines} == {"unigram", "neighbours"}


def test_gaps_are_written_in_many_ways_and_each_is_one(model) -> None:
    texts = ("a [MASK] is", "a <mask> is", "a ___ is", "a ＿＿＿ is", "a [mask] is")

    found = answers_of(task_of("fill"), opened(model), [{"text": text} for text in texts], {"top": 3})

    assert all(found[0] == each for each in found[1:])


def test_a_word_that_stood_there_is_weighed_too(model) -> None:
    prompt = {"text": "the [MASK] grass and [MASK]"}

    found = answers_of(task_of("fill"), opened(model), [prompt], {"top": 1, "also": ("apples", "")})[0]

    own = [each for each in found if each.rank > 1 and each.gap == 0]
    assert [each.text for each in own] == ["apples"] and 0 < own[0].score < 1


def test_the_words_of_a_whole_text_are_weighed_one_by_one(model) -> None:
    text = "The green grass, 苹果!"

    found = answers_of(task_of("fill"), opened(model), [{"text": text}], {"each": True})[0]

    assert all(isinstance(each, Span) and 0 < each.score <= 1 and each.label for each in found)
    assert [text[each.start : each.end] for each in found] == ["The", "green", "grass", "苹果"]


def test_a_long_text_is_read_around_each_of_its_gaps(model) -> None:
    text = "apples " * 200 + "[MASK]" + " grass" * 200 + " [MASK]"

    found = answers_of(task_of("fill"), opened(model), [{"text": text}], {"top": 1})[0]

    assert [each.gap for each in found] == [0, 1] and all(isinstance(each, Candidate) for each in found)


@pytest.mark.parametrize("text", ["no gap at all", "a * is none", "a _ is none"])
def test_a_text_without_a_gap_is_told_how_to_write_one(model, text: str) -> None:
    with pytest.raises(StudioError) as caught:
        answers_of(task_of("fill"), opened(model), [{"text": text}], {})

    assert caught.value.code == "no-gap" and "___" in caught.value.hint


def test_shares_that_are_more_than_all_are_refused(tmp_path: Path) -> None:
    recipe = recipe_for("fill", "bert", masked=0.8, random=0.3)

    with pytest.raises(StudioError, match="more than all"):
        plan_for(recipe, rows_of("fill", tmp_path))


def test_a_model_that_reads_one_way_cannot_fill_gaps(tmp_path: Path) -> None:
    rows = rows_of("write", tmp_path)
    recipe = recipe_for("write", "llama", epochs=1)
    writer = result(engine.train(recipe, rows, create_run(recipe, rows)))

    with pytest.raises(StudioError) as caught:
        plan_for(make_recipe("fill", base=writer.folder, roles={"text": "text"}).settled(), rows)

    assert caught.value.code == "base-of-another-task"


def test_the_inside_of_a_gap_ends_in_what_may_stand_there(model) -> None:
    task, loaded, text = task_of("fill"), opened(model), "a red [MASK] and"
    (said,) = answers_of(task, loaded, [{"text": text}], {"top": 3})

    shown = task.inside(loaded, {"text": text}, "output").grids[0]

    assert [cells[1] for cells in shown.cells[:3]] == pytest.approx([item.score for item in said], abs=1e-4)
    long = {"text": "green tea " * 20 + text + " green tea" * 60}
    (said,) = answers_of(task, loaded, [long], {"top": 3})
    last = task.inside(loaded, long, "output")
    assert [cells[1] for cells in last.grids[0].cells[:3]] == pytest.approx([item.score for item in said], abs=1e-4)
    assert "[MASK]" in task.inside(loaded, long, "").grids[0].rows and last.cut > 0
