"""Fresh networks that give a text one vector: two families in four sizes.

    bag   hashed words and parts of words, whose vectors are added up: seconds
    bert  stock BERT from nothing: needs many rows

Numbers stand for the width of a bag's vectors; its table has as many rows as its tokenizer knows features.
"""

from collections.abc import Mapping

from transformers import BertModel, PreTrainedModel

from slm_studio.core.shapes import ShapeOptions
from slm_studio.engine.models.bag import BagConfig
from slm_studio.engine.models.embedding.net import BagForTextVectors
from slm_studio.engine.models.families import ENCODER_SHAPES, Family, Order, bert_config, make_network

# At most, with as many features as the tokenizer holds: 1 M, 8 M, 67 M and 268 M
WIDTHS: Mapping[str, int] = {"nano": 64, "micro": 128, "small": 256, "base": 512}


def make_encoder(
    family: str,
    size: str,
    *,
    vocabulary_size: int,
    dropout: float,
    max_length: int = 0,
    pad_token_id: int = 0,
    width: int | None = None,
) -> PreTrainedModel:
    """Return an untrained network; seed torch first to get the same weights twice.

    `width` is another one of a bag's vectors, `max_length` matters to `bert` alone.
    """
    order = Order(
        size=size, vocabulary_size=vocabulary_size, labels=2, max_length=max_length, dropout=dropout,
        pad_token_id=pad_token_id, wished=ShapeOptions(embedding=width),
    )  # fmt: skip
    return make_network(FAMILIES, family, order)


def _make_bag(order: Order) -> PreTrainedModel:
    width = order.wished.embedding or WIDTHS[order.size]
    config = BagConfig(vocab_size=order.vocabulary_size, hidden_size=width, dropout=order.dropout, weighed=True)
    return BagForTextVectors(config)


def _make_bert(order: Order) -> PreTrainedModel:
    return BertModel(bert_config(order), add_pooling_layer=False)


FAMILIES: Mapping[str, Family] = {
    "bag": Family(make=_make_bag, sizes=WIDTHS),
    "bert": Family(make=_make_bert, sizes=ENCODER_SHAPES),
}
