"""Fresh networks that tag words: two families in four sizes.

    lstm  features of each word, a bidirectional LSTM, a chain over the tags: minutes, also on a few thousand sentences
    bert  stock BERT from nothing: needs many rows

Numbers stand for parameters without the table of features or pieces, whose size the vocabulary decides.
"""

from collections.abc import Mapping, Sequence

from transformers import AutoConfig, AutoModelForTokenClassification, BertForTokenClassification, PreTrainedModel

from slm_studio.core.shapes import ShapeOptions
from slm_studio.engine.models.families import (
    ENCODER_SHAPES,
    Family,
    Order,
    RecurrentShape,
    bert_config,
    make_network,
)
from slm_studio.engine.models.tagging import LSTMForTokenClassification, TaggerConfig

# 0.1 M, 0.3 M, 0.7 M and 5.9 M
TAGGER_SHAPES: Mapping[str, RecurrentShape] = {
    "nano": RecurrentShape(embedding=48, hidden=160, layers=1),
    "micro": RecurrentShape(embedding=64, hidden=256, layers=1),
    "small": RecurrentShape(embedding=128, hidden=400, layers=1),
    "base": RecurrentShape(embedding=192, hidden=768, layers=2),
}
# How many features a vocabulary holds at most
MOST_FEATURES: Mapping[str, int] = {"nano": 20_000, "micro": 40_000, "small": 80_000, "base": 160_000}


def make_tagger(
    family: str,
    size: str,
    *,
    vocabulary_size: int,
    labels: Sequence[str],
    dropout: float,
    slots: int = 0,
    max_length: int = 0,
    pad_token_id: int = 0,
    embedding: int | None = None,
) -> PreTrainedModel:
    """Return an untrained tagger that knows its labels by name; seed torch first to get the same weights twice.

    `slots` (of its WordTokenizer) and `embedding` (another width of it) matter to `lstm` alone, `max_length` in pieces and
    `pad_token_id` to `bert` alone.
    Example: make_tagger("lstm", "micro", vocabulary_size=len(tokenizer), labels=["O", "B-x", "I-x"], dropout=0.5, slots=32)
    """
    order = Order(
        size=size, vocabulary_size=vocabulary_size, labels=len(labels), slots=slots, max_length=max_length,
        dropout=dropout, pad_token_id=pad_token_id, wished=ShapeOptions(embedding=embedding),
    )  # fmt: skip
    net = make_network(FAMILIES, family, order)
    net.config.id2label = dict(enumerate(labels))
    net.config.label2id = {label: place for place, label in enumerate(labels)}
    return net


def register_taggers() -> None:
    """Let Transformers' Auto classes open the studio's own tagger; calling it again changes nothing."""
    AutoConfig.register(TaggerConfig.model_type, TaggerConfig, exist_ok=True)
    AutoModelForTokenClassification.register(TaggerConfig, LSTMForTokenClassification, exist_ok=True)


def _make_lstm(order: Order) -> PreTrainedModel:
    shape = TAGGER_SHAPES[order.size]
    config = TaggerConfig(
        vocab_size=order.vocabulary_size,
        slots=order.slots,
        embedding_size=order.wished.embedding or shape.embedding,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        dropout=order.dropout,
        num_labels=order.labels,
    )
    return LSTMForTokenClassification(config)


def _make_bert(order: Order) -> PreTrainedModel:
    return BertForTokenClassification(bert_config(order))


FAMILIES: Mapping[str, Family] = {
    "lstm": Family(make=_make_lstm, sizes=TAGGER_SHAPES),
    "bert": Family(make=_make_bert, sizes=ENCODER_SHAPES),
}
