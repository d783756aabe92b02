"""How vectors learn: skip-gram and CBOW with negative samples, and GloVe's least squares, each on a batch at once.

Word2vec looks up six words for each pair of neighbours. Here a row of text is looked up once: the products of all its
words with those around are one small matrix product, of which the window's band counts, and the random words are shared by
the row, weighed so that each pair still has as many as it is due. That is the same sum, in a tenth of the look-ups.

The losses are means, and what they give back is the gradient of the *sum*: as in word2vec, a row moves once for every pair
that it stands in.

GloVe's squares have no meaning for text that was not counted. But a word's fitted count beside another, against how often
it stands anyhow, is what word2vec's product means: so all three are held against unseen text by the same loss, the nats of
telling a real neighbour from random words.

Sources: Mikolov et al. 2013, https://arxiv.org/abs/1310.4546; Ji et al. 2016 (shared negatives), https://arxiv.org/abs/1611.06172;
Pennington et al. 2014, https://aclanthology.org/D14-1162
"""

# S places of all rows; R rows, L words of a row, H words of a row and around it, K random words of a row, V vocabulary, D width;
# N ids that were looked up, U different ones

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.nn import functional
from torch.nn.functional import embedding

from slm_studio.engine.models.vectors.drawing import Block

SHARED, FEWER = 48, 24  # random words of a row; of CBOW, which asks each word once instead of for every neighbour
TOLD = 8  # rows of a batch whose loss is told
EXPONENT = 0.75  # of a pair's count, in GloVe's weight


class SkipGram(torch.autograd.Function):
    """The loss of foretelling each word from each of its neighbours."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: FunctionCtx, vectors_VD: Tensor, contexts_VD: Tensor, block: Block, negative: int
    ) -> Tensor:
        """Return the mean loss of a pair."""
        ids_RH, ids_RL = block.around(block.ids_S), block.inside(block.ids_S)
        input_RHD, output_RLD = block.around(embedding(block.ids_S, vectors_VD)), embedding(ids_RL, contexts_VD)
        noise_RKD = embedding(block.noise_RK, contexts_VD)
        near_RLH, weight = block.near_RLH, negative / block.noise_RK.shape[1]
        uses_RH1 = near_RLH.sum(1)[:, :, None]  # of each word as a neighbour
        real_RLH = output_RLD @ input_RHD.transpose(1, 2)  # [foretold, neighbour]
        noise_RHK = input_RHD @ noise_RKD.transpose(1, 2)
        pull_RLH = (torch.sigmoid(real_RLH) - 1) * near_RLH
        push_RHK = torch.sigmoid(noise_RHK) * (uses_RH1 * weight)
        inward_RHD = torch.baddbmm(push_RHK @ noise_RKD, pull_RLH.transpose(1, 2), output_RLD)
        outward_ND = _behind_one_another(pull_RLH, push_RHK.transpose(1, 2), input_RHD)
        ctx.rows = (  # type: ignore[attr-defined]
            (ids_RH.flatten(), inward_RHD.flatten(0, 1)),
            (torch.cat([ids_RL.flatten(), block.noise_RK.flatten()]), outward_ND),
        )
        ctx.size = vectors_VD.shape  # type: ignore[attr-defined]
        return _mean(*_sums(real_RLH, near_RLH, noise_RHK, uses_RH1, negative))

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:  # type: ignore[override]
        """Return sparse gradients of the sum."""
        return (*_sparse(ctx, gradient), None, None)


class Cbow(torch.autograd.Function):
    """The loss of foretelling each word from the mean of its neighbours."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: FunctionCtx, vectors_VD: Tensor, contexts_VD: Tensor, block: Block, negative: int
    ) -> Tensor:
        """Return the mean loss of a word."""
        near_RLH, ids_RL = block.near_RLH, block.inside(block.ids_S)
        input_RHD, output_RLD = block.around(embedding(block.ids_S, vectors_VD)), embedding(ids_RL, contexts_VD)
        noise_RKD = embedding(block.noise_RK, contexts_VD)
        # The sums of neighbours stay as they are: what makes means of them is put on products, which are smaller.
        counts_RL1 = near_RLH.sum(2, keepdim=True)
        has_RL1, share_RL1 = counts_RL1.clamp(max=1), 1 / counts_RL1.clamp(min=1)
        rows, length, width = output_RLD.shape
        outward_ND = output_RLD.new_empty(rows * (length + block.noise_RK.shape[1]), width)
        sum_RLD = torch.bmm(near_RLH, input_RHD, out=outward_ND[: rows * length].view(rows, length, width))
        real_RL1 = (output_RLD * sum_RLD).sum(-1, keepdim=True) * share_RL1
        noise_RLK = (sum_RLD @ noise_RKD.transpose(1, 2)).mul_(share_RL1)
        pull_RL1 = (torch.sigmoid(real_RL1) - 1) * has_RL1
        push_RLK = torch.sigmoid(noise_RLK).mul_(has_RL1 * (negative / block.noise_RK.shape[1]))
        inward_RLD = output_RLD.mul_(pull_RL1).baddbmm_(push_RLK, noise_RKD)
        # As in word2vec, every neighbour takes the whole of it, not its share.
        whole_RHD = near_RLH.transpose(1, 2) @ inward_RLD
        push_RLK.mul_(share_RL1)
        torch.bmm(push_RLK.transpose(1, 2), sum_RLD, out=outward_ND[rows * length :].view(rows, -1, width))
        weights_N = torch.cat([(pull_RL1 * share_RL1).flatten(), pull_RL1.new_ones(block.noise_RK.numel())])
        ctx.rows = (  # type: ignore[attr-defined]
            (block.around(block.ids_S).flatten(), whole_RHD.flatten(0, 1)),
            (torch.cat([ids_RL.flatten(), block.noise_RK.flatten()]), outward_ND, weights_N),
        )
        ctx.size = vectors_VD.shape  # type: ignore[attr-defined]
        return _mean(*_sums(real_RL1, has_RL1, noise_RLK, has_RL1, negative))

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:  # type: ignore[override]
        """Return sparse gradients of the sum."""
        return (*_sparse(ctx, gradient), None, None)


OBJECTIVES = {"skipgram": (SkipGram, SHARED), "cbow": (Cbow, FEWER)}  # and how many random words a row shares


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


def held_out(objective: str, vectors: Table, contexts: Table, block: Block, negative: int) -> tuple[Tensor, Tensor]:
    """Return the summed nats [R] of each row and of how many pairs (of CBOW: words) [R] they are."""
    input_RHD, output_RLD = block.around(vectors(block.ids_S)), contexts(block.inside(block.ids_S))
    noise_RDK = contexts(block.noise_RK).transpose(1, 2)
    if objective == "cbow":
        counts_RL1 = block.near_RLH.sum(2, keepdim=True)
        mean_RLD, uses_RL1 = block.near_RLH @ input_RHD / counts_RL1.clamp(min=1), counts_RL1.clamp(max=1)
        real_RL1 = (output_RLD * mean_RLD).sum(-1, keepdim=True)
        return _sums(real_RL1, uses_RL1, mean_RLD @ noise_RDK, uses_RL1, negative, every=True)
    real_RLH = output_RLD @ input_RHD.transpose(1, 2)
    uses_RH1 = block.near_RLH.sum(1)[:, :, None]
    return _sums(real_RLH, block.near_RLH, input_RHD @ noise_RDK, uses_RH1, negative, every=True)


def _behind_one_another(one_RLH: Tensor, other_RKH: Tensor, input_RHD: Tensor) -> Tensor:
    """Return both products with the input, as rows behind one another: written where they stay, not copied there."""
    rows, length, width = len(one_RLH), one_RLH.shape[1], input_RHD.shape[2]
    shared = other_RKH.shape[1]
    found_ND = input_RHD.new_empty(rows * (length + shared), width)
    torch.bmm(one_RLH, input_RHD, out=found_ND[: rows * length].view(rows, length, width))
    torch.bmm(other_RKH, input_RHD, out=found_ND[rows * length :].view(rows, shared, width))
    return found_ND


def _sums(
    real: Tensor, uses: Tensor, noise_RHK: Tensor, uses_RH1: Tensor, negative: int, *, every: bool = False
) -> tuple[Tensor, Tensor]:
    """Return summed nats [R] and pairs [R]. Not `every`: of a few rows, which is an estimate and costs little."""
    if not every:
        real, uses, noise_RHK, uses_RH1 = real[:TOLD], uses[:TOLD], noise_RHK[:TOLD], uses_RH1[:TOLD]
    weight = negative / noise_RHK.shape[-1]
    nats_R = (functional.softplus(-real) * uses).flatten(1).sum(1)
    nats_R = nats_R + weight * (functional.softplus(noise_RHK) * uses_RH1).flatten(1).sum(1)
    return nats_R, uses.flatten(1).sum(1)


def _mean(nats_R: Tensor, pairs_R: Tensor) -> Tensor:
    return nats_R.sum() / pairs_R.sum().clamp(min=1)


def _sparse(ctx: FunctionCtx, gradient: Tensor) -> list[Tensor]:
    """Return each table's gradient with its rows in order, each of them once."""
    found = []
    for ids_N, values_ND, *weights in ctx.rows:  # type: ignore[attr-defined]
        ids_U, values_UD = summed(ids_N, values_ND, *weights)
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


def summed(ids_N: Tensor, values_ND: Tensor, weights_N: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return different ids in order, and the sum of the values of each: by embedding_bag, which takes a third of index_add."""
    order_N = _order(ids_N)
    ids_U, counts_U = torch.unique_consecutive(ids_N.index_select(0, order_N), return_counts=True)
    starts_U = counts_U.cumsum(0) - counts_U
    weights_N = None if weights_N is None else weights_N.index_select(0, order_N)
    return ids_U, functional.embedding_bag(order_N, values_ND, starts_U, mode="sum", per_sample_weights=weights_N)


def _order(ids_N: Tensor) -> Tensor:
    """Return the places of ids in their order, equal ones as they come. NumPy sorts plain numbers several times as fast."""
    if ids_N.device.type != "cpu":
        return torch.argsort(ids_N, stable=True)
    bits = len(ids_N).bit_length()
    keys_N = ids_N.numpy() << bits | np.arange(len(ids_N))
    keys_N.sort()
    return torch.from_numpy(keys_N & (1 << bits) - 1)
