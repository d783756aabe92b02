"""Fresh networks that answer from a passage: one family in four sizes, which needs no words known beforehand."""

from collections.abc import Mapping

from transformers import AutoConfig, AutoModelForQuestionAnswering, PreTrainedModel

from slm_studio.core.shapes import ShapeOptions
from slm_studio.engine.models.answering.matches import MATCHES
from slm_studio.engine.models.answering.net import LSTMForQuestionAnswering, ReaderConfig
from slm_studio.engine.models.families import Family, Order, RecurrentShape, make_network

# 0.1 M, 0.3 M, 0.9 M and 4.6 M, without the table of features
READER_SHAPES: Mapping[str, RecurrentShape] = {
    "nano": RecurrentShape(embedding=32, hidden=96, layers=1),
    "micro": RecurrentShape(embedding=64, hidden=192, layers=1),
    "small": RecurrentShape(embedding=96, hidden=256, layers=2),
    "base": RecurrentShape(embedding=192, hidden=512, layers=2),
}
# How many features a vocabulary holds at most
MOST_FEATURES: Mapping[str, int] = {"nano": 20_000, "micro": 40_000, "small": 80_000, "base": 160_000}


def make_reader(
    family: str, size: str, *, vocabulary_size: int, slots: int, dropout: float, embedding: int | None = None
) -> PreTrainedModel:
    """Return an untrained reader; seed torch first to get the same weights twice. `embedding` is another width of its table."""
    order = Order(
        size=size, vocabulary_size=vocabulary_size, labels=2, slots=slots, max_length=0, dropout=dropout, pad_token_id=0,
        wished=ShapeOptions(embedding=embedding),
    )  # fmt: skip
    return make_network(FAMILIES, family, order)


def register_readers() -> None:
    """Let Transformers' Auto classes open the studio's own reader; calling it again changes nothing."""
    AutoConfig.register(ReaderConfig.model_type, ReaderConfig, exist_ok=True)
    AutoModelForQuestionAnswering.register(ReaderConfig, LSTMForQuestionAnswering, exist_ok=True)


def _make_lstm(order: Order) -> PreTrainedModel:
    shape = READER_SHAPES[order.size]
    config = ReaderConfig(
        vocab_size=order.vocabulary_size,
        slots=order.slots,
        matches=MATCHES,
        embedding_size=order.wished.embedding or shape.embedding,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        dropout=order.dropout,
    )
    return LSTMForQuestionAnswering(config)


FAMILIES: Mapping[str, Family] = {"lstm": Family(make=_make_lstm, sizes=READER_SHAPES)}
