"""Vectors that learn on: rows for words that they lack, and a table of company where they brought none."""

# V words

import torch
from torch import nn

from slm_studio.engine.models.vectors.net import SLMForWordVectors, WordVectorsConfig


@torch.no_grad()
def grown(net: SLMForWordVectors, words: int) -> SLMForWordVectors:
    """Return a net with `words` more words and whole tables; what the old one knew stands in the first rows."""
    old = net.config
    config = WordVectorsConfig(
        vocab_size=old.vocab_size + words, hidden_size=old.hidden_size, objective=old.objective or "skipgram"
    )
    new = SLMForWordVectors(config)
    for name, table in net.named_children():
        assert isinstance(table, nn.Embedding)
        getattr(new, name).weight[: old.vocab_size] = table.weight
    return new
