"""A vocabulary that was rebuilt gives every text the numbers that the model learnt it by."""

import json
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Regex, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from slm_studio.core.errors import StudioError
from slm_studio.engine.models.gguf.header import Header
from slm_studio.engine.models.gguf.vocabulary import write_vocabulary
from slm_studio.engine.models.opening import open_tokenizer
from tests.engine.models.gguf.making import CORPUS, TEMPLATE, byte_pairs, fields_of, pieces

ROWS = 4000
TEXTS = [
    *CORPUS, "", " ", "\n\n\n", "It's 12345 o'clock… DON'T", "混合 mixed 文字 text　全角", "👨‍👩‍👧‍👦🏳️‍🌈", "\t\tx  y   z    ",
    "<|im_start|>user\nHi<|im_end|>", "é e\u0301 ﬁ",
]  # fmt: skip
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# As the tokenizer.json of GPT-2, Llama 3, Qwen 2 and SmolLM cut.
CUTTERS = {
    "gpt-2": pre_tokenizers.ByteLevel(add_prefix_space=False),
    "llama-bpe": pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT % "{1,3}"), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]),
    "qwen2": pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT % ""), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]),
    "smollm": pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False),
    ]),
}  # fmt: skip


def rebuilt(fields: dict[str, object], place: Path) -> PreTrainedTokenizerFast:
    """Write the vocabulary that a file with these fields has, and open it from the folder as any other."""
    place.mkdir()
    numbers = {"general.architecture": "llama"} | {
        name: _array(value) if isinstance(value, list) and not isinstance(value[0], str) else value
        for name, value in fields.items()
    }
    write_vocabulary(Header(Path("m.gguf"), numbers, {}), ROWS, place)
    config = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": ROWS}
    (place / "config.json").write_text(json.dumps(config))
    return open_tokenizer(place)


def _array(values: list[object]) -> object:
    return np.array(values)


@pytest.mark.parametrize("rule", CUTTERS)
def test_byte_pairs_give_the_same_numbers(rule: str, tmp_path: Path) -> None:
    own = byte_pairs(CUTTERS[rule], 420)
    if rule == "qwen2":
        own.normalizer = normalizers.NFC()

    found = rebuilt(fields_of(own, rule, **{"tokenizer.ggml.add_bos_token": False}), tmp_path / "out")

    for text in TEXTS:
        assert found(text)["input_ids"] == own.encode(text).ids, text
        assert found.decode(own.encode(text).ids) == own.decode(own.encode(text).ids, skip_special_tokens=False)


@pytest.mark.parametrize("spaced", [True, False])
def test_pieces_give_the_same_numbers(spaced: bool, tmp_path: Path) -> None:
    own, fields = pieces(spaced)

    found = rebuilt(fields, tmp_path / "out")

    for text in [*TEXTS, "a<turn>the quick<turn> brown"]:
        assert found(text)["input_ids"] == own.encode(text).ids, text
        if not spaced or "<turn>" not in text:  # after such a word a space is put in front again, as llama.cpp does
            assert found.decode(found(text, add_special_tokens=False)["input_ids"]) == text


def test_keeps_template_ends_and_special_tokens(tmp_path: Path) -> None:
    fields = fields_of(byte_pairs(), "smollm") | {
        "tokenizer.ggml.eos_token_id": 0,
        "tokenizer.ggml.padding_token_id": 2,
    }

    found = rebuilt(fields, tmp_path / "out")

    assert found.chat_template == TEMPLATE
    assert (found.bos_token, found.eos_token, found.pad_token) == ("<|im_start|>", "<|endoftext|>", "<|im_end|>")
    assert json.loads((tmp_path / "out/generation_config.json").read_text())["eos_token_id"] == [0, 2]
    assert found.decode([0, 2], skip_special_tokens=True) == ""


def test_puts_start_and_end_where_the_file_says(tmp_path: Path) -> None:
    plain = fields_of(byte_pairs(), "smollm")

    framed = rebuilt(
        plain | {"tokenizer.ggml.add_bos_token": True, "tokenizer.ggml.add_eos_token": True}, tmp_path / "a"
    )
    bare = rebuilt(plain, tmp_path / "b")
    llama3 = rebuilt(plain | {"tokenizer.ggml.pre": "llama-bpe"}, tmp_path / "c")

    assert framed("The")["input_ids"] == [1, *bare("The")["input_ids"], 2]
    assert llama3("The")["input_ids"][0] == 1  # Llama 3 begins so where the file says nothing


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"tokenizer.ggml.pre": "poro-chat"}, "gguf-rule"),
        ({"tokenizer.ggml.pre": ""}, "gguf-rule"),
        ({"tokenizer.ggml.model": "bert"}, "gguf-vocabulary"),
        ({"tokenizer.ggml.tokens": None}, "model-no-tokenizer"),
        ({"tokenizer.ggml.tokens": ["a", "a"]}, "model-damaged"),
        ({"tokenizer.ggml.token_type": [1, 1]}, "model-damaged"),
        ({"tokenizer.ggml.merges": ["nothing"]}, "model-damaged"),
        ({"tokenizer.ggml.tokens": [str(n) for n in range(ROWS + 1)], "tokenizer.ggml.token_type": None}, "model-vocabulary"),
    ],
)  # fmt: skip
def test_says_what_cannot_be_rebuilt(changed: dict[str, object], code: str, tmp_path: Path) -> None:
    fields = {name: value for name, value in (fields_of(byte_pairs(), "smollm") | changed).items() if value is not None}

    with pytest.raises(StudioError) as caught:
        rebuilt(fields, tmp_path / "out")

    assert caught.value.code == code
