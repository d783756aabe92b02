"""Fresh networks that rewrite: an encoder reads, a decoder writes, both by one table of pieces.

    t5    stock T5: relative positions, so that any length can be read; opens anywhere with AutoModelForSeq2SeqLM
    lstm  two LSTMs with attention between them: the classic

Numbers stand for parameters without the table of pieces.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn
from transformers import AutoConfig, AutoModelForSeq2SeqLM, PreTrainedModel, T5Config, T5ForConditionalGeneration

from slm_studio.engine.models.families import Family, Order, RecurrentShape, make_network
from slm_studio.engine.models.rewriting import LSTMForConditionalGeneration, RewriterConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class PairShape:
    """Say how wide and deep a Transformer is; it has as many layers that read as layers that write."""

    width: int
    layers: int
    heads: int


# 1.4 M, 3.7 M, 17 M and 99 M
T5_SHAPES: Mapping[str, PairShape] = {
    "nano": PairShape(width=128, layers=3, heads=4),
    "micro": PairShape(width=256, layers=2, heads=4),
    "small": PairShape(width=384, layers=4, heads=6),
    "base": PairShape(width=640, layers=8, heads=10),
}
# 0.3 M, 1.2 M, 4.5 M and 18 M
LSTM_SHAPES: Mapping[str, RecurrentShape] = {
    "nano": RecurrentShape(embedding=96, hidden=128, layers=1),
    "micro": RecurrentShape(embedding=128, hidden=256, layers=1),
    "small": RecurrentShape(embedding=256, hidden=512, layers=1),
    "base": RecurrentShape(embedding=384, hidden=768, layers=2),
}
# Fresh pieces lie close together, and the last norm takes back that T5 divides by the root of its width: as most networks
# of today begin. T5's own beginning is made for another optimizer and learns far more slowly with AdamW.
SPREAD = 0.05


def make_rewriter(
    family: str,
    size: str,
    *,
    vocabulary_size: int,
    dropout: float,
    pad_token_id: int = 0,
    eos_token_id: int = 1,
    copies: bool = False,
    unrepeated: int = 0,
) -> PreTrainedModel:
    """Return an untrained network that rewrites; seed torch first to get the same weights twice.

    What it writes begins with the padding token, as T5 does it. `copies`: an LSTM may write pieces of the source as they
    are; `unrepeated`: of how many pieces a run is not written twice, 0 where it may be.
    Example: make_rewriter("t5", "nano", vocabulary_size=4000, dropout=0.1)
    """
    order = Order(
        size=size, vocabulary_size=vocabulary_size, labels=0, max_length=0, dropout=dropout, pad_token_id=pad_token_id,
        eos_token_id=eos_token_id, copies=copies,
    )  # fmt: skip
    net = make_network(FAMILIES, family, order)
    if net.generation_config is None:
        net.config.unrepeated = unrepeated
    elif unrepeated:
        net.generation_config.no_repeat_ngram_size = unrepeated
    return net


def register_rewriters() -> None:
    """Let Transformers' Auto classes open the studio's own rewriter; calling it again changes nothing."""
    AutoConfig.register(RewriterConfig.model_type, RewriterConfig, exist_ok=True)
    AutoModelForSeq2SeqLM.register(RewriterConfig, LSTMForConditionalGeneration, exist_ok=True)


def _make_t5(order: Order) -> PreTrainedModel:
    shape = T5_SHAPES[order.size]
    config = T5Config(
        vocab_size=order.vocabulary_size,
        d_model=shape.width,
        d_kv=shape.width // shape.heads,
        d_ff=4 * shape.width,
        num_layers=shape.layers,
        num_heads=shape.heads,
        dropout_rate=order.dropout,
        pad_token_id=order.pad_token_id,
        eos_token_id=order.eos_token_id,
        decoder_start_token_id=order.pad_token_id,
    )
    net = T5ForConditionalGeneration(config)
    nn.init.normal_(net.shared.weight, std=SPREAD)
    nn.init.constant_(net.decoder.final_layer_norm.weight, math.sqrt(shape.width))
    return net


def _make_lstm(order: Order) -> PreTrainedModel:
    shape = LSTM_SHAPES[order.size]
    config = RewriterConfig(
        vocab_size=order.vocabulary_size,
        embedding_size=shape.embedding,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        dropout=order.dropout,
        pad_token_id=order.pad_token_id,
        eos_token_id=order.eos_token_id,
        decoder_start_token_id=order.pad_token_id,
        copies=order.copies,
    )
    return LSTMForConditionalGeneration(config)


FAMILIES: Mapping[str, Family] = {
    "t5": Family(make=_make_t5, sizes=T5_SHAPES),
    "lstm": Family(make=_make_lstm, sizes=LSTM_SHAPES),
}
