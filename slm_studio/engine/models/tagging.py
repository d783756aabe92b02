"""A tagger from scratch: features of each word, a bidirectional LSTM over the sentence, a chain over its tags.

Saved folders are Transformers folders of the type “slm-tagger” with a word_features.json beside the weights. Elsewhere:

    from slm_studio.engine.models.tagging import LSTMForTokenClassification, WordTokenizer
    net, tokenizer = LSTMForTokenClassification.from_pretrained(folder), WordTokenizer.from_pretrained(folder)
    emissions = net(**tokenizer([["I", "live", "in", "Berlin"]], return_tensors="pt")).logits
    tags = viterbi(emissions, mask, net.chain())

Sources: Huang et al. 2015, https://arxiv.org/abs/1508.01991; Lample et al. 2016, https://arxiv.org/abs/1603.01360
"""

# B rows, T words, F slots for features of a word, E width of an embedding, H width of both directions together, L labels

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from transformers import PreTrainedConfig, PreTrainedModel
from transformers import initialization as init
from transformers.modeling_outputs import TokenClassifierOutput

from slm_studio.engine.models.beginning import begin
from slm_studio.engine.models.crf import CRF, Chain
from slm_studio.engine.models.word_features import PADDING, SPREAD, UNKNOWN, WordTokenizer

__all__ = ["LSTMForTokenClassification", "TaggerConfig", "WordTokenizer"]


class TaggerConfig(PreTrainedConfig):
    """Hold the shape of a tagger."""

    model_type = "slm-tagger"

    def __init__(
        self,
        vocab_size: int = 30_000,
        slots: int = 32,
        embedding_size: int = 64,
        hidden_size: int = 256,
        num_hidden_layers: int = 1,
        dropout: float = 0.5,
        **kwargs: object,
    ) -> None:
        """Take the shape; `hidden_size` is the width of both directions together."""
        super().__init__(**kwargs)
        self.pad_token_id = PADDING
        self.vocab_size = vocab_size
        self.slots = slots
        self.embedding_size = embedding_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.dropout = dropout


class LSTMForTokenClassification(PreTrainedModel):
    """Tag words by what they are, what stands around them, and which tags follow each other."""

    config_class = TaggerConfig
    base_model_prefix = "lstm"

    def __init__(self, config: TaggerConfig) -> None:
        """Make table, layers, head and chain."""
        super().__init__(config)
        self.num_labels = config.num_labels
        self.embeddings = nn.Embedding(config.vocab_size, config.embedding_size, padding_idx=PADDING)
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = nn.LSTM(
            2 * config.embedding_size,
            config.hidden_size // 2,
            config.num_hidden_layers,
            batch_first=True,
            bidirectional=True,
            dropout=config.dropout if config.num_hidden_layers > 1 else 0.0,
        )
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.crf = CRF(config.num_labels)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        **kwargs: object,
    ) -> TokenClassifierOutput:
        """Return logits_BTL of feature ids [B, T·F], and the chain's loss in nats a word where labels are given."""
        ids_BTF = input_ids.view(len(input_ids), -1, self.config.slots)
        mask_BT = (ids_BTF[..., 0] != PADDING) if attention_mask is None else attention_mask.bool()
        embedded_BTE = self.dropout(self._embed(ids_BTF))
        # Packed, the way back begins at the last word of each row, however much padding follows.
        lengths_B = mask_BT.sum(1).clamp(min=1).cpu()
        packed = pack_padded_sequence(embedded_BTE, lengths_B, batch_first=True, enforce_sorted=False)
        hidden, _ = self.lstm(packed)
        hidden_BTH, _ = pad_packed_sequence(hidden, batch_first=True, total_length=ids_BTF.shape[1])
        logits_BTL = self.classifier(self.dropout(hidden_BTH)).float()
        loss = None if labels is None else self.crf(logits_BTL, labels, mask_BT)
        return TokenClassifierOutput(loss=loss, logits=logits_BTL)

    def chain(self) -> Chain:
        """Return which tags follow each other."""
        return self.crf.chain()

    def get_input_embeddings(self) -> nn.Module:
        """Return the table of embeddings."""
        return self.embeddings

    def _embed(self, ids_BTF: Tensor) -> Tensor:
        """Return the word, and the sum of its other features over the root of their number, side by side [B, T, 2E]."""
        words_BT, others_NF = ids_BTF[..., 0], ids_BTF[..., 1:].flatten(0, 1)
        kept_NF = others_NF != PADDING
        if self.training and self.config.dropout:
            # A word's own row is the easiest thing to learn by heart: now and then it must be told by its parts.
            hidden_BT = self._chosen(words_BT) & (words_BT != PADDING)
            words_BT = words_BT.masked_fill(hidden_BT, UNKNOWN)
            kept_NF = kept_NF & ~self._chosen(others_NF)
        counts_N = kept_NF.sum(1)
        # One flat list of features: empty slots, which are most, cost nothing.
        sums_NE = functional.embedding_bag(
            others_NF[kept_NF], self.embeddings.weight, counts_N.cumsum(0) - counts_N, mode="sum"
        )
        parts_NE = sums_NE * counts_N[:, None].clamp(min=1).rsqrt().to(sums_NE.dtype)
        return torch.cat([self.embeddings(words_BT), parts_NE.view(*words_BT.shape, -1)], dim=-1)

    def _chosen(self, ids: Tensor) -> Tensor:
        """Return a random choice of half the dropout's share."""
        return torch.rand(ids.shape, device=ids.device) < self.config.dropout / 2

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        begin(module, SPREAD)
        if isinstance(module, CRF):
            for parameter in module.parameters():
                init.zeros_(parameter)
