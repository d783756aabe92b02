"""Scoring: what a net says of each candidate of some lists, several candidates at once.

Source of the way of nets that fill gaps: Salazar et al. 2020, https://arxiv.org/abs/1910.14659 (pseudo-log-likelihood)
"""

# N candidates, T tokens, K asked ones, V vocabulary, D numbers of a vector

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.embedding.texts import vectors_of
from slm_studio.engine.models.encoding import Ids, frame_of
from slm_studio.engine.models.fillers import logits_at
from slm_studio.engine.models.filling.asking import mask_id_of
from slm_studio.engine.ordering.asking import Encoded, lender_of, way_of

TOGETHER = 64  # candidates that are read at once
HELD = 2**25  # numbers that a net may answer with at once


def score_lists(loaded: Loaded, lists: Sequence[Encoded]) -> list[np.ndarray]:
    """Return what the net says of each candidate of each list: nats of log-likelihood, or a cosine."""
    way = way_of(lender_of(loaded))
    if way == "vectors":
        return [_likeness(loaded, each) for each in lists]
    asked = [(ids, each.skip) for each in lists for ids in each.candidates]
    found = iter((_log_likelihoods if way == "next" else _pseudo_likelihoods)(loaded, asked))
    return [np.array([*islice(found, len(each.candidates))], np.float64) for each in lists]


@torch.inference_mode()
def _log_likelihoods(loaded: Loaded, asked: Sequence[tuple[Ids, int]]) -> list[float]:
    """Return the summed log-likelihood of the tokens behind the first `skip` of each."""
    found = [0.0] * len(asked)
    for places in _alike([len(ids) for ids, _ in asked], _width(loaded)):
        ids_NT, mask_NT = _padded(loaded, [asked[place][0] for place in places])
        nats_NT = next_nats(
            loaded, ids_NT, mask_NT, torch.tensor([asked[place][1] for place in places], device=loaded.device)
        )
        for place, nats in zip(places, nats_NT.sum(-1).double().tolist(), strict=True):
            found[place] = -nats
    return found


def next_nats(loaded: Loaded, ids_NT: Tensor, mask_NT: Tensor, skip_N: Tensor) -> Tensor:
    """Return the surprise [N, T - 1] at each next token; 0 at the first `skip` tokens of a text and behind its end."""
    logits_NTV = loaded.net(input_ids=ids_NT[:, :-1]).logits.float()
    nats_NT = functional.cross_entropy(logits_NTV.transpose(1, 2), ids_NT[:, 1:], reduction="none")
    return nats_NT * asked_tokens(mask_NT, skip_N)


def asked_tokens(mask_NT: Tensor, skip_N: Tensor) -> Tensor:
    """Return which tokens [N, T - 1] but the first of a text are asked for: those behind `skip` of them."""
    places_T = torch.arange(1, mask_NT.shape[1], device=mask_NT.device)
    return mask_NT[:, 1:] * (places_T >= skip_N[:, None])


@torch.inference_mode()
def _pseudo_likelihoods(loaded: Loaded, asked: Sequence[tuple[Ids, int]]) -> list[float]:
    """Return the summed log-likelihood of each token behind `skip` and before what closes, each hidden by itself."""
    tokenizer = cast(PreTrainedTokenizerBase, loaded.tokenizer)
    closing, mask = len(frame_of(tokenizer).closing), mask_id_of(tokenizer)
    hidden = [(place, at) for place, (ids, skip) in enumerate(asked) for at in range(skip, len(ids) - closing)]
    found = [0.0] * len(asked)
    for places in _alike([len(asked[place][0]) for place, _ in hidden], 1):
        some = [hidden[place] for place in places]
        ids_NT, mask_NT = _padded(loaded, [asked[place][0] for place, _ in some])
        rows_N, at_N = torch.arange(len(some)), torch.tensor([at for _, at in some])
        true_N = ids_NT[rows_N, at_N].clone()
        ids_NT[rows_N, at_N] = mask
        asked_NT = torch.zeros_like(ids_NT, dtype=torch.bool)
        asked_NT[rows_N, at_N] = True
        logs_NV = logits_at(loaded.net, ids_NT, mask_NT, asked_NT).float().log_softmax(-1)
        for (place, _), nats in zip(some, logs_NV.gather(-1, true_N[:, None])[:, 0].double().tolist(), strict=True):
            found[place] += nats
    return found


@torch.inference_mode()
def _likeness(loaded: Loaded, asked: Encoded) -> np.ndarray:
    """Return the cosine of the context and each candidate; without a context nothing is like it."""
    if not asked.context or not asked.candidates:
        return np.zeros(len(asked.candidates))
    texts = [asked.context, *asked.candidates]
    vectors_ND = torch.zeros(0)
    for start in range(0, len(texts), TOGETHER):
        vectors_ND = torch.cat(
            [vectors_ND, vectors_of(loaded, *_padded(loaded, texts[start : start + TOGETHER])).cpu()]
        )
    return (vectors_ND[1:] @ vectors_ND[0]).double().numpy()


def _padded(loaded: Loaded, texts: Sequence[Ids]) -> tuple[Tensor, Tensor]:
    """Return token ids [N, T] and where they are no padding."""
    ids_NT = torch.full((len(texts), max(2, *map(len, texts))), loaded.padding)
    mask_NT = torch.zeros_like(ids_NT)
    for place, ids in enumerate(texts):
        ids_NT[place, : len(ids)] = torch.tensor(ids, dtype=torch.long)
        mask_NT[place, : len(ids)] = 1
    loaded.refuse_unknown(int(ids_NT.max()))
    return ids_NT.to(loaded.device), mask_NT.to(loaded.device)


def _alike(lengths: Sequence[int], width: int) -> Iterator[list[int]]:
    """Yield places of texts of like length, at most TOGETHER, and fewer where the answer would be too large."""
    order = sorted(range(len(lengths)), key=lambda place: lengths[place])
    start = 0
    while start < len(order):
        stop = start + 1
        while (
            stop < len(order) and stop - start < TOGETHER and (stop + 1 - start) * lengths[order[stop]] * width <= HELD
        ):
            stop += 1
        yield order[start:stop]
        start = stop


def _width(loaded: Loaded) -> int:
    return int(loaded.net.config.vocab_size)
