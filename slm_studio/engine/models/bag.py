"""A bag of words: hashed words and parts of words, added up into one vector, one linear layer on top.

It knows nothing of order beyond word pairs, learns in seconds, and on short texts few networks beat it. In the spirit
of fastText (Joulin et al. 2016, https://arxiv.org/abs/1607.01759) and of feature hashing (Weinberger et al. 2009).

Saved folders are Transformers folders of the type “slm-bag” with a bag_tokenizer.json beside the weights. Elsewhere:

    from slm_studio.engine.models.bag import BagForSequenceClassification, BagTokenizer
    net, tokenizer = BagForSequenceClassification.from_pretrained(folder), BagTokenizer.from_pretrained(folder)
    logits = net(**tokenizer(["Where is my card?"], return_tensors="pt")).logits
"""

# B rows, T features of the longest row, D width, L labels

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedConfig, PreTrainedModel
from transformers import initialization as init
from transformers.modeling_outputs import SequenceClassifierOutput

from slm_studio.engine.models.features import BagTokenizer

__all__ = ["BagConfig", "BagForSequenceClassification", "BagTokenizer"]
PADDING = 0


class BagConfig(PreTrainedConfig):
    """Hold the shape of a bag: `buckets` rows of `hidden_size` numbers."""

    model_type = "slm-bag"

    def __init__(
        self,
        buckets: int = 1 << 17,
        hidden_size: int = 64,
        dropout: float = 0.3,
        **kwargs: object,
    ) -> None:
        """Take the shape; `dropout` is the share of features, and of the vector they make, hidden while learning."""
        super().__init__(**kwargs)
        self.pad_token_id = PADDING
        self.buckets = buckets
        self.hidden_size = hidden_size
        self.dropout = dropout

    @property
    def vocab_size(self) -> int:
        """Return the number of buckets, by the name that Transformers gives it."""
        return self.buckets


class BagForSequenceClassification(PreTrainedModel):
    """Classify a text by the sum of its features' vectors, divided by the root of their number."""

    config_class = BagConfig
    base_model_prefix = "table"

    def __init__(self, config: BagConfig) -> None:
        """Make table and head."""
        super().__init__(config)
        self.num_labels = config.num_labels
        # A step touches some thousand of the rows: sparse gradients leave the others alone.
        self.table = nn.EmbeddingBag(config.buckets, config.hidden_size, mode="sum", sparse=True, padding_idx=PADDING)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        **kwargs: object,
    ) -> SequenceClassifierOutput:
        """Return logits_BL of hashed features [B, T] (0 is padding), and the mean cross-entropy where labels are given."""
        hidden_BD = self._sum(input_ids, input_ids != PADDING)
        logits_BL = self.classifier(self.dropout(hidden_BD))
        loss = None if labels is None else functional.cross_entropy(logits_BL.float(), labels)
        return SequenceClassifierOutput(loss=loss, logits=logits_BL)

    def get_input_embeddings(self) -> nn.Module:
        """Return the table."""
        return self.table

    def _sum(self, input_ids: Tensor, kept_BT: Tensor) -> Tensor:
        """Return hidden_BD. While learning, a random share of the features is left out and the others count for more."""
        scale_B1 = kept_BT.sum(1, keepdim=True).clamp(min=1).rsqrt()
        if self.training and self.config.dropout:
            kept_BT = kept_BT & (torch.rand(kept_BT.shape, device=kept_BT.device) >= self.config.dropout)
            scale_B1 = scale_B1 / (1 - self.config.dropout)
        counts_B = kept_BT.sum(1)
        # One flat list of features [N]: neither padding nor what was left out costs anything.
        sums_BD: Tensor = self.table(input_ids[kept_BT], counts_B.cumsum(0) - counts_B)
        return sums_BD * scale_B1.to(sums_BD.dtype)

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.EmbeddingBag):
            # Near 0: a bucket that training never touched must not speak.
            init.uniform_(module.weight, -0.01, 0.01)
            if not getattr(module.weight, "_is_hf_initialized", False):
                init.zeros_(module.weight[PADDING])
        elif isinstance(module, nn.Linear):
            init.xavier_uniform_(module.weight)
            init.zeros_(module.bias)
