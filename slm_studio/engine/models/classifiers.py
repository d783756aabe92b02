"""Fresh networks that classify, in four sizes.

    bag     hashed words and parts of words, a linear model and averaged vectors side by side: seconds, hard to beat
    linear  the same features, a linear model alone: the classic
    lstm    bidirectional LSTM over word pieces: minutes
    bert    stock BERT from nothing: needs many rows

Numbers stand for parameters without the table of words, whose size the vocabulary decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    BertForSequenceClassification,
    PreTrainedModel,
)

from slm_studio.engine.models.bag import BagConfig, BagForSequenceClassification
from slm_studio.engine.models.families import (
    ENCODER_SHAPES,
    Family,
    Order,
    RecurrentShape,
    bert_config,
    make_network,
)
from slm_studio.engine.models.recurrent import LSTMForSequenceClassification, RecurrentConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class BagShape:
    """Say how wide a bag is; its tokenizer knows the number of features."""

    width: int


# At most, with as many features as the tokenizer holds: 0.5 M, 2.1 M, 16.8 M and 67 M
BAG_SHAPES: Mapping[str, BagShape] = {
    "nano": BagShape(width=32),
    "micro": BagShape(width=32),
    "small": BagShape(width=64),
    "base": BagShape(width=128),
}

# 0.13 M, 0.5 M, 2.4 M and 9 M
RECURRENT_SHAPES: Mapping[str, RecurrentShape] = {
    "nano": RecurrentShape(embedding=96, hidden=160, layers=1),
    "micro": RecurrentShape(embedding=128, hidden=384, layers=1),
    "small": RecurrentShape(embedding=256, hidden=512, layers=2),
    "base": RecurrentShape(embedding=384, hidden=1024, layers=2),
}


def make_classifier(
    family: str,
    size: str,
    *,
    vocabulary_size: int,
    labels: int,
    max_length: int,
    dropout: float,
    pad_token_id: int,
) -> PreTrainedModel:
    """Return an untrained classifier; seed torch first to get the same weights twice.

    `max_length` is the longest text in tokens (only `bert` has a limit). Example: make_classifier("bert", "nano", vocabulary_size=8000, labels=2, max_length=64, …)
    """
    order = Order(
        size=size, vocabulary_size=vocabulary_size, labels=labels, max_length=max_length, dropout=dropout,
        pad_token_id=pad_token_id,
    )  # fmt: skip
    return make_network(FAMILIES, family, order)


def register_families() -> None:
    """Let Transformers' Auto classes open the studio's own networks; calling it again changes nothing."""
    for config, net in (
        (BagConfig, BagForSequenceClassification),
        (RecurrentConfig, LSTMForSequenceClassification),
    ):
        AutoConfig.register(config.model_type, config, exist_ok=True)
        AutoModelForSequenceClassification.register(config, net, exist_ok=True)


def _make_bag(order: Order) -> PreTrainedModel:
    """Margins become logits, and logits that learnt by heart are damped: about what held-out rows ask for, on nine datasets."""
    width = BAG_SHAPES[order.size].width
    ways = {"direct_gain": 1.5, "deep_gain": 0.4, "deep_scale": 6.0, "direct_rate": 1000.0}
    return _bag(order, hidden_size=width, dropout=order.dropout, **ways)


def _make_linear(order: Order) -> PreTrainedModel:
    return _bag(order, hidden_size=0, direct_gain=1.5)


def _bag(order: Order, **shape: float) -> PreTrainedModel:
    config = BagConfig(vocab_size=order.vocabulary_size, num_labels=order.labels, weighed=True, **shape)  # type: ignore[arg-type]
    return BagForSequenceClassification(config)


def _make_lstm(order: Order) -> PreTrainedModel:
    shape = RECURRENT_SHAPES[order.size]
    config = RecurrentConfig(
        vocab_size=order.vocabulary_size,
        embedding_size=shape.embedding,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        dropout=order.dropout,
        pad_token_id=order.pad_token_id,
        num_labels=order.labels,
    )
    return LSTMForSequenceClassification(config)


def _make_bert(order: Order) -> PreTrainedModel:
    return BertForSequenceClassification(bert_config(order))


FAMILIES: Mapping[str, Family] = {
    "bag": Family(make=_make_bag, sizes=BAG_SHAPES),
    "linear": Family(make=_make_linear, sizes=BAG_SHAPES),
    "lstm": Family(make=_make_lstm, sizes=RECURRENT_SHAPES),
    "bert": Family(make=_make_bert, sizes=ENCODER_SHAPES),
}
