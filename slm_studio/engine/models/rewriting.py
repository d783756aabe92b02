"""An LSTM that rewrites: one reads a text in both directions, another writes and weighs at each step what was read.

The decoder's state asks every position of the source how much it matters now (Luong's “general” score), and the next piece
is told by the state and the weighed mean together. Source, target and output share one table of pieces.
Where the target repeats much of the source, the writer `copies`: a gate says how likely the next piece is one that is looked
at rather than one of the vocabulary, and positions behind a piece that was just written draw the eye.
Sources: Luong, Pham & Manning 2015, https://arxiv.org/abs/1508.04025 (global attention, without input feeding, so that a whole
target is learnt at once); See, Liu & Manning 2017, https://arxiv.org/abs/1704.04368 (the gate); Olsson et al. 2022,
https://arxiv.org/abs/2209.11895 (what followed the same piece before is likely to follow now).

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
NOTHING, BEHIND = (
    -1,
    -2,
)  # in place of a piece: before the first one that is written, and before the first of the source
BASE, DIGITS = 128, 3  # of a piece's number: two million pieces
LEAST = 1e-30  # probability of what is not copied


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
        copies: bool = False,
        unrepeated: int = 0,
        is_encoder_decoder: bool = True,
        **kwargs: object,
    ) -> None:
        """Take the shape; `hidden_size` is the width of both reading directions together, and of the writing one.

        `copies`: pieces of the source may be written whether the vocabulary suggests them or not; `unrepeated`: of how many
        pieces a run is not written twice, 0 where it may be.
        """
        super().__init__(is_encoder_decoder=is_encoder_decoder, **kwargs)
        self.vocab_size = vocab_size
        self.embedding_size = embedding_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.dropout = dropout
        self.pad_token_id = pad_token_id
        self.eos_token_id = eos_token_id
        self.decoder_start_token_id = decoder_start_token_id
        self.copies = copies
        self.unrepeated = unrepeated


@dataclass(slots=True)
class Written:
    """What a decoder remembers of what it wrote: states and memories, each [L, B, H], and the last piece."""

    state_LBH: Tensor
    memory_LBH: Tensor
    last_B1: Tensor

    def reorder_cache(self, rows_B: Tensor) -> None:
        """Go on with these rows, of which one may stand there several times or not at all."""
        self.state_LBH = self.state_LBH.index_select(1, rows_B)
        self.memory_LBH = self.memory_LBH.index_select(1, rows_B)
        self.last_B1 = self.last_B1.index_select(0, rows_B)


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
        self.copies = config.copies
        self.table = [shared]  # in a list, so that its numbers are saved once, by the name that the net gives them
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = make_layers(
            "lstm", "tanh", config.embedding_size, config.hidden_size // 2, layers=config.num_hidden_layers,
            bidirectional=True, dropout=config.dropout,
        )  # fmt: skip

    def forward(self, input_ids: Tensor, attention_mask: Tensor, **kwargs: object) -> BaseModelOutput:
        """Return what is read at each position and the piece itself, hidden_BSR; padding stands on the right, and is 0.

        The piece by itself lets the writer repeat it, which most of a correction or a summary is. For one that copies, its
        number stands behind it.
        """
        pieces_BSE = self.dropout(self.table[0](input_ids))
        hidden_BSH = read(self.lstm, pieces_BSE, attention_mask)
        parts = [hidden_BSH, pieces_BSE * attention_mask[..., None]]
        if self.copies:
            parts.append(digits_of(input_ids).to(pieces_BSE.dtype))
        return BaseModelOutput(last_hidden_state=torch.cat(parts, dim=-1))


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
        if config.copies:
            self.gate = nn.Linear(config.embedding_size, 1)
            self.follow = nn.Parameter(
                torch.ones(2)
            )  # how much a position gains behind one piece that fits, and behind two
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
        gains_BTS = self._gains(hidden_BSR, decoder_input_ids, written.last_B1) if self.config.copies else None
        told_BTE, weights_BTS = self._look_back(states_BTH, hidden_BSR, attention_mask, gains_BTS)
        told_BTE = self.dropout(told_BTE)
        logits_BTV = functional.linear(told_BTE, self.shared.weight, self.bias)
        if self.config.copies:
            logits_BTV = self._mixed(logits_BTV, told_BTE, weights_BTS, ids_of(hidden_BSR))
        loss = None
        if labels is not None:
            loss = functional.cross_entropy(logits_BTV.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORED)
        return Seq2SeqLMOutput(
            loss=loss,
            logits=logits_BTV,
            cache=Written(state_LBH, memory_LBH, decoder_input_ids[:, -1:]) if use_cache else None,  # type: ignore[arg-type]
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
        return Written(state_LBH, memory_LBH, torch.full_like(mask_BS[:, :1], NOTHING))

    def _gains(self, hidden_BSR: Tensor, written_BT: Tensor, last_B1: Tensor) -> Tensor:
        """Return what positions gain [B, T, S]: those behind the piece that was just written, and more behind the last two."""
        ids_BS = ids_of(hidden_BSR)
        one_BS, two_BS = (functional.pad(ids_BS, (by, 0), value=BEHIND)[:, : ids_BS.shape[1]] for by in (1, 2))
        before_BT = torch.cat([last_B1, written_BT], dim=1)[:, :-1]
        fits_BTS = written_BT[:, :, None] == one_BS[:, None, :]
        fits_both_BTS = fits_BTS & (before_BT[:, :, None] == two_BS[:, None, :])
        return self.follow[0] * fits_BTS + self.follow[1] * fits_both_BTS

    def _mixed(self, logits_BTV: Tensor, told_BTE: Tensor, weights_BTS: Tensor, ids_BS: Tensor) -> Tensor:
        """Return the log-probabilities of the next piece: of the vocabulary, or copied from where the source is looked at."""
        gate_BT1 = self.gate(told_BTE)
        places_BTS = ids_BS[:, None, :].expand_as(weights_BTS)
        copied_BTV = torch.zeros_like(logits_BTV).scatter_add(2, places_BTS, weights_BTS.to(logits_BTV.dtype))
        return torch.logaddexp(
            logits_BTV.log_softmax(-1) + functional.logsigmoid(-gate_BT1),
            copied_BTV.clamp(min=LEAST).log() + functional.logsigmoid(gate_BT1),
        )

    def _look_back(
        self, states_BTH: Tensor, hidden_BSR: Tensor, mask_BS: Tensor, gains_BTS: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Return what each state and the source, weighed by it, say together [B, T, E], and the weights [B, T, S]."""
        hidden_BSR = hidden_BSR[..., : self.score.out_features]
        scores_BTS = self.score(states_BTH) @ hidden_BSR.transpose(1, 2)
        if gains_BTS is not None:
            scores_BTS = scores_BTS + gains_BTS
        outside_B1S = (mask_BS == 0)[:, None, :]
        scores_BTS = scores_BTS.masked_fill(outside_B1S, torch.finfo(scores_BTS.dtype).min)
        weights_BTS = scores_BTS.softmax(-1)
        weighed_BTR = weights_BTS @ hidden_BSR
        return torch.tanh(self.combine(torch.cat([weighed_BTR, states_BTH], dim=-1))), weights_BTS


def digits_of(ids: Tensor) -> Tensor:
    """Return numbers as digits [..., DIGITS] that every number format of a net holds exactly. Example: 300 → 44, 2, 0"""
    return torch.stack([ids // BASE**place % BASE for place in range(DIGITS)], dim=-1)


def ids_of(hidden: Tensor) -> Tensor:
    """Return the numbers whose digits stand last in what was read."""
    digits = hidden[..., -DIGITS:].long()
    return sum((digits[..., place] * BASE**place for place in range(DIGITS)), torch.zeros_like(digits[..., 0]))
