"""Recurrent classifiers: LSTM, GRU or Elman cells read the text, their strongest and attended moments decide, or the last one.

Saved folders are Transformers folders of the type “slm-lstm”, “slm-gru” or “slm-rnn”. Elsewhere they open with

    from slm_studio.engine.models.recurrent import LSTMForSequenceClassification
    net = LSTMForSequenceClassification.from_pretrained(folder)

or, after `slm_studio.engine.models.classifiers.register_families()`, with AutoModelForSequenceClassification.
"""

# B rows, T tokens, E width of an embedding, H width of both directions together, L labels

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from slm_studio.engine.models.beginning import begin
from slm_studio.engine.models.cells import (
    ACTIVATIONS,
    Cell,
    Loop,
    is_of_the_library,
    make_layers,
    read,
)
from slm_studio.engine.models.decisions import Decision

READOUTS = ("attended", "last")


class RecurrentConfig(PreTrainedConfig):
    """Hold the shape of a recurrent network of LSTM cells; those of other cells differ in their type alone."""

    model_type = "slm-lstm"
    cell: ClassVar[Cell] = "lstm"

    def __init__(
        self,
        vocab_size: int = 8000,
        embedding_size: int = 128,
        hidden_size: int = 256,
        num_hidden_layers: int = 1,
        bidirectional: bool = True,
        dropout: float = 0.5,
        pad_token_id: int = 0,
        hidden_sizes: Sequence[int] | None = None,
        readout: str = "attended",
        activation: str = "tanh",
        single_output: bool = False,
        **kwargs: object,
    ) -> None:
        """Take the shape; `hidden_size` is the width of both directions together, in each of `num_hidden_layers`.

        `hidden_sizes` are the widths of stacked layers instead, of one direction each. What decides is the maximum and
        an attended mean of all positions, or where each direction ends. `single_output`: one sigmoid for two labels.
        """
        super().__init__(**kwargs)
        if readout not in READOUTS or activation not in ACTIVATIONS or (hidden_sizes and min(hidden_sizes) < 1):
            raise ValueError(f"no such shape: {readout}, {activation}, {hidden_sizes}")
        self.pad_token_id = pad_token_id
        self.vocab_size = vocab_size
        self.embedding_size = embedding_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.bidirectional = bidirectional
        self.dropout = dropout
        self.readout = readout
        self.activation = activation
        self.single_output = single_output
        self.hidden_sizes = list(hidden_sizes) if hidden_sizes else None
        if hidden_sizes:
            self.hidden_size = hidden_sizes[-1] * self.directions
            self.num_hidden_layers = len(hidden_sizes)

    @property
    def directions(self) -> int:
        """Return how many ways a text is read."""
        return 2 if self.bidirectional else 1

    @property
    def widths(self) -> list[int]:
        """Return the widths of the layers, of one direction each."""
        return self.hidden_sizes or [self.hidden_size // self.directions] * self.num_hidden_layers


class GRUConfig(RecurrentConfig):
    """Hold the shape of a network of GRU cells."""

    model_type = "slm-gru"
    cell: ClassVar[Cell] = "gru"
    __init__ = RecurrentConfig.__init__  # without one of its own, Transformers makes one that knows no shape


class ElmanConfig(RecurrentConfig):
    """Hold the shape of a network of Elman's cells: the state is what comes in and the state of before, squashed."""

    model_type = "slm-rnn"
    cell: ClassVar[Cell] = "rnn"
    __init__ = RecurrentConfig.__init__  # without one of its own, Transformers makes one that knows no shape


class RecurrentPreTrainedModel(PreTrainedModel):
    """Say how recurrent networks begin."""

    config_class = RecurrentConfig
    base_model_prefix = "reader"

    def _init_weights(self, module: nn.Module) -> None:
        begin(module)


class RecurrentModel(RecurrentPreTrainedModel):
    """Read token ids and return what the layers make of every position."""

    def __init__(self, config: RecurrentConfig) -> None:
        """Make embeddings and layers: the library's in one, or a stack where it has no such layers."""
        super().__init__(config)
        self.embeddings = nn.Embedding(config.vocab_size, config.embedding_size, padding_idx=config.pad_token_id)
        self.dropout = nn.Dropout(config.dropout)
        if config.hidden_sizes is None and is_of_the_library(config.cell, config.activation):
            layers = make_layers(
                config.cell, config.activation, config.embedding_size, config.widths[0], layers=config.num_hidden_layers,
                bidirectional=config.bidirectional, dropout=config.dropout,
            )  # fmt: skip
            setattr(self, config.cell, layers)  # the names of the tensors say what they are: reader.lstm.weight_ih_l0
        else:
            self.layers = nn.ModuleList(_stack(config))
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """Return the table of embeddings."""
        return self.embeddings

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the table of embeddings."""
        self.embeddings = value

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return hidden_BTH; padding stands on the right, and what stands there is 0."""
        hidden_BTH = self.dropout(self.embeddings(input_ids))
        if not hasattr(self, "layers"):
            return read(getattr(self, self.config.cell), hidden_BTH, attention_mask)
        for place, layer in enumerate(self.layers):
            hidden_BTH = read(layer, self.dropout(hidden_BTH) if place else hidden_BTH, attention_mask)
        return hidden_BTH


class LSTMForSequenceClassification(RecurrentPreTrainedModel):
    """Classify a text by what an LSTM makes of it."""

    def __init__(self, config: RecurrentConfig) -> None:
        """Make the reader and the head."""
        super().__init__(config)
        self.num_labels = config.num_labels
        self.reader = RecurrentModel(config)
        if config.readout == "attended":
            self.attention = nn.Linear(config.hidden_size, 1)
        self.dropout = nn.Dropout(config.dropout)
        read_out = 2 * config.hidden_size if config.readout == "attended" else config.hidden_size
        self.classifier = Decision(read_out, config.num_labels, single=config.single_output)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        **kwargs: object,
    ) -> SequenceClassifierOutput:
        """Return logits_BL, and the mean cross-entropy where labels are given."""
        mask_BT = (input_ids != self.config.pad_token_id) if attention_mask is None else attention_mask.bool()
        hidden_BTH = self.reader(input_ids, mask_BT)
        logits_BL = self.classifier(self.dropout(self._pool(hidden_BTH, mask_BT)))
        loss = None if labels is None else functional.cross_entropy(logits_BL.float(), labels)
        return SequenceClassifierOutput(loss=loss, logits=logits_BL)

    def _pool(self, hidden_BTH: Tensor, mask_BT: Tensor) -> Tensor:
        """Return maximum and attended mean side by side [B, 2H], or where each direction ends [B, H]."""
        if self.config.readout == "last":
            return self._ends(hidden_BTH, mask_BT)
        outside_BT = ~mask_BT
        outside_BT[:, 0] = False  # an empty text is one padding token, lest the softmax divide by nothing
        scores_BT = self.attention(hidden_BTH).squeeze(-1)
        scores_BT = scores_BT.masked_fill(outside_BT, torch.finfo(scores_BT.dtype).min)  # bf16 where hidden is fp32
        attended_BH = (scores_BT.softmax(-1)[:, None, :] @ hidden_BTH).squeeze(1)
        strongest_BH = hidden_BTH.masked_fill(outside_BT[..., None], torch.finfo(hidden_BTH.dtype).min).amax(1)
        return torch.cat([strongest_BH, attended_BH], dim=-1)

    def _ends(self, hidden_BTH: Tensor, mask_BT: Tensor) -> Tensor:
        """Return the last state of each direction: forwards at the last token, backwards at the first."""
        last_B = (mask_BT.sum(1) - 1).clamp(min=0)
        forwards_BH = hidden_BTH[torch.arange(len(last_B), device=last_B.device), last_B]
        if not self.config.bidirectional:
            return forwards_BH
        width = self.config.widths[-1]
        return torch.cat([forwards_BH[:, :width], hidden_BTH[:, 0, width:]], dim=-1)


class GRUForSequenceClassification(LSTMForSequenceClassification):
    """Classify a text by what a GRU makes of it."""

    config_class = GRUConfig


class ElmanForSequenceClassification(LSTMForSequenceClassification):
    """Classify a text by what Elman's network makes of it."""

    config_class = ElmanConfig


def _stack(config: RecurrentConfig) -> list[nn.Module]:
    """Return layers one by one, each of its own width."""
    inputs = [config.embedding_size, *(width * config.directions for width in config.widths)]
    more = {"bidirectional": config.bidirectional}
    if is_of_the_library(config.cell, config.activation):
        return [
            make_layers(config.cell, config.activation, *pair, **more)
            for pair in zip(inputs, config.widths, strict=False)
        ]
    return [Loop(config.cell, config.activation, *pair, **more) for pair in zip(inputs, config.widths, strict=False)]
