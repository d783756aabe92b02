"""Small .gguf files in which something is odd: what they say of themselves, the numbers of their header, their bytes."""

import random
from functools import cache
from pathlib import Path

import numpy as np
from gguf import GGUFReader
from transformers import PreTrainedModel

from tests.engine.models.gguf.making import (
    CONFIGS,
    TEMPLATE,
    byte_pairs,
    fields_of,
    make_net,
    measures,
    pieces,
    write_gguf,
)
from tests.fuzz.materials import Named, flipped, mutate
from tests.fuzz.prompts import TEMPLATES

WORDS = 400  # rows of the table of words: more than any of the vocabularies has
NUMBERS = ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1")
FURTHER = (  # what a file may say too
    "general.type", "general.alignment", "general.name", "split.count", "split.no", "split.tensors.count",
    "tokenizer.ggml.add_bos_token", "tokenizer.ggml.add_eos_token", "tokenizer.ggml.padding_token_id", "tokenizer.ggml.eot_token_id",
    "{}.expert_count", "{}.vocab_size", "{}.rope.dimension_count", "{}.rope.scaling.type", "{}.rope.scaling.factor", "{}.rope.scale_linear",
    "{}.rope.scaling.original_context_length", "{}.attention.sliding_window", "{}.attention.sliding_window_pattern",
    "{}.attn_logit_softcapping", "{}.final_logit_softcapping", "{}.rope.freq_base_swa",
)  # fmt: skip
VALUES: tuple[object, ...] = (
    None, None, 0, 1, 2, 3, 7, 31, 2**16, 2**31, 2**32 - 1, 0.0, -1.0, 1e-30, 1e30, float("nan"), float("inf"), "", "x", "\0", "a" * 5000,
    "linear", "yarn", "llama3", "mamba", True, False, ["a"], [1, 2], [-1] * 400, [1.5, 2.5], ["x"] * 3000, [0],
)  # fmt: skip


@cache
def _net(name: str) -> PreTrainedModel:
    return make_net(name, WORDS)


@cache
def _vocabularies() -> tuple[dict[str, object], ...]:
    chats = {"tokenizer.chat_template": TEMPLATE}
    return (
        fields_of(byte_pairs(), "smollm"),
        fields_of(byte_pairs(), "qwen2", **{"tokenizer.chat_template": None}),
        pieces(True)[1] | chats,
        pieces(False)[1] | chats,
    )


def write_odd(path: Path, dice: random.Random, others: list[Named]) -> None:
    """Write a small model of some shape in which something is odd."""
    net, vocabulary = _net(dice.choice(sorted(CONFIGS))), dice.choice(_vocabularies())
    says = dice.random() < 0.5
    fields = _odd_fields(net, vocabulary, dice) if says else {}
    write_gguf(path, net, vocabulary, dice.choice(NUMBERS), **fields)
    if not says or dice.random() < 0.1:
        dice.choice((_change_number, _change_number, _change_bytes))(path, dice, others)


def _odd_fields(net: PreTrainedModel, vocabulary: dict[str, object], dice: random.Random) -> dict[str, object]:
    key = {"gemma3_text": "gemma3"}.get(net.config.model_type, net.config.model_type)
    known = {**measures(net.config, key), **vocabulary}
    names = [*known, *known, *(name.format(key) for name in FURTHER)]
    chosen = dice.sample(names, dice.choice((1, 1, 1, 2, 3)))
    return {name: _odd_value(name, known.get(name), dice) for name in chosen}


def _odd_value(name: str, value: object, dice: random.Random) -> object:
    """Return another value: of the same kind more often than not, so that the rest of the file is reached."""
    if name.endswith("template"):
        return dice.choice(TEMPLATES[1:])
    if dice.random() < 0.4:
        return dice.choice(VALUES)
    if isinstance(value, list):
        longer = [*value, *value[: dice.randrange(9)]]
        longer[dice.randrange(len(longer))] = dice.choice(
            [*value, *(each for each in VALUES if type(each) is type(value[0]))]
        )
        return dice.choice((longer, value[: dice.randrange(1, len(value))], dice.sample(value, len(value))))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return type(value)(abs(value) * dice.choice((0, 0.5, 2, 3, 1000)) + dice.choice((0, 0, 1)))
    return dice.choice([each for each in VALUES if type(each) is type(value)])


def _change_number(path: Path, dice: random.Random, others: list[Named]) -> None:
    """Change a few numbers where they stand: lengths, kinds and counts of fields, sizes and places of tables, a letter."""
    reader = GGUFReader(path, "r+")
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        field = dice.choice(
            list(reader.fields.values()) if dice.random() < 0.6 else [each.field for each in reader.tensors]
        )
        part = dice.choice(field.parts[:6] if dice.random() < 0.7 else field.parts)
        if not len(part):
            continue
        bits = part.view(f"<u{part.dtype.itemsize}")
        place = dice.randrange(len(bits))
        old, most = int(bits[place]), 2 ** (8 * part.dtype.itemsize) - 1
        new = (0, 1, 2, 8, 9, 31, 64, old + 1, old - 1, old * 2, old // 2, old + 32, 2**31, 2**32, 2**62, 2**63, most)
        bits[place] = np.array(dice.choice(new) & most, dtype=bits.dtype)
    reader.data.flush()


def _change_bytes(path: Path, dice: random.Random, others: list[Named]) -> None:
    small = path.stat().st_size < 200_000 and dice.random() < 0.5  # longer ones would be cut
    path.write_bytes(mutate(path.read_bytes(), dice, others) if small else flipped(path, dice))
