"""Fresh networks that classify: families in four sizes.

    bag     hashed words, pairs and parts of words: a linear model and averaged vectors side by side: seconds, hard to beat
    linear  the same features, a linear model alone: the classic
    cnn     filters over three to five word pieces, their strongest finds: quick
    rnn     Elman's net over word pieces, in both directions; gru and lstm the same with gates: minutes
    bert    stock BERT from nothing: needs many rows

Numbers stand for parameters without the table of words, whose size the vocabulary decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    BertForSequenceClassification,
    PreTrainedModel,
)

from slm_studio.core.shapes import ShapeOptions
from slm_studio.engine.models.bag import BagConfig, BagForSequenceClassification
from slm_studio.engine.models.convolution import CNNForSequenceClassification, ConvolutionConfig
from slm_studio.engine.models.families import (
    ENCODER_SHAPES,
    Family,
    Order,
    RecurrentShape,
    bert_config,
    make_network,
)
from slm_studio.engine.models.recurrent import (
    ElmanConfig,
    ElmanForSequenceClassification,
    GRUConfig,
    GRUForSequenceClassification,
    LSTMForSequenceClassification,
    RecurrentConfig,
)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterShape:
    """Say how wide the embeddings of a convolutional net are, and how many filters of each width it has."""

    embedding: int
    filters: int


# 0.07 M, 0.15 M, 0.36 M (Kim's own) and 1.2 M
FILTER_SHAPES: Mapping[str, FilterShape] = {
    "nano": FilterShape(embedding=96, filters=64),
    "micro": FilterShape(embedding=128, filters=100),
    "small": FilterShape(embedding=300, filters=100),
    "base": FilterShape(embedding=384, filters=256),
}

# LSTM: 0.11 M, 0.5 M, 2.6 M and 10 M; GRU: 0.09 M, 0.37 M, 2 M and 7.5 M; Elman: 0.03 M, 0.13 M, 0.66 M and 2.5 M
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
    wished: ShapeOptions | None = None,
) -> PreTrainedModel:
    """Return an untrained classifier; seed torch first to get the same weights twice.

    `max_length` is the longest text in tokens (only `bert` has a limit); `wished` is what shall differ from the size's
    own shape, where the family has such a thing. Example: make_classifier("bert", "nano", vocabulary_size=8000, labels=2, max_length=64, …)
    """
    order = Order(
        size=size, vocabulary_size=vocabulary_size, labels=labels, max_length=max_length, dropout=dropout,
        pad_token_id=pad_token_id, wished=wished or ShapeOptions(),
    )  # fmt: skip
    return make_network(FAMILIES, family, order)


def register_families() -> None:
    """Let Transformers' Auto classes open the studio's own networks; calling it again changes nothing."""
    for config, net in (
        (BagConfig, BagForSequenceClassification),
        (ConvolutionConfig, CNNForSequenceClassification),
        *RECURRENT.values(),
    ):
        AutoConfig.register(config.model_type, config, exist_ok=True)
        AutoModelForSequenceClassification.register(config, net, exist_ok=True)


def _make_bag(order: Order) -> PreTrainedModel:
    """Margins become logits, and logits that learnt by heart are damped: about what held-out rows ask for, on nine datasets."""
    width = order.wished.embedding or BAG_SHAPES[order.size].width
    ways = {"direct_gain": 1.5, "deep_gain": 0.4, "deep_scale": 6.0, "direct_rate": 2.0}
    return _bag(order, hidden_size=width, dropout=order.dropout, **ways)


def _make_linear(order: Order) -> PreTrainedModel:
    return _bag(order, hidden_size=0, direct_gain=1.5)


def _bag(order: Order, **shape: float) -> PreTrainedModel:
    config = BagConfig(vocab_size=order.vocabulary_size, num_labels=order.labels, weighed=True, **shape)  # type: ignore[arg-type]
    return BagForSequenceClassification(config)


def _make_cnn(order: Order) -> PreTrainedModel:
    shape, wished = FILTER_SHAPES[order.size], order.wished
    config = ConvolutionConfig(
        vocab_size=order.vocabulary_size,
        embedding_size=wished.embedding or shape.embedding,
        filters=shape.filters,
        dropout=order.dropout,
        pad_token_id=order.pad_token_id,
        single_output=wished.output == "sigmoid",
        num_labels=order.labels,
    )
    return CNNForSequenceClassification(config)


def _make_recurrent(cell: str, order: Order) -> PreTrainedModel:
    shape, wished = RECURRENT_SHAPES[order.size], order.wished
    kind, net = RECURRENT[cell]
    config = kind(
        vocab_size=order.vocabulary_size,
        embedding_size=wished.embedding or shape.embedding,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        hidden_sizes=wished.layers or None,
        bidirectional=wished.directions == "both",
        readout=wished.readout,
        activation=wished.activation,
        dropout=order.dropout,
        pad_token_id=order.pad_token_id,
        single_output=wished.output == "sigmoid",
        num_labels=order.labels,
    )
    return net(config)


def _make_bert(order: Order) -> PreTrainedModel:
    return BertForSequenceClassification(bert_config(order))


# cell → its config and its net
RECURRENT: Mapping[str, tuple[type[RecurrentConfig], type[LSTMForSequenceClassification]]] = {
    "rnn": (ElmanConfig, ElmanForSequenceClassification),
    "gru": (GRUConfig, GRUForSequenceClassification),
    "lstm": (RecurrentConfig, LSTMForSequenceClassification),
}
FAMILIES: Mapping[str, Family] = {
    "bag": Family(make=_make_bag, sizes=BAG_SHAPES),
    "linear": Family(make=_make_linear, sizes=BAG_SHAPES),
    "cnn": Family(make=_make_cnn, sizes=FILTER_SHAPES),
    **{cell: Family(make=partial(_make_recurrent, cell), sizes=RECURRENT_SHAPES) for cell in RECURRENT},
    "bert": Family(make=_make_bert, sizes=ENCODER_SHAPES),
}
