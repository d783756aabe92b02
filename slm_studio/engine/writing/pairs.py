"""Write what a source becomes: cached decoding of encoder-decoders, one answer at a time or many together.

The source is read once. What is written begins with the token that the network was taught to begin with, and what its
generation config forces or bans counts, so that answers are those of `transformers.generate`.
"""

# B sources, S tokens of the longest, T tokens written, V vocabulary

import time
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from transformers.modeling_outputs import BaseModelOutput

from slm_studio.core.events import Progress
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.examples import IDS, MASK, Packer
from slm_studio.engine.writing.decoding import PART, cache_name_of, end_ids

LIVELY = 0.25  # seconds between two signs of life, at most
TOGETHER = 2048  # tokens of sources that are answered together
NEVER = float("-inf")
WRITING = mark("Writing answers")


class Decoder:
    """Some sources that were read, and what is being written of each; rows may be taken again, or left."""

    def __init__(self, net: PreTrainedModel, sources: Sequence[Sequence[int]], copies: int = 1) -> None:
        """Read the sources; each is answered `copies` times."""
        self.net, self.done, self.cache = net, 0, None
        self._cache_name = cache_name_of(net)
        ids_BS, mask_BS = padded(net, sources)
        hidden_BSH = self._read(ids_BS, mask_BS)
        self.hidden_BSH = hidden_BSH.repeat_interleave(copies, 0)
        self.mask_BS = mask_BS.repeat_interleave(copies, 0)
        self.written_BT = torch.empty((len(self.mask_BS), 0), dtype=torch.long, device=net.device)
        self._wants, self._unrepeated = _wants(net), _unrepeated(net)

    @torch.inference_mode()
    def _read(self, ids_BS: Tensor, mask_BS: Tensor) -> Tensor:
        hidden_BSH: Tensor = self.net.get_encoder()(input_ids=ids_BS, attention_mask=mask_BS)[0]
        return hidden_BSH

    @torch.inference_mode()
    def next_logits(self, newest_B1: Tensor) -> Tensor:
        """Return logits_BV of the token after the newest one of each row."""
        out = self.net(
            encoder_outputs=BaseModelOutput(last_hidden_state=self.hidden_BSH), attention_mask=self.mask_BS,
            decoder_input_ids=newest_B1, use_cache=True, **{self._cache_name: self.cache},
        )  # fmt: skip
        self.cache = out.get(self._cache_name)
        logits_BV: Tensor = out.logits[:, -1].float()
        self.written_BT = torch.cat([self.written_BT, newest_B1], dim=1)
        self.done += newest_B1.shape[1]
        return logits_BV

    def allowed(self, scores_BV: Tensor) -> Tensor:
        """Return scores of the next token of which the generation config bans some, or all but one in the first place."""
        first, banned = self._wants
        if banned:
            scores_BV = scores_BV.index_fill(1, torch.tensor(banned, device=scores_BV.device), NEVER)
        if self._unrepeated:
            scores_BV = scores_BV.masked_fill(_repeats(self.written_BT, self._unrepeated, scores_BV.shape[1]), NEVER)
        if first is not None and self.done == 1:
            scores_BV = torch.full_like(scores_BV, NEVER)
            scores_BV[:, first] = 0.0
        return scores_BV

    @torch.inference_mode()
    def take(self, rows_B: Tensor) -> None:
        """Go on with these rows."""
        self.cache.reorder_cache(rows_B)  # type: ignore[attr-defined]
        self.hidden_BSH, self.mask_BS = self.hidden_BSH[rows_B], self.mask_BS[rows_B]
        self.written_BT = self.written_BT[rows_B]


class Rewriting:
    """One source, as `write_on` asks for the next token of its answer."""

    def __init__(self, net: PreTrainedModel, source_ids: Sequence[int]) -> None:
        self.net, self._source_ids = net, source_ids
        self._decoder: Decoder | None = None

    def read(self, context_ids: Sequence[int]) -> Iterator[Progress]:
        """Say that a long source is read, before the first token."""
        if self._decoder is None and len(self._source_ids) > PART:
            yield Progress(WRITING, 0, 0)

    def next_logits(self, context_ids: Sequence[int]) -> Tensor:
        """Return logits_V of the next token."""
        if self._decoder is None:
            self._decoder = Decoder(self.net, [self._source_ids])
        newest = torch.tensor([list(context_ids[self._decoder.done :])], device=self.net.device)
        return self._decoder.allowed(self._decoder.next_logits(newest))[0].cpu()


def start_id(net: PreTrainedModel) -> int:
    """Return the token with which a network begins to write."""
    found = getattr(net.config, "decoder_start_token_id", None)
    if found is None and net.generation_config is not None:
        found = net.generation_config.decoder_start_token_id
    for each in (found, getattr(net.config, "bos_token_id", None), net.config.pad_token_id):
        if isinstance(each, int):
            return each
    return 0


def write_with_chances(
    net: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    sources: Sequence[Sequence[int]],
    most: int,
) -> Work[list[list[tuple[int, float]]]]:
    """Yield Progress; return the likeliest answer to each source, piece by piece: its tokens, and how likely each was.

    The token that ends an answer stands there, too, where one does.
    """
    found: list[list[tuple[int, float]]] = [[] for _ in sources]
    done, told = 0, 0.0
    for places in groups(sources):
        for row, written in _greedy(net, tokenizer, [sources[place] for place in places], most):
            if row is None:
                if time.perf_counter() - told > LIVELY:
                    told = time.perf_counter()
                    yield Progress(WRITING, done, len(sources))
            else:
                found[places[row]] = written
        done += len(places)
    yield Progress(WRITING, done, len(sources))
    return found


def groups(sources: Sequence[Sequence[int]], most: int = TOGETHER) -> Iterator[list[int]]:
    """Yield the places of sources that go together, the short ones first: of `most` tokens, or one."""
    order = sorted(range(len(sources)), key=lambda place: len(sources[place]))
    done = 0
    while done < len(order):
        together = _together([len(sources[place]) for place in order[done:]], most)
        yield order[done : done + together]
        done += together


def _greedy(
    net: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, sources: Sequence[Sequence[int]], most: int
) -> Iterator[tuple[int | None, list[tuple[int, float]]]]:
    """Yield (row, its answer) as each ends, and (None, []) between two steps. Rows that ended are computed no further."""
    ends = torch.tensor(sorted(end_ids(net, tokenizer)), device=net.device)
    decoder = Decoder(net, sources)
    alive_B = torch.arange(len(sources), device=net.device)
    written_BT = torch.full((len(sources), 1), start_id(net), device=net.device)
    chances_BT = torch.ones((len(sources), 1), device=net.device)
    for _ in range(most):
        scores_BV = decoder.allowed(decoder.next_logits(written_BT[:, -1:]))
        newest_B = scores_BV.argmax(-1)
        written_BT = torch.cat([written_BT, newest_B[:, None]], dim=1)
        chances_BT = torch.cat([chances_BT, scores_BV.softmax(-1).gather(1, newest_B[:, None])], dim=1)
        ended_B = torch.isin(newest_B, ends)
        yield from _rows_of(alive_B, written_BT, chances_BT, ended_B)
        left_B = torch.nonzero(~ended_B).squeeze(-1)
        if not len(left_B):
            return
        if len(left_B) < len(alive_B):
            decoder.take(left_B)
        alive_B, written_BT, chances_BT = alive_B[left_B], written_BT[left_B], chances_BT[left_B]
        yield None, []
    yield from _rows_of(alive_B, written_BT, chances_BT, torch.ones_like(alive_B, dtype=torch.bool))


def _rows_of(
    alive_B: Tensor, written_BT: Tensor, chances_BT: Tensor, chosen_B: Tensor
) -> Iterator[tuple[int, list[tuple[int, float]]]]:
    """Yield the chosen rows with their tokens and how likely these were, without what begins them."""
    ids, chances = written_BT[chosen_B, 1:].tolist(), chances_BT[chosen_B, 1:].tolist()
    for row, tokens, likely in zip(alive_B[chosen_B].tolist(), ids, chances, strict=True):
        yield row, list(zip(tokens, likely, strict=True))


def _together(lengths: Sequence[int], most: int) -> int:
    """Return how many of the next sources, which grow longer, are answered together: of `most` tokens, or one."""
    sizes_N = np.arange(1, len(lengths) + 1) * np.maximum(1, lengths)
    return max(1, int(np.searchsorted(sizes_N, most, side="right")))


def padded(net: PreTrainedModel, sources: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Return tokens [B, S] and which of them are such, on the net's device."""
    packer = Packer(**{IDS: int(net.config.pad_token_id or 0)})
    packer.add(range(len(sources)), **{IDS: sources})
    batch = packer.packed().take(range(len(sources)))
    return batch[IDS].to(net.device), batch[MASK].to(net.device)


def _wants(net: PreTrainedModel) -> tuple[int | None, list[int]]:
    """Return the token that a network must begin with, and those that it must never write, as its generation config says."""
    config = net.generation_config
    first = config.forced_bos_token_id if config is not None else None
    banned = config.bad_words_ids if config is not None else None
    single = [words[0] for words in banned or [] if isinstance(words, list) and len(words) == 1]
    return first if isinstance(first, int) else None, single


def _unrepeated(net: PreTrainedModel) -> int:
    """Return of how many tokens a run must not be written twice; 0 where it may."""
    if net.generation_config is None:
        return int(getattr(net.config, "unrepeated", 0))
    return net.generation_config.no_repeat_ngram_size or 0


def _repeats(written_BT: Tensor, length: int, vocabulary: int) -> Tensor:
    """Return the tokens [B, V] that would end a run of `length` tokens that was written before.

    Source: Paulus et al. 2018, https://arxiv.org/abs/1705.04304 (section 2.5)
    """
    found_BV = torch.zeros((len(written_BT), vocabulary), dtype=torch.bool, device=written_BT.device)
    if written_BT.shape[1] < length:
        return found_BV
    runs_BRN = written_BT.unfold(1, length, 1)
    latest_B1N = written_BT[:, None, written_BT.shape[1] - length + 1 :]
    rows_F, runs_F = torch.nonzero((runs_BRN[..., :-1] == latest_B1N).all(-1), as_tuple=True)
    found_BV[rows_F, runs_BRN[rows_F, runs_F, -1]] = True
    return found_BV
