"""An LSTM that rewrites: one reads a text in both directions, another writes and weighs at each step what was read.

The decoder's state asks every position of the source how much it matters now (Luong's “general” score), and the next piece
is told by the state and the weighed mean together. Source, target and output share one table of pieces.
Source: Luong, Pham & Manning 2015, https://arxiv.org/abs/1508.04025 (global attention, without input feeding, so that a whole
target is learnt at once).

Saved folders are Transformers folders of the type “slm-rewriter”. Elsewhere they open with

    from slm_studio.engine.models.rewriting import LSTMForConditionalGeneration
    net = LSTMForConditionalGeneration.from_pretrained(folder)
"""

# B rows, S tokens of the source, T of the target, E width of an embedding, H width of a state, R of both, L layers,
# V vocabulary

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput, Seq2SeqLMOutput

from slm_studio.engine.models.beginning import begin
from slm_studio.engine.models.cells import make_layers, read

IGNORED = -100  # a label that is none


class RewriterConfig(PreTrainedConfig):
    """Hold the shape of an LSTM that rewrites."""

    model_type = "slm-rewriter"

    def __init__(
        self,
        vocab_size: int = 4000,
        embedding_size: int = 128,
        hidden_size: int = 256,
        num_hidden_layers: int = 1,
        dropout: float = 0.3,
        pad_token_id: int = 0,
        eos_token_id: int = 1,
        decoder_start_token_id: int = 0,
        is_encoder_decoder: bool = True,
        **kwargs: object,
    ) -> None:
        """Take the shape; `hidden_size` is the width of both reading directions together, and of the writing one."""
        super().__init__(is_encoder_decoder=is_encoder_decoder, **kwargs)
        self.vocab_size = vocab_size
        self.embedding_size = embedding_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.dropout = dropout
        self.pad_token_id = pad_token_id
        self.eos_token_id = eos_token_id
        self.decoder_start_token_id = decoder_start_token_id


@dataclass(slots=True)
class Written:
    """What a decoder remembers of what it wrote: states and memories, each [L, B, H]."""

    state_LBH: Tensor
    memory_LBH: Tensor

    def reorder_cache(self, rows_B: Tensor) -> None:
        """Go on with these rows, of which one may stand there several times or not at all."""
        self.state_LBH = self.state_LBH.index_select(1, rows_B)
        self.memory_LBH = self.memory_LBH.index_select(1, rows_B)


class RewriterPreTrainedModel(PreTrainedModel):
    """Say how networks that rewrite begin."""

    config_class = RewriterConfig
    base_model_prefix = "rewriter"

    def _init_weights(self, module: nn.Module) -> None:
        begin(module)


class Reader(nn.Module):
    """The encoder: the shared table and an LSTM in both directions."""

    def __init__(self, config: RewriterConfig, shared: nn.Embedding) -> None:
        super().__init__()
        self.table = [shared]  # in a list, so that its numbers are saved once, by the name that the net gives them
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = make_layers(
            "lstm", "tanh", config.embedding_size, config.hidden_size // 2, layers=config.num_hidden_layers,
            bidirectional=True, dropout=config.dropout,
        )  # fmt: skip

    def forward(self, input_ids: Tensor, attention_mask: Tensor, **kwargs: object) -> BaseModelOutput:
        """Return what is read at each position and the piece itself, hidden_BSR; padding stands on the right, and is 0.

        The piece by itself lets the writer repeat it, which most of a correction or a summary is.
        """
        pieces_BSE = self.dropout(self.table[0](input_ids))
        hidden_BSH = read(self.lstm, pieces_BSE, attention_mask)
        return BaseModelOutput(
            last_hidden_state=torch.cat([hidden_BSH, pieces_BSE * attention_mask[..., None]], dim=-1)
        )


class LSTMForConditionalGeneration(RewriterPreTrainedModel):
    """Rewrite a text by an LSTM that reads and one that writes."""

    generation_config = None  # it is not made for Transformers' own `generate`

    def __init__(self, config: RewriterConfig) -> None:
        """Make the table, the reader, the writer, and what stands between them."""
        super().__init__(config)
        width = config.hidden_size
        self.shared = nn.Embedding(config.vocab_size, config.embedding_size, padding_idx=config.pad_token_id)
        self.encoder = Reader(config, self.shared)
        self.bridge = nn.Linear(width, 2 * config.num_hidden_layers * width)
        self.decoder = make_layers(
            "lstm", "tanh", config.embedding_size, width, layers=config.num_hidden_layers, bidirectional=False,
            dropout=config.dropout,
        )  # fmt: skip
        self.score = nn.Linear(width, width + config.embedding_size, bias=False)
        self.combine = nn.Linear(2 * width + config.embedding_size, config.embedding_size)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.dropout = nn.Dropout(config.dropout)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """Return the table of pieces."""
        return self.shared

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the table of pieces."""
        self.shared = value  # type: ignore[assignment]
        self.encoder.table = [value]  # type: ignore[list-item]

    def get_encoder(self, modality: str | None = None) -> nn.Module:
        """Return what reads."""
        return self.encoder

    def prepare_decoder_input_ids_from_labels(self, labels: Tensor) -> Tensor:
        """Return what the writer has seen before each piece: the same, one later, after the token that begins."""
        begun_B1 = torch.full_like(labels[:, :1], self.config.decoder_start_token_id)
        before_BT = torch.cat([begun_B1, labels[:, :-1]], dim=1)
        return before_BT.masked_fill(before_BT == IGNORED, self.config.pad_token_id)

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        labels: Tensor | None = None,
        encoder_outputs: BaseModelOutput | None = None,
        cache: Written | None = None,
        use_cache: bool | None = None,
        **kwargs: object,
    ) -> Seq2SeqLMOutput:
        """Return logits_BTV, and the mean cross-entropy where labels are given."""
        if encoder_outputs is None:
            assert input_ids is not None
            if attention_mask is None:
                attention_mask = (input_ids != self.config.pad_token_id).long()
            encoder_outputs = self.encoder(input_ids, attention_mask)
        hidden_BSR = encoder_outputs[0]
        if attention_mask is None:
            attention_mask = torch.ones(hidden_BSR.shape[:2], dtype=torch.long, device=hidden_BSR.device)
        if decoder_input_ids is None:
            assert labels is not None
            decoder_input_ids = self.prepare_decoder_input_ids_from_labels(labels)
        written = cache if cache is not None else self._begin(hidden_BSR, attention_mask)
        states_BTH, (state_LBH, memory_LBH) = self.decoder(
            self.dropout(self.shared(decoder_input_ids)), (written.state_LBH, written.memory_LBH)
        )
        told_BTE = self._look_back(states_BTH, hidden_BSR, attention_mask)
        logits_BTV = functional.linear(self.dropout(told_BTE), self.shared.weight, self.bias)
        loss = None
        if labels is not None:
            loss = functional.cross_entropy(logits_BTV.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORED)
        return Seq2SeqLMOutput(
            loss=loss,
            logits=logits_BTV,
            cache=Written(state_LBH, memory_LBH) if use_cache else None,  # type: ignore[arg-type]
            encoder_last_hidden_state=hidden_BSR,
        )

    def _begin(self, hidden_BSR: Tensor, mask_BS: Tensor) -> Written:
        """Let the writer begin from where each reading direction ends: forwards at the last token, backwards at the first."""
        width = self.config.hidden_size
        half = width // 2
        last_B = (mask_BS.sum(1) - 1).clamp(min=0)
        forwards_BH = hidden_BSR[torch.arange(len(last_B), device=last_B.device), last_B, :half]
        ends_BH = torch.cat([forwards_BH, hidden_BSR[:, 0, half:width]], dim=-1)
        begun_2LBH = torch.tanh(self.bridge(ends_BH)).unflatten(-1, (2, self.config.num_hidden_layers, -1))
        state_LBH, memory_LBH = begun_2LBH.permute(1, 2, 0, 3).contiguous()
        return Written(state_LBH, memory_LBH)

    def _look_back(self, states_BTH: Tensor, hidden_BSR: Tensor, mask_BS: Tensor) -> Tensor:
        """Return what each state and the source, weighed by it, say together [B, T, E]."""
        scores_BTS = self.score(states_BTH) @ hidden_BSR.transpose(1, 2)
        outside_B1S = (mask_BS == 0)[:, None, :]
        scores_BTS = scores_BTS.masked_fill(outside_B1S, torch.finfo(scores_BTS.dtype).min)
        weighed_BTR = scores_BTS.softmax(-1) @ hidden_BSR
        return torch.tanh(self.combine(torch.cat([weighed_BTR, states_BTH], dim=-1)))
