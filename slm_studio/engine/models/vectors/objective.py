"""What vectors are held against, and how GloVe's learn: the least squares of a batch of pairs at once.

GloVe's squares have no meaning for text that was not counted. But a word's fitted count beside another, against how often
it stands anyhow, is what word2vec's product means: so all three are held against unseen text by the same loss, the nats of
telling a real neighbour from random words.

Source: Pennington et al. 2014, https://aclanthology.org/D14-1162
"""

# B blocks, T words of the longest, K random words, D width; N ids that were looked up, U different ones

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.nn import functional

from slm_studio.engine.models.vectors.drawing import Draws

EXPONENT = 0.75  # of a pair's count, in GloVe's weight


class LeastSquares(torch.autograd.Function):
    """GloVe's fit of pairs of words to the logarithms of their counts; each pair counts in both directions."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: FunctionCtx, *arguments: Tensor | float
    ) -> Tensor:
        """Return the mean loss of a direction. Arguments: the four tables, rows [N], columns [N], counts [N] and x_max."""
        *tables, rows_N, columns_N, counts_N, x_max = arguments
        first_N, second_N = torch.cat([rows_N, columns_N]), torch.cat([columns_N, rows_N])  # type: ignore[list-item]
        counts_N = torch.cat([counts_N, counts_N])  # type: ignore[list-item]
        vectors_ND, contexts_ND = tables[0][first_N], tables[1][second_N]  # type: ignore[index]
        biases_N = tables[2][first_N, 0] + tables[3][second_N, 0]  # type: ignore[index]
        error_N = (vectors_ND * contexts_ND).sum(-1) + biases_N - counts_N.log()
        weight_N = (counts_N / x_max).clamp(max=1.0) ** EXPONENT
        pull_N1 = (weight_N * error_N)[:, None]
        ctx.rows = (  # type: ignore[attr-defined]
            (first_N, pull_N1 * contexts_ND),
            (second_N, pull_N1 * vectors_ND),
            (first_N, pull_N1),
            (second_N, pull_N1),
        )
        ctx.size = tables[0].shape  # type: ignore[attr-defined,union-attr]
        return (weight_N * error_N.square()).mean()

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        """Return sparse gradients of half the sum, as the program of the paper takes them."""
        return (*_sparse(ctx, gradient), None, None, None, None)


Table = Callable[[Tensor], Tensor]  # ids → what stands for them


def held_out(
    objective: str, vectors: Table, contexts: Table, ids_BT: Tensor, draws: Draws, *, is_weighed: bool = False
) -> tuple[Tensor, Tensor]:
    """Return the summed nats [B] of each block and of how many pairs (of CBOW: words) [B] they are.

    Nothing is drawn: all words, whole windows (near words count more where these are weighed), the same random words for all.
    """
    window, negative = draws.sampling.window, draws.sampling.negative
    near_BTT, known_BT = neighbours(ids_BT, window, is_weighed=is_weighed), ids_BT.clamp(min=0)
    input_BTD, output_BTD, noise_DK = vectors(known_BT), contexts(known_BT), contexts(draws.spread()).T
    if objective == "cbow":
        counts_BT1 = near_BTT.sum(2, keepdim=True)
        input_BTD, uses_BT = near_BTT @ input_BTD / counts_BT1.clamp(min=1), counts_BT1[..., 0].clamp(max=1)
        real_B = (functional.softplus(-(output_BTD * input_BTD).sum(-1)) * uses_BT).sum(1)
    else:
        uses_BT = near_BTT.sum(1)
        real_B = (functional.softplus(-output_BTD @ input_BTD.transpose(1, 2)) * near_BTT).flatten(1).sum(1)
    noise_BT = functional.softplus(input_BTD @ noise_DK).mean(-1)
    return real_B + negative * (noise_BT * uses_BT).sum(1), uses_BT.sum(1)


def neighbours(ids_BT: Tensor, window: int, *, is_weighed: bool = False) -> Tensor:
    """Return what it counts [B, T, T] that the second word stands in the window of the first; 0 where it does not."""
    place_T = torch.arange(ids_BT.shape[1], device=ids_BT.device)
    apart_TT = (place_T[:, None] - place_T).abs()
    counts_TT = ((apart_TT > 0) & (apart_TT <= window)).float()
    if is_weighed:
        counts_TT /= apart_TT.clamp(min=1)
    text_BT = (ids_BT < 0).cumsum(1).masked_fill(ids_BT < 0, -1)  # which of the texts of its block a word is of
    is_one_text = (text_BT[:, :, None] == text_BT[:, None]) & (text_BT[:, None] >= 0)
    return counts_TT * is_one_text


def _sparse(ctx: FunctionCtx, gradient: Tensor) -> list[Tensor]:
    """Return each table's gradient with its rows in order, each of them once."""
    found = []
    for ids_N, values_ND in ctx.rows:  # type: ignore[attr-defined]
        ids_U, values_UD = summed(ids_N, values_ND)
        size = (ctx.size[0], values_UD.shape[1])  # type: ignore[attr-defined]
        found.append(
            torch.sparse_coo_tensor(
                ids_U[None],
                values_UD if gradient == 1 else values_UD * gradient,
                size,
                check_invariants=False,
                is_coalesced=True,
            )
        )
    return found


def summed(ids_N: Tensor, values_ND: Tensor) -> tuple[Tensor, Tensor]:
    """Return different ids in order, and the sum of the values of each: by embedding_bag, which takes a third of index_add."""
    order_N = _order(ids_N)
    ids_U, counts_U = torch.unique_consecutive(ids_N.index_select(0, order_N), return_counts=True)
    starts_U = counts_U.cumsum(0) - counts_U
    return ids_U, functional.embedding_bag(order_N, values_ND, starts_U, mode="sum")


def _order(ids_N: Tensor) -> Tensor:
    """Return the places of ids in their order, equal ones as they come. NumPy sorts plain numbers several times as fast."""
    if ids_N.device.type != "cpu":
        return torch.argsort(ids_N, stable=True)
    bits = len(ids_N).bit_length()
    keys_N = ids_N.numpy() << bits | np.arange(len(ids_N))
    keys_N.sort()
    return torch.from_numpy(keys_N & (1 << bits) - 1)
