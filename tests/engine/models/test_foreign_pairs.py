"""Encoder-decoders of others: opened, continued, saved so that plain Transformers answers alike; what is none is refused in words."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
import torch
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    BartConfig,
    BartForConditionalGeneration,
    LlamaConfig,
    LlamaForCausalLM,
    MarianConfig,
    MarianMTModel,
    MBartConfig,
    MBartForConditionalGeneration,
    MT5Config,
    MT5ForConditionalGeneration,
    PreTrainedModel,
    T5Config,
    T5ForConditionalGeneration,
    T5Model,
)

from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.work import outcome
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.models.inspect import inspect_folder
from slm_studio.engine.models.vocabulary import train_shared_pieces
from slm_studio.engine.task import answers_of
from slm_studio.engine.tasks import task_of

TOKENIZER = train_shared_pieces(["one cat", "two dogs", "一只猫", "两只狗"] * 3, 300)
SMALL = {"vocab_size": len(TOKENIZER), "d_model": 32, "pad_token_id": 0, "eos_token_id": 1}
T5 = SMALL | {
    "d_kv": 8,
    "d_ff": 64,
    "num_layers": 2,
    "num_decoder_layers": 1,
    "num_heads": 4,
    "decoder_start_token_id": 0,
}
BART = SMALL | {
    "encoder_layers": 1, "decoder_layers": 2, "encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64, "max_position_embeddings": 48, "decoder_start_token_id": 1, "bos_token_id": 0,
}  # fmt: skip
NETS = {
    "t5": lambda: T5ForConditionalGeneration(T5Config(**T5)),
    "mt5": lambda: MT5ForConditionalGeneration(MT5Config(**T5)),
    "bart": lambda: BartForConditionalGeneration(BartConfig(**BART)),
    "mbart": lambda: MBartForConditionalGeneration(MBartConfig(**BART)),
    "marian": lambda: MarianMTModel(MarianConfig(**BART)),
}


def saved(net: PreTrainedModel, folder: Path) -> Path:
    net.save_pretrained(folder)
    TOKENIZER.save_pretrained(folder)
    return folder


@pytest.fixture(params=list(NETS))
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    torch.manual_seed(3)
    return saved(NETS[request.param](), tmp_path / request.param)


def test_a_folder_is_known_for_what_it_does(base: Path) -> None:
    found = inspect_folder(base, "rewrite")

    assert (found.model_type, found.task) == (base.name, "rewrite")


def recipe(base: Path, **settings: object) -> Recipe:
    roles = {"text": "a", "rewritten": "b"}
    return make_recipe("rewrite", base=str(base), roles=roles, settings={"max_length": 24} | settings).settled()


def pairs() -> Rows:
    table = pa.table({"a": ["one cat", "two dogs"] * 4, "b": ["一只猫", "两只狗"] * 4})
    return Rows(table, {"text": "a", "rewritten": "b"})


def test_it_goes_on_and_is_saved_for_everybody(base: Path, tmp_path: Path) -> None:
    task, plan = task_of("rewrite"), recipe(base, learning_rate=0.01)
    loaded = task.continued(plan, task.learn(pairs(), plan), base)
    examples = outcome(task.examples(pairs(), loaded, plan))
    optimizer = torch.optim.AdamW(loaded.net.parameters(), lr=0.01)
    losses = []
    for step in range(60):
        torch.manual_seed(step)
        loss = task.loss(
            loaded, examples.take(range(8)), replace(plan, options=replace(plan.options, label_smoothing=0.0))
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    loaded.net.eval()
    task.save(loaded, tmp_path / "out")

    assert losses[-1] < 0.3 * losses[0]
    assert inspect_folder(tmp_path / "out").task == "rewrite"
    net = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "out")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out") if base.name != "marian" else TOKENIZER
    source = tokenizer("two dogs", return_tensors="pt")
    theirs = net.generate(
        input_ids=source.input_ids,
        attention_mask=source.attention_mask,
        max_new_tokens=12,
        num_beams=1,
        do_sample=False,
    )
    (mine,) = answers_of(
        task, task.open(tmp_path / "out", loaded.facts), [{"text": "two dogs"}], {"max_new_tokens": 12}
    )
    assert "".join(token.text for token in mine) == tokenizer.decode(theirs[0], skip_special_tokens=True)


def test_the_loss_is_that_of_transformers_and_smoothed_that_of_torch(base: Path) -> None:
    task = task_of("rewrite")
    plan = recipe(base, label_smoothing=0.0, dropout=0.0)
    loaded = task.continued(plan, task.learn(pairs(), plan), base)
    loaded.net.eval()
    batch = outcome(task.examples(pairs(), loaded, plan)).take(range(8))

    plain = loaded.net(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=batch["labels"])
    smoothed = torch.nn.CrossEntropyLoss(ignore_index=-100, label_smoothing=0.2)(
        plain.logits.flatten(0, 1), batch["labels"].flatten()
    )

    assert task.loss(loaded, batch, plan).item() == pytest.approx(plain.loss.item(), rel=1e-5)
    assert task.loss(loaded, batch, recipe(base, label_smoothing=0.2)).item() == pytest.approx(
        smoothed.item(), rel=1e-5
    )


def test_what_cannot_rewrite_is_refused_and_what_does_is_for_nothing_else(tmp_path: Path) -> None:
    decoder = saved(
        LlamaForCausalLM(LlamaConfig(vocab_size=len(TOKENIZER), hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=4)),
        tmp_path / "llama",
    )  # fmt: skip
    bare = saved(T5Model(T5Config(**T5)), tmp_path / "bare")
    whole = saved(NETS["t5"](), tmp_path / "t5")

    for folder, task, code in (
        (decoder, "rewrite", "base-of-another-task"),
        (bare, "classify", "model-reads-and-writes"),
        (whole, "write", "base-of-another-task"),
    ):
        with pytest.raises(StudioError) as refused:
            inspect_folder(folder, task)
        assert refused.value.code == code


def test_a_folder_with_sentencepiece_alone_says_what_is_missing(base: Path) -> None:
    (base / "tokenizer.json").unlink()
    (base / "spiece.model").write_bytes(b"\x0a\x0b")

    with pytest.raises(StudioError) as refused:
        inspect_folder(base)

    assert refused.value.code == "model-no-tokenizer"


def test_a_config_that_claims_more_layers_than_there_are_is_refused(base: Path) -> None:
    text = (base / "config.json").read_text(encoding="utf-8")
    name = "num_decoder_layers" if "t5" in base.name else "decoder_layers"
    (base / "config.json").write_text(
        text.replace(f'"{name}": {1 if "t5" in base.name else 2}', f'"{name}": 400'), encoding="utf-8"
    )

    with pytest.raises(StudioError):
        inspect_folder(base)
