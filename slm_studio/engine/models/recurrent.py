"""A recurrent classifier: a bidirectional LSTM reads the text, its strongest and its attended moments decide.

Saved folders are Transformers folders of the type “slm-lstm”. Elsewhere they open with

    from slm_studio.engine.models.recurrent import LSTMForSequenceClassification
    net = LSTMForSequenceClassification.from_pretrained(folder)

or, after `slm_studio.engine.models.classifiers.register_families()`, with AutoModelForSequenceClassification.
"""

# B rows, T tokens, E width of an embedding, H width of both directions together, L labels

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from transformers import PreTrainedConfig, PreTrainedModel
from transformers import initialization as init
from transformers.modeling_outputs import SequenceClassifierOutput


class RecurrentConfig(PreTrainedConfig):
    """Hold the shape of a recurrent network."""

    model_type = "slm-lstm"

    def __init__(
        self,
        vocab_size: int = 8000,
        embedding_size: int = 128,
        hidden_size: int = 256,
        num_hidden_layers: int = 1,
        bidirectional: bool = True,
        dropout: float = 0.5,
        pad_token_id: int = 0,
        **kwargs: object,
    ) -> None:
        """Take the shape; `hidden_size` is the width of both directions together."""
        super().__init__(**kwargs)
        self.pad_token_id = pad_token_id
        self.vocab_size = vocab_size
        self.embedding_size = embedding_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.bidirectional = bidirectional
        self.dropout = dropout


class RecurrentPreTrainedModel(PreTrainedModel):
    """Say how recurrent networks begin."""

    config_class = RecurrentConfig
    base_model_prefix = "reader"

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Embedding):
            init.normal_(module.weight, std=0.1)
            if module.padding_idx is not None and not getattr(module.weight, "_is_hf_initialized", False):
                init.zeros_(module.weight[module.padding_idx])
        elif isinstance(module, nn.Linear):
            init.xavier_uniform_(module.weight)
            if module.bias is not None:
                init.zeros_(module.bias)
        elif isinstance(module, nn.LSTM):
            begin_lstm(module)


class RecurrentModel(RecurrentPreTrainedModel):
    """Read token ids and return what the LSTM makes of every position."""

    def __init__(self, config: RecurrentConfig) -> None:
        """Make embeddings and layers."""
        super().__init__(config)
        directions = 2 if config.bidirectional else 1
        self.embeddings = nn.Embedding(config.vocab_size, config.embedding_size, padding_idx=config.pad_token_id)
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = nn.LSTM(
            config.embedding_size,
            config.hidden_size // directions,
            config.num_hidden_layers,
            batch_first=True,
            bidirectional=config.bidirectional,
            dropout=config.dropout if config.num_hidden_layers > 1 else 0.0,
        )
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """Return the table of embeddings."""
        return self.embeddings

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the table of embeddings."""
        self.embeddings = value

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return hidden_BTH; padding stands on the right, and what stands there is 0."""
        embedded_BTE = self.dropout(self.embeddings(input_ids))
        # Packed, the backward direction begins at the last token of each row, however much padding follows.
        lengths_B = attention_mask.sum(1).clamp(min=1).cpu()
        packed = pack_padded_sequence(embedded_BTE, lengths_B, batch_first=True, enforce_sorted=False)
        hidden, _ = self.lstm(packed)
        hidden_BTH, _ = pad_packed_sequence(hidden, batch_first=True, total_length=input_ids.shape[1])
        return hidden_BTH


class LSTMForSequenceClassification(RecurrentPreTrainedModel):
    """Classify a text by the maximum and the attended mean of a bidirectional LSTM's positions."""

    def __init__(self, config: RecurrentConfig) -> None:
        """Make the reader and the head."""
        super().__init__(config)
        self.num_labels = config.num_labels
        self.reader = RecurrentModel(config)
        self.attention = nn.Linear(config.hidden_size, 1)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(2 * config.hidden_size, config.num_labels)
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
        """Return maximum and attended mean side by side [B, 2H]."""
        outside_BT = ~mask_BT
        outside_BT[:, 0] = False  # an empty text is one padding token, lest the softmax divide by nothing
        scores_BT = self.attention(hidden_BTH).squeeze(-1)
        scores_BT = scores_BT.masked_fill(outside_BT, torch.finfo(scores_BT.dtype).min)  # bf16 where hidden is fp32
        attended_BH = (scores_BT.softmax(-1)[:, None, :] @ hidden_BTH).squeeze(1)
        strongest_BH = hidden_BTH.masked_fill(outside_BT[..., None], torch.finfo(hidden_BTH.dtype).min).amax(1)
        return torch.cat([strongest_BH, attended_BH], dim=-1)


def begin_lstm(lstm: nn.LSTM) -> None:
    """Start with orthogonal recurrences and open forget gates.

    Source: Jozefowicz et al. 2015, https://proceedings.mlr.press/v37/jozefowicz15.html
    """
    for name, parameter in lstm.named_parameters():
        if getattr(parameter, "_is_hf_initialized", False):
            continue
        if "weight_ih" in name:
            init.xavier_uniform_(parameter)
        elif "weight_hh" in name:
            for gate in parameter.chunk(4):
                init.orthogonal_(gate)
        elif "bias_ih" in name:
            init.zeros_(parameter)
            init.ones_(parameter.chunk(4)[1])  # PyTorch's order: input, forget, cell, output
        else:
            init.zeros_(parameter)
