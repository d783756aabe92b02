"""A bag of words: hashed words and parts of words, weighed by how rare they are, read in two ways whose answers are added.

The direct way is a linear classifier: each feature speaks for or against each label, learnt by plain gradient descent on
the squared hinge as a linear support vector machine is, which few rows cannot fool. The deep way adds the features'
vectors up and puts a linear layer on top, in the spirit of fastText (Joulin et al. 2016,
https://arxiv.org/abs/1607.01759): features that mean the same come to lie together, which pays with many labels and many
rows. Each has a loss of its own, so neither leaves the other nothing to learn. It knows nothing of order beyond word
pairs and learns in seconds. Feature hashing: Weinberger et al. 2009, https://arxiv.org/abs/0902.2206

A bag without the deep way is the classic “TF-IDF and a linear model”. Older bags have neither weights nor a direct way.

Saved folders are Transformers folders of the type “slm-bag” with a bag_tokenizer.json beside the weights. Elsewhere:

    from slm_studio.engine.models.bag import BagForSequenceClassification, BagTokenizer
    net, tokenizer = BagForSequenceClassification.from_pretrained(folder), BagTokenizer.from_pretrained(folder)
    logits = net(**tokenizer(["Where is my card?"], return_tensors="pt")).logits
"""

# B rows, T features of the longest row, N features of all rows, R different ones, V known features, D width, L labels

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
BIAS = 0.5
DIRECT, DEEP = "direct", "deep"
COST = 2.0  # of a mistake beside large weights, in the direct way: what support vector machines call C


def shrink_of(rows: int) -> float:
    """Return by what penalty a direct way shrinks that learns from so many rows: 1 / (C · rows)."""
    return 1 / (COST * max(1, rows))


class BagConfig(PreTrainedConfig):
    """Hold the shape of a bag: `vocab_size` features with vectors of `hidden_size` numbers; 0: it has no deep way."""

    model_type = "slm-bag"

    def __init__(
        self,
        vocab_size: int = 1 << 17,
        hidden_size: int = 64,
        dropout: float = 0.3,
        weighed: bool = False,
        direct_gain: float = 0.0,
        deep_gain: float = 1.0,
        deep_scale: float = 0.0,
        direct_rate: float = 0.0,
        direct_pace: float = 1.0,
        direct_shrink: float = 0.0,
        **kwargs: object,
    ) -> None:
        """Take the shape; `dropout` is the share of features, and of the vector they make, hidden while learning.

        Where features are `weighed`, their values in a text have length 1, and the sum of their vectors is multiplied by
        `deep_scale`. What the ways say is multiplied by their gains and added; without a `direct_gain` there is no direct
        way, whose table learns at `direct_rate` (0: at the rate of the recipe) times `direct_pace`, under a penalty of
        `direct_shrink` / 2 times the sum of its squares.
        """
        super().__init__(**kwargs)
        self.pad_token_id = PADDING
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.dropout = dropout
        self.weighed = weighed
        self.direct_gain, self.deep_gain = direct_gain, deep_gain
        self.deep_scale, self.direct_rate, self.direct_pace = deep_scale, direct_rate, direct_pace
        self.direct_shrink = direct_shrink


class BagForSequenceClassification(PreTrainedModel):
    """Classify a text by its features: directly, by the sum of their vectors, or both."""

    config_class = BagConfig
    base_model_prefix = "table"

    def __init__(self, config: BagConfig) -> None:
        """Make tables and head."""
        super().__init__(config)
        self.num_labels = config.num_labels
        if config.weighed:
            self.register_buffer("weights", torch.ones(config.vocab_size))
        # A step touches some thousand of the rows: sparse gradients leave the others alone.
        if config.direct_gain:
            self.direct = nn.EmbeddingBag(config.vocab_size, config.num_labels, mode="sum", sparse=True)
        if config.hidden_size:
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
        logits_BL = self.joined(self.ways(input_ids))
        loss = None if labels is None else functional.cross_entropy(logits_BL.float(), labels)
        return SequenceClassifierOutput(loss=loss, logits=logits_BL)

    def ways(self, input_ids: Tensor) -> dict[str, Tensor]:
        """Return what each way says [B, L]: DIRECT margins around -1 and 1, DEEP logits."""
        kept_BT = input_ids != PADDING
        found = {}
        if self.config.direct_gain:
            found[DIRECT] = self._direct(input_ids, kept_BT)
        if self.config.hidden_size:
            found[DEEP] = self.classifier(self.dropout(self._sum(input_ids, kept_BT)))
        return found

    def joined(self, ways: dict[str, Tensor]) -> Tensor:
        """Return logits_BL of what the ways say."""
        gains = {DIRECT: self.config.direct_gain, DEEP: self.config.deep_gain}
        return torch.stack([gains[way] * said_BL for way, said_BL in ways.items()]).sum(0)

    def blend(self, direct: float, deep: float, pace: float, shrink: float) -> None:
        """Say what the ways count for, and how the direct one learns; one that is alone counts for both."""
        self.config.direct_pace, self.config.direct_shrink = pace, shrink
        self.config.direct_gain, self.config.deep_gain = (
            (direct, deep) if self.config.hidden_size else (direct + deep, 0)
        )

    def plain_rates(self, rate: float) -> dict[str, tuple[float, float]]:
        """Return the parameters that learn by plain gradient descent: how fast, by the recipe's rate, and how they shrink."""
        config = self.config
        if not config.direct_gain:
            return {}
        return {"direct.weight": ((config.direct_rate or rate) * config.direct_pace, config.direct_shrink)}

    def get_input_embeddings(self) -> nn.Module:
        """Return the table."""
        return self.table if self.config.hidden_size else self.direct

    def _direct(self, input_ids: Tensor, kept_BT: Tensor) -> Tensor:
        """Return margins_BL. The row of the padding counts in every text; as much as others, and steps would overshoot."""
        counts_B = kept_BT.sum(1)
        sums_BL = sums_of_rows(
            self.direct.weight, input_ids[kept_BT], counts_B, self._values(input_ids, kept_BT)[kept_BT]
        )
        everywhere_B = torch.full_like(counts_B, PADDING)
        bias_BL = sums_of_rows(self.direct.weight, everywhere_B, torch.ones_like(counts_B), None)
        return sums_BL + BIAS * bias_BL

    def _sum(self, input_ids: Tensor, kept_BT: Tensor) -> Tensor:
        """Return hidden_BD. While learning, a random share of the features is left out and the others count for more."""
        values_BT = self._values(input_ids, kept_BT) if self.config.weighed else None
        scale_B1 = kept_BT.sum(1, keepdim=True).clamp(min=1).rsqrt()
        if values_BT is not None:
            scale_B1 = torch.full_like(scale_B1, self.config.deep_scale)
        if self.training and self.config.dropout:
            kept_BT = kept_BT & (torch.rand(kept_BT.shape, device=kept_BT.device) >= self.config.dropout)
            scale_B1 = scale_B1 / (1 - self.config.dropout)
        counts_B = kept_BT.sum(1)
        # One flat list of features [N]: neither padding nor what was left out costs anything.
        values_N = None if values_BT is None else values_BT[kept_BT]
        sums_BD = sums_of_rows(self.table.weight, input_ids[kept_BT], counts_B, values_N)
        return sums_BD * scale_B1.to(sums_BD.dtype)

    def _values(self, input_ids: Tensor, kept_BT: Tensor) -> Tensor:
        """Return how much each feature counts in its text, whose values together have length 1."""
        values_BT = self.weights[input_ids] * kept_BT
        return values_BT / values_BT.square().sum(1, keepdim=True).sqrt().clamp(min=1e-6)

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.EmbeddingBag):
            # Near 0: a feature that training hardly touched must not speak.
            if module is getattr(self, "direct", None):
                init.zeros_(module.weight)
                return
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
    def forward(  # type: ignore[override]
        ctx: FunctionCtx, table_VD: Tensor, ids_N: Tensor, counts_B: Tensor, values_N: Tensor | None
    ) -> Tensor:
        """Return sums_BD; `values_N` is how often each row counts, None: once."""
        ctx.save_for_backward(ids_N, counts_B, values_N)
        ctx.size = table_VD.shape  # type: ignore[attr-defined]
        return _sums(ids_N, table_VD, counts_B, values_N)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient_BD: Tensor) -> tuple[Tensor, None, None, None]:  # type: ignore[override]
        """Return the gradient of the table: sparse, with the rows in order and each of them once."""
        ids_N, counts_B, values_N = ctx.saved_tensors  # type: ignore[attr-defined]
        sorted_N, order_N = torch.sort(ids_N, stable=True)
        rows_R, counts_R = torch.unique_consecutive(sorted_N, return_counts=True)
        row_of_N = torch.repeat_interleave(torch.arange(len(counts_B), device=ids_N.device), counts_B)
        values_RD = _sums(row_of_N[order_N], gradient_BD, counts_R, None if values_N is None else values_N[order_N])
        gradient_VD = torch.sparse_coo_tensor(
            rows_R[None],
            values_RD,
            ctx.size,  # type: ignore[attr-defined]
            check_invariants=False,
            is_coalesced=True,
        )
        return gradient_VD, None, None, None


def sums_of_rows(table_VD: Tensor, ids_N: Tensor, counts_B: Tensor, values_N: Tensor | None) -> Tensor:
    """Return sums_BD of rows of a table: the first counts_B[0] of ids_N, the next counts_B[1] …, times `values_N`."""
    found: Tensor = _RowSums.apply(table_VD, ids_N, counts_B, values_N)
    return found


def _sums(ids_N: Tensor, table_VD: Tensor, counts: Tensor, values_N: Tensor | None) -> Tensor:
    starts = counts.cumsum(0) - counts
    values_N = None if values_N is None else values_N.to(table_VD.dtype)
    return functional.embedding_bag(ids_N, table_VD, starts, mode="sum", per_sample_weights=values_N)
