"""Fresh networks that write: stock Transformers decoders in two families and four sizes.

Only stock architectures, so that a saved model opens anywhere with plain `AutoModelForCausalLM`.
    llama   RMSNorm, rotary positions, SwiGLU: learns faster for the same number of parameters
    gpt     GPT-2: LayerNorm, learned positions, GELU: the classic; its context cannot outgrow `max_length`
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig, PreTrainedConfig, PreTrainedModel

from slm_studio.core.errors import StudioError
from slm_studio.engine.models.alone import ALONE

Special = Mapping[str, int | None]  # bos_token_id, eos_token_id, pad_token_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Say how deep and wide a network is; heads are `width // heads` numbers wide."""

    layers: int
    width: int
    heads: int


# Parameters without the vocabulary grow about fourfold from size to size: 0.8 M, 3.2 M, 14 M, 59 M.
SHAPES = {
    "nano": Shape(layers=4, width=128, heads=4),
    "micro": Shape(layers=4, width=256, heads=8),
    "small": Shape(layers=8, width=384, heads=6),
    "base": Shape(layers=12, width=640, heads=10),
}


def make_writer(
    family: str,
    size: str,
    *,
    vocabulary_size: int,
    max_length: int,
    dropout: float = 0.0,
    bos_token_id: int | None = None,
    eos_token_id: int | None = None,
    pad_token_id: int | None = None,
) -> PreTrainedModel:
    """Return an untrained decoder; seed torch first to get the same weights twice.

    `max_length` is the longest context in tokens. `dropout` acts on attention weights in `llama` (the stock
    network has no other) and on attention, embeddings and residuals in `gpt`.
    Example: make_writer("llama", "nano", vocabulary_size=65, max_length=128)  # 0.81 M parameters
    """
    if family not in FAMILIES:
        raise _unknown("family", family, FAMILIES)
    if size not in SHAPES:
        raise _unknown("size", size, SHAPES)
    special = {"bos_token_id": bos_token_id, "eos_token_id": eos_token_id, "pad_token_id": pad_token_id}
    config = FAMILIES[family](SHAPES[size], vocabulary_size, max_length, dropout, special)
    with ALONE:
        return AutoModelForCausalLM.from_config(config)


def _llama(shape: Shape, vocabulary_size: int, max_length: int, dropout: float, special: Special) -> PreTrainedConfig:
    return LlamaConfig(
        **special,
        vocab_size=vocabulary_size,
        max_position_embeddings=max_length,
        num_hidden_layers=shape.layers,
        hidden_size=shape.width,
        num_attention_heads=shape.heads,
        # SwiGLU has three matrices instead of two: 8/3 of the width costs what GPT's 4 does. Multiples of 32 for SIMD.
        intermediate_size=round(shape.width * 8 / 3 / 32) * 32,
        attention_dropout=dropout,
        initializer_range=small_init(shape.width),
        tie_word_embeddings=True,
    )


def _gpt(shape: Shape, vocabulary_size: int, max_length: int, dropout: float, special: Special) -> PreTrainedConfig:
    return GPT2Config(
        **special,
        vocab_size=vocabulary_size,
        n_positions=max_length,
        n_layer=shape.layers,
        n_embd=shape.width,
        n_head=shape.heads,
        resid_pdrop=dropout,
        embd_pdrop=dropout,
        attn_pdrop=dropout,
        initializer_range=small_init(shape.width),
        activation_function="gelu_pytorch_tanh",  # the same function as GPT-2's "gelu_new", in one fused kernel
    )


def small_init(width: int) -> float:
    """Return the spread of fresh weights: the usual 0.02 at 1,000 wide, more in narrow networks, which start faster so.

    Source: Nguyen & Salazar 2019, https://arxiv.org/abs/1910.05895
    """
    return math.sqrt(2 / (5 * width))


FAMILIES = {"llama": _llama, "gpt": _gpt}


def _unknown(what: str, value: str, known: Iterable[str]) -> StudioError:
    return StudioError(
        f"unknown-{what}",
        "There is no {what} “{value}” of networks that write.",
        "Choose one of: {known}.",
        what=what,
        value=value,
        known=", ".join(known),
    )
