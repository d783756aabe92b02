"""A bag of words: hashed words and parts of words, added up into one vector, one linear layer on top.

It knows nothing of order beyond word pairs, learns in seconds, and on short texts few networks beat it. In the spirit
of fastText (Joulin et al. 2016, https://arxiv.org/abs/1607.01759) and of feature hashing (Weinberger et al. 2009).

Saved folders are Transformers folders of the type “slm-bag” with a bag_tokenizer.json beside the weights. Elsewhere:

    from slm_studio.engine.models.bag import BagForSequenceClassification, BagTokenizer
    net, tokenizer = BagForSequenceClassification.from_pretrained(folder), BagTokenizer.from_pretrained(folder)
    logits = net(**tokenizer(["Where is my card?"], return_tensors="pt")).logits
"""

# B rows, T features of the longest row, N features of all rows, V known features, D width, L labels

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
from torch.nn import functional
from transformers import PreTrainedConfig, PreTrainedModel
from transformers import initialization as init
from transformers.modeling_outputs import SequenceClassifierOutput

from slm_studio.engine.models.features import BagTokenizer

__all__ = ["BagConfig", "BagForSequenceClassification", "BagTokenizer"]
PADDING = 0


class BagConfig(PreTrainedConfig):
    """Hold the shape of a bag: `vocab_size` rows of `hidden_size` numbers."""

    model_type = "slm-bag"

    def __init__(
        self,
        vocab_size: int = 1 << 17,
        hidden_size: int = 64,
        dropout: float = 0.3,
        **kwargs: object,
    ) -> None:
        """Take the shape; `dropout` is the share of features, and of the vector they make, hidden while learning."""
        super().__init__(**kwargs)
        self.pad_token_id = PADDING
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.dropout = dropout


class BagForSequenceClassification(PreTrainedModel):
    """Classify a text by the sum of its features' vectors, divided by the root of their number."""

    config_class = BagConfig
    base_model_prefix = "table"

    def __init__(self, config: BagConfig) -> None:
        """Make table and head."""
        super().__init__(config)
        self.num_labels = config.num_labels
        # A step touches some thousand of the rows: sparse gradients leave the others alone.
        self.table = nn.EmbeddingBag(config.vocab_size, config.hidden_size, mode="sum", sparse=True)
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
        """Return logits_BL of feature ids [B, T] (0 is padding), and the mean cross-entropy where labels are given."""
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
        sums_BD: Tensor = _RowSums.apply(self.table.weight, input_ids[kept_BT], counts_B)
        return sums_BD * scale_B1.to(sums_BD.dtype)

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.EmbeddingBag):
            # Near 0: a feature that training hardly touched must not speak.
            init.uniform_(module.weight, -0.01, 0.01)
            if not getattr(module.weight, "_is_hf_initialized", False):
                init.zeros_(module.weight[PADDING])
        elif isinstance(module, nn.Linear):
            init.xavier_uniform_(module.weight)
            init.zeros_(module.bias)


class _RowSums(torch.autograd.Function):
    """Sums of rows of a table [V, D]: the first counts_B[0] of ids_N, the next counts_B[1], …

    What embedding_bag does. Its own gradient holds one row for each of ids_N, which are sorted and merged afterwards;
    here each touched row is summed at once (by embedding_bag again: the transpose of sums of rows is sums of rows),
    in less than half the time.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, table_VD: Tensor, ids_N: Tensor, counts_B: Tensor) -> Tensor:  # type: ignore[override]
        """Return sums_BD."""
        ctx.save_for_backward(ids_N, counts_B)
        ctx.size = table_VD.shape  # type: ignore[attr-defined]
        return functional.embedding_bag(ids_N, table_VD, _starts(counts_B), mode="sum")

    @staticmethod
    def backward(ctx: FunctionCtx, gradient_BD: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        """Return the gradient of the table: sparse, with the rows in order and each of them once."""
        ids_N, counts_B = ctx.saved_tensors  # type: ignore[attr-defined]
        sorted_N, order_N = torch.sort(ids_N, stable=True)
        rows_R, counts_R = torch.unique_consecutive(sorted_N, return_counts=True)
        row_of_N = torch.repeat_interleave(torch.arange(len(counts_B), device=ids_N.device), counts_B)
        values_RD = functional.embedding_bag(row_of_N[order_N], gradient_BD, _starts(counts_R), mode="sum")
        gradient_VD = torch.sparse_coo_tensor(
            rows_R[None],
            values_RD,
            ctx.size,  # type: ignore[attr-defined]
            check_invariants=False,
            is_coalesced=True,
        )
        return gradient_VD, None, None


def _starts(counts: Tensor) -> Tensor:
    return counts.cumsum(0) - counts
