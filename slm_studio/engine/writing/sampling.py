"""Choose the next token from a network's logits: pure functions, the same dice on every device.

The order is the one of `transformers.generate`, so that the same options mean the same distribution:
repetition penalty → temperature → top_k → top_p → min_p → draw.
"""

# V vocabulary, K tokens that are still candidates

import math
from collections.abc import Sequence

import torch

from slm_studio.core.errors import StudioError
from slm_studio.core.generation import SamplingOptions


def pick(
    logits_V: torch.Tensor,
    options: SamplingOptions,
    generator: torch.Generator | None = None,
    context_ids: Sequence[int] = (),
) -> tuple[int, float]:
    """Return a token and the probability that the network itself gave it (before any option shaped the choice).

    `generator` must live on the device of `logits_V`; the same seed draws the same tokens.
    `context_ids` is the text so far and matters only for the repetition penalty.
    """
    total = float(torch.logsumexp(logits_V.float(), dim=-1))
    if not math.isfinite(total):
        raise StudioError(
            "logits-not-finite",
            "The model computed no numbers for the next token ({total}).",
            "Its training diverged: open an earlier checkpoint, or train again with a lower learning rate.",
            total=str(total),
        )
    ids_K, scores_K = candidates(logits_V, options, context_ids)
    if options.temperature == 0:
        token_id = int(ids_K[scores_K.argmax()])
    else:
        token_id = int(ids_K[torch.multinomial(scores_K.softmax(dim=-1), 1, generator=generator)])
    return token_id, math.exp(float(logits_V[token_id]) - total)


def candidates(
    logits_V: torch.Tensor, options: SamplingOptions, context_ids: Sequence[int] = ()
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the tokens that may be drawn, in ascending order, and their scores; softmax(scores) is the chance of each.

    At temperature 0 all tokens stay, since the highest score wins anyway.
    """
    scores_V = penalised(logits_V.float(), options.repetition_penalty, context_ids)
    ids_K = torch.arange(scores_V.shape[-1], device=scores_V.device)
    if options.temperature == 0:
        return ids_K, scores_V
    scores_K = scores_V / options.temperature
    for keep, limit in ((keep_top_k, options.top_k), (keep_top_p, options.top_p), (keep_min_p, options.min_p)):
        mask_K = keep(scores_K, limit)
        if mask_K is not None:
            ids_K, scores_K = ids_K[mask_K], scores_K[mask_K]
    return ids_K, scores_K


def penalised(scores_V: torch.Tensor, penalty: float, context_ids: Sequence[int]) -> torch.Tensor:
    """Return scores in which every token of the context is less likely by `penalty` (1 changes nothing).

    A positive score is divided, a negative one multiplied, so that both fall.
    Source: Keskar et al. 2019 (CTRL), https://arxiv.org/abs/1909.05858
    """
    if penalty == 1 or not context_ids:
        return scores_V
    ids = torch.tensor(sorted(set(context_ids)), device=scores_V.device)
    seen = scores_V[ids]
    return scores_V.index_copy(0, ids, torch.where(seen < 0, seen * penalty, seen / penalty))


def keep_top_k(scores_K: torch.Tensor, top_k: int) -> torch.Tensor | None:
    """Return a mask of the `top_k` highest scores and whatever ties with the last of them; None where all stay."""
    if not 0 < top_k < scores_K.shape[-1]:
        return None
    return scores_K >= scores_K.topk(top_k).values[-1]


def keep_top_p(scores_K: torch.Tensor, top_p: float) -> torch.Tensor | None:
    """Return a mask of the fewest likeliest tokens whose probabilities reach `top_p` (always one); None where all stay.

    Source: Holtzman et al. 2019 (nucleus sampling), https://arxiv.org/abs/1904.09751
    """
    if top_p >= 1:
        return None
    sorted_K, order_K = scores_K.sort()
    dropped_K = sorted_K.softmax(dim=-1).cumsum(dim=-1) <= 1 - top_p  # from the unlikeliest up
    dropped_K[-1] = False
    return torch.empty_like(dropped_K).scatter_(0, order_K, ~dropped_K)


def keep_min_p(scores_K: torch.Tensor, min_p: float) -> torch.Tensor | None:
    """Return a mask of the tokens at least `min_p` times as likely as the likeliest (always one); None where all stay.

    Source: Nguyen et al. 2024, https://arxiv.org/abs/2407.01082
    """
    if min_p <= 0:
        return None
    chances_K = scores_K.softmax(dim=-1)
    return chances_K >= min_p * chances_K.max()
