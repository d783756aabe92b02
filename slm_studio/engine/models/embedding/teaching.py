"""What teaches texts their vectors: which passage answers a question among many, or which of two pairs is more alike."""

# B examples, C candidates, D numbers of a vector; vectors have length 1, so a product of two is their cosine

import torch
from torch import Tensor
from torch.nn import functional

SCALE = 20.0  # of cosines, as the authors of CoSENT have it
NONE = -1  # the number of a passage that is not there


def choice_losses(
    queries_BD: Tensor, passages_CD: Tensor, numbers_C: Tensor, positives_BK: Tensor, temperature: float
) -> Tensor:
    """Return losses_B of choosing for question b its passage b among all candidates (InfoNCE).

    A candidate that is known to answer the question, too, is no wrong choice and left out: `numbers_C` say which text each
    candidate is, `positives_BK` which of them answer the question. Candidates without a number (-1) are not there.
    Sources: van den Oord et al. 2018, https://arxiv.org/abs/1807.03748; Karpukhin et al. 2020,
    https://arxiv.org/abs/2004.04906 (in-batch negatives and one found by BM25).
    """
    logits_BC = queries_BD @ passages_CD.T / temperature
    own_B = torch.arange(len(queries_BD), device=logits_BC.device)
    out_BC = (positives_BK[:, :, None] == numbers_C[None, None, :]).any(1) | (numbers_C == NONE)[None, :]
    out_BC[own_B, own_B] = False
    return functional.cross_entropy(logits_BC.float().masked_fill(out_BC, -torch.inf), own_B, reduction="none")


def order_loss(cosines_B: Tensor, scores_B: Tensor, weights_B: Tensor | None = None) -> Tensor:
    """Return the loss of pairs that stand in the wrong order (CoSENT): ln(1 + Σ exp(20 · (cos_j − cos_i))) over score_i > score_j.

    Of weighed rows each pair counts as much as both of its rows do. Source: Su 2022, https://kexue.fm/archives/8847
    """
    scaled_B = cosines_B.float() * SCALE
    gaps_BB = scaled_B[None, :] - scaled_B[:, None]
    if weights_B is not None:
        counts_BB = weights_B[None, :] * weights_B[:, None]
        gaps_BB = gaps_BB + counts_BB.clamp(min=1e-9).log()
    wrong_BB = gaps_BB.masked_fill(scores_B[:, None] <= scores_B[None, :], -torch.inf)
    return torch.logsumexp(torch.cat([wrong_BB.new_zeros(1), wrong_BB.flatten()]), 0)
