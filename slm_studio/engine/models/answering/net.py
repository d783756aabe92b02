"""A reader from scratch: it reads a passage in both directions, knowing at every word what the question asks.

Beside its own features every word of the passage brings how it matches the question, and the words of the question that are
most like it; the question is one vector, a mean that is weighed. Two bilinear forms say where an answer begins and ends. The
first place of every window stands for “nothing in here”, and is told by the whole of what was read.

Saved folders are Transformers folders of the type “slm-reader” with a word_features.json beside the weights.

Source: Chen et al. 2017, https://arxiv.org/abs/1704.00051 (the document reader of DrQA); Levy et al. 2017 (“nothing in here”)
"""

# B rows, T words of a passage, Q words of a question, F slots for features of a word, M ways to match, E width of an
# embedding, H width of both directions together

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import QuestionAnsweringModelOutput

from slm_studio.engine.models.beginning import begin
from slm_studio.engine.models.cells import make_layers, read
from slm_studio.engine.models.word_features import PADDING, SPREAD, UNKNOWN


class ReaderConfig(PreTrainedConfig):
    """Hold the shape of a reader."""

    model_type = "slm-reader"

    def __init__(
        self,
        vocab_size: int = 30_000,
        slots: int = 32,
        matches: int = 8,
        embedding_size: int = 64,
        hidden_size: int = 192,
        num_hidden_layers: int = 1,
        dropout: float = 0.3,
        **kwargs: object,
    ) -> None:
        """Take the shape; `hidden_size` is the width of both directions together."""
        super().__init__(**kwargs)
        self.pad_token_id = PADDING
        self.vocab_size = vocab_size
        self.slots = slots
        self.matches = matches
        self.embedding_size = embedding_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.dropout = dropout


class LSTMForQuestionAnswering(PreTrainedModel):
    """Tell where in a passage an answer begins and ends, or that it is not there."""

    config_class = ReaderConfig
    base_model_prefix = "reader"

    def __init__(self, config: ReaderConfig) -> None:
        """Make table, layers and heads."""
        super().__init__(config)
        width, hidden = 2 * config.embedding_size, config.hidden_size
        more = {"layers": config.num_hidden_layers, "bidirectional": True, "dropout": config.dropout}
        self.embeddings = nn.Embedding(config.vocab_size, config.embedding_size, padding_idx=PADDING)
        self.dropout = nn.Dropout(config.dropout)
        self.alike = nn.Linear(width, config.embedding_size)
        self.passage = make_layers("lstm", "tanh", 2 * width + config.matches, hidden // 2, **more)  # type: ignore[arg-type]
        self.question = make_layers("lstm", "tanh", width, hidden // 2, **more)  # type: ignore[arg-type]
        self.weighs = nn.Linear(hidden, 1)
        self.begins = nn.Linear(hidden, hidden + config.matches)
        self.ends = nn.Linear(hidden, hidden + config.matches)
        self.nothing = nn.Linear(2 * hidden, 2)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        question_ids: Tensor,
        matches: Tensor,
        attention_mask: Tensor | None = None,
        **kwargs: object,
    ) -> QuestionAnsweringModelOutput:
        """Return logits [B, T] of where an answer begins and ends, from feature ids [B, T·F] and [B, Q·F] and matches [B, T·M]."""
        words_BTF = input_ids.view(len(input_ids), -1, self.config.slots)
        asked_BQF = question_ids.view(len(question_ids), -1, self.config.slots)
        matches_BTM = matches.view(*words_BTF.shape[:2], -1).to(self.weighs.weight.dtype)
        mask_BT, mask_BQ = words_BTF[..., 0] != PADDING, asked_BQF[..., 0] != PADDING
        words_BTE, asked_BQE = self.dropout(self._embed(words_BTF)), self.dropout(self._embed(asked_BQF))
        told_BTE = self._told(words_BTE, asked_BQE, mask_BQ)
        hidden_BTH = read(self.passage, torch.cat([words_BTE, told_BTE, matches_BTM], dim=-1), mask_BT)
        asked_BH = self._asked(read(self.question, asked_BQE, mask_BQ), mask_BQ)
        seen_BTX = torch.cat([self.dropout(hidden_BTH), matches_BTM], dim=-1)
        asked_BH = self.dropout(asked_BH)
        nothing_B2 = self.nothing(torch.cat([hidden_BTH[:, 0], asked_BH], dim=-1))
        ways = [(seen_BTX @ head(asked_BH)[..., None]).squeeze(-1).float() for head in (self.begins, self.ends)]
        starts_BT, ends_BT = (
            torch.cat([nothing_B2[:, [way]].float(), each_BT[:, 1:]], dim=1) for way, each_BT in enumerate(ways)
        )
        return QuestionAnsweringModelOutput(start_logits=starts_BT, end_logits=ends_BT)

    def get_input_embeddings(self) -> nn.Module:
        """Return the table of embeddings."""
        return self.embeddings

    def _told(self, words_BTE: Tensor, asked_BQE: Tensor, mask_BQ: Tensor) -> Tensor:
        """Return for every word of the passage the words of the question that are like it, weighed."""
        words_BTA, asked_BQA = self.alike(words_BTE).relu(), self.alike(asked_BQE).relu()
        scores_BTQ = words_BTA @ asked_BQA.transpose(1, 2)
        scores_BTQ = scores_BTQ.masked_fill(~mask_BQ[:, None], torch.finfo(scores_BTQ.dtype).min)
        return scores_BTQ.softmax(-1) @ asked_BQE

    def _asked(self, hidden_BQH: Tensor, mask_BQ: Tensor) -> Tensor:
        """Return the question as one vector."""
        scores_BQ = self.weighs(hidden_BQH).squeeze(-1)
        scores_BQ = scores_BQ.masked_fill(~mask_BQ, torch.finfo(scores_BQ.dtype).min)
        return (scores_BQ.softmax(-1)[:, None] @ hidden_BQH).squeeze(1)

    def _embed(self, ids_BTF: Tensor) -> Tensor:
        """Return the word, and the sum of its other features over the root of their number, side by side [B, T, 2E]."""
        words_BT, others_NF = ids_BTF[..., 0], ids_BTF[..., 1:].flatten(0, 1)
        kept_NF = others_NF != PADDING
        if self.training and self.config.dropout:
            # A word's own row is the easiest thing to learn by heart: now and then it must be told by its parts.
            words_BT = words_BT.masked_fill(self._chosen(words_BT) & (words_BT != PADDING), UNKNOWN)
            kept_NF = kept_NF & ~self._chosen(others_NF)
        counts_N = kept_NF.sum(1)
        sums_NE = functional.embedding_bag(
            others_NF[kept_NF], self.embeddings.weight, counts_N.cumsum(0) - counts_N, mode="sum"
        )
        parts_NE = sums_NE * counts_N[:, None].clamp(min=1).rsqrt().to(sums_NE.dtype)
        return torch.cat([self.embeddings(words_BT), parts_NE.view(*words_BT.shape, -1)], dim=-1)

    def _chosen(self, ids: Tensor) -> Tensor:
        """Return a random choice of half the dropout's share."""
        return torch.rand(ids.shape, device=ids.device) < self.config.dropout / 2

    def _init_weights(self, module: nn.Module) -> None:
        begin(module, SPREAD)
