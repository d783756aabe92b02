"""Families of fresh networks with one head for labels: an order says what is wanted, and its family makes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from transformers import BertConfig, PreTrainedModel

from slm_studio.core.errors import StudioError
from slm_studio.core.shapes import ShapeOptions
from slm_studio.engine.models.alone import ALONE


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrentShape:
    """Say how wide and deep a recurrent net is; `hidden` counts both directions."""

    embedding: int
    hidden: int
    layers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderShape:
    """Say how wide and deep a Transformer encoder is."""

    width: int
    layers: int
    heads: int


# 0.8 M, 4.7 M, 19 M (6 × 512) and 85 M (bert-base), without the table of pieces
ENCODER_SHAPES: Mapping[str, EncoderShape] = {
    "nano": EncoderShape(width=192, layers=2, heads=3),
    "micro": EncoderShape(width=320, layers=4, heads=5),
    "small": EncoderShape(width=512, layers=6, heads=8),
    "base": EncoderShape(width=768, layers=12, heads=12),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Say which network is wanted. A family takes no notice of what it has no use for."""

    size: str
    vocabulary_size: int
    labels: int
    dropout: float
    max_length: int
    pad_token_id: int
    eos_token_id: int = 1  # of what is written
    slots: int = 0  # ids of a word
    copies: bool = False  # what is written may repeat what was read
    wished: ShapeOptions = field(default_factory=ShapeOptions)  # what a person builds otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Say how a family is made, and in which sizes."""

    make: Callable[[Order], PreTrainedModel]
    sizes: Mapping[str, object]


def make_network(families: Mapping[str, Family], family: str, order: Order) -> PreTrainedModel:
    """Return an untrained network; seed torch first to get the same weights twice. Raises StudioError."""
    if family not in families or order.size not in families[family].sizes:
        raise StudioError(
            "no-such-network",
            "There is no network “{family}-{size}” for this task.",
            "Choose one of {families}, in the size nano, micro, small or base.",
            family=family,
            size=order.size,
            families=", ".join(families),
        )
    with ALONE:
        return families[family].make(order)


def bert_config(order: Order) -> BertConfig:
    """Return the shape of a stock BERT; `max_length` is the longest text in tokens."""
    shape = ENCODER_SHAPES[order.size]
    return BertConfig(
        vocab_size=order.vocabulary_size,
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=4 * shape.width,
        max_position_embeddings=order.max_length,
        hidden_dropout_prob=order.dropout,
        attention_probs_dropout_prob=order.dropout,
        pad_token_id=order.pad_token_id,
        num_labels=order.labels,
    )
