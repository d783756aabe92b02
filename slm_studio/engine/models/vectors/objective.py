"""How vectors learn: skip-gram and CBOW with negative samples, and GloVe's least squares, each on a batch at once.

Word2vec looks up six words for each pair of neighbours. Here a block of text is looked up once: the products of all its
words with one another are one small matrix product, of which the window's band counts, and the random words are shared by
the block, weighed so that each pair still has as many as it is due. That is the same sum, in a tenth of the look-ups.

The losses are means, and what they give back is the gradient of the *sum*: as in word2vec, a row moves once for every pair
that it stands in.

GloVe's squares have no meaning for text that was not counted. But a word's fitted count beside another, against how often
it stands anyhow, is what word2vec's product means: so all three are held against unseen text by the same loss, the nats of
telling a real neighbour from random words.

Sources: Mikolov et al. 2013, https://arxiv.org/abs/1310.4546; Ji et al. 2016 (shared negatives), https://arxiv.org/abs/1611.06172;
Pennington et al. 2014, https://aclanthology.org/D14-1162
"""

# B blocks, L words of the longest, K random words of a block, V vocabulary, D width, N rows that were looked up, R different ones

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.nn import functional
from torch.nn.functional import embedding

SHARED, FEWER = 64, 24  # random words of a block; of CBOW, which asks each word once instead of for every neighbour
TOLD = 8  # blocks of a batch whose loss is told
EXPONENT = 0.75  # of a pair's count, in GloVe's weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Say what is drawn: the knobs of word2vec."""

    window: int
    negative: int
    sample: float
    exponent: float


class Draws:
    """What is drawn of a vocabulary: which frequent words are passed over, and which random ones come."""

    def __init__(self, counts_V: np.ndarray, sampling: Sampling, device: torch.device) -> None:
        self.sampling = sampling
        counts_V = np.maximum(counts_V, 1).astype(np.float64)  # vectors from elsewhere do not say how often
        shares_V = counts_V / counts_V.sum()
        noise_V = counts_V**sampling.exponent
        self.share_V = torch.from_numpy(noise_V / noise_V.sum()).to(device)
        self.steps_V = self.share_V.cumsum(0)
        kept_V = np.ones(len(counts_V))
        if sampling.sample > 0:
            ratio_V = sampling.sample / shares_V
            kept_V = np.minimum(1.0, np.sqrt(ratio_V) + ratio_V)
        self.kept_V = torch.from_numpy(kept_V.astype(np.float32)).to(device)

    def block(self, ids_BT: Tensor, shared: int = SHARED) -> "Block":
        """Draw from torch's generator: the words that stay, the reach of each window, and `shared` random words."""
        known_BT = ids_BT >= 0
        stays_BT = torch.rand(ids_BT.shape, device=ids_BT.device) < self.kept_V[ids_BT.clamp(min=0)]
        # Ends of texts stay, too: no window reaches over them.
        block = Block.gathered(ids_BT, ~known_BT | stays_BT)
        reach_BL = torch.randint(1, self.sampling.window + 1, block.ids_BL.shape, device=ids_BT.device)
        noise_BK = self._words(torch.rand(len(ids_BT), shared, device=ids_BT.device, dtype=torch.float64))
        return block.within(reach_BL, noise_BK)

    def still(self, ids_BT: Tensor, *, is_weighed: bool = False) -> "Block":
        """Draw nothing: all words, whole windows (near words count more where these are weighed), the same random words for all."""
        block = Block.gathered(ids_BT, torch.ones_like(ids_BT, dtype=torch.bool))
        noise_BK = self.spread().expand(len(ids_BT), -1)
        return block.within(torch.full_like(block.ids_BL, self.sampling.window), noise_BK, is_weighed=is_weighed)

    def spread(self) -> Tensor:
        """Return words [K] evenly spread over the random ones."""
        even_K = (torch.arange(SHARED, device=self.steps_V.device, dtype=torch.float64) + 0.5) / SHARED
        return self._words(even_K)

    def _words(self, places: Tensor) -> Tensor:
        return torch.searchsorted(self.steps_V, places).clamp_(max=len(self.steps_V) - 1)


@dataclass(frozen=True, slots=True)
class Block:
    """Some blocks of text and what is drawn for them."""

    ids_BL: Tensor  # words, moved up to close the gaps; 0 where none is
    known_BL: Tensor
    text_BL: Tensor  # the number of the text that a place belongs to
    near_BLL: Tensor  # what it counts that the second word stands in the window of the first; 0 where it does not
    noise_BK: Tensor

    @classmethod
    def gathered(cls, ids_BT: Tensor, stays_BT: Tensor) -> "Block":
        """Return blocks without the words that do not stay; no windows yet."""
        lengths_B = stays_BT.sum(1)
        place_L = torch.arange(max(1, int(lengths_B.max())), device=ids_BT.device)
        inside_BL = place_L < lengths_B[:, None]
        ids_BL = ids_BT.new_zeros(inside_BL.shape).masked_scatter_(inside_BL, ids_BT.masked_select(stays_BT))
        none = ids_BL.new_zeros(0)
        return cls(ids_BL.clamp(min=0), inside_BL & (ids_BL >= 0), (ids_BL < 0).cumsum(1), none, none)

    def within(self, reach_BL: Tensor, noise_BK: Tensor, *, is_weighed: bool = False) -> "Block":
        """Return these blocks with windows of some reach, and random words."""
        # Arithmetic on floats takes a third of the time of comparisons. Texts stand farther apart than windows reach, and
        # what is no word is infinitely far away.
        length = self.ids_BL.shape[1]
        place_BL = (torch.arange(length, device=self.ids_BL.device) + length * self.text_BL).float()
        word_BL = place_BL.masked_fill(~self.known_BL, math.inf)
        apart_BLL = (place_BL[:, :, None] - word_BL[:, None, :]).abs_()
        reach_BL1 = (reach_BL.clamp(max=length) * self.known_BL)[:, :, None]
        near_BLL = (reach_BL1 + 1 - apart_BLL).clamp_(0, 1)
        near_BLL.diagonal(dim1=1, dim2=2).zero_()  # nobody is near to itself
        if is_weighed:
            near_BLL /= apart_BLL.clamp_(min=1)
        return Block(self.ids_BL, self.known_BL, self.text_BL, near_BLL, noise_BK)


class SkipGram(torch.autograd.Function):
    """The loss of foretelling each word from each of its neighbours."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: FunctionCtx, vectors_VD: Tensor, contexts_VD: Tensor, block: Block, negative: int
    ) -> Tensor:
        """Return the mean loss of a pair."""
        input_BLD, output_BLD = embedding(block.ids_BL, vectors_VD), embedding(block.ids_BL, contexts_VD)
        noise_BKD = embedding(block.noise_BK, contexts_VD)
        near_BLL, weight = block.near_BLL, negative / block.noise_BK.shape[1]
        uses_BL1 = near_BLL.sum(1)[:, :, None]  # of each word as a neighbour
        real_BLL = output_BLD @ input_BLD.transpose(1, 2)  # [foretold, neighbour]
        noise_BLK = input_BLD @ noise_BKD.transpose(1, 2)
        pull_BLL = (torch.sigmoid(real_BLL) - 1) * near_BLL
        push_BLK = torch.sigmoid(noise_BLK) * (uses_BL1 * weight)
        inward_BLD = torch.baddbmm(push_BLK @ noise_BKD, pull_BLL.transpose(1, 2), output_BLD)
        outward = _behind_one_another(pull_BLL, push_BLK.transpose(1, 2), input_BLD)
        ctx.rows = (  # type: ignore[attr-defined]
            (block.ids_BL.flatten(), inward_BLD.flatten(0, 1)),
            (torch.cat([block.ids_BL.flatten(), block.noise_BK.flatten()]), outward),
        )
        ctx.size = vectors_VD.shape  # type: ignore[attr-defined]
        return _mean(*_sums(real_BLL, near_BLL, noise_BLK, uses_BL1, negative))

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
        input_BLD, output_BLD = embedding(block.ids_BL, vectors_VD), embedding(block.ids_BL, contexts_VD)
        noise_BKD = embedding(block.noise_BK, contexts_VD)
        # The sums of neighbours stay as they are: what makes means of them is put on products, which are smaller.
        counts_BL1 = block.near_BLL.sum(2, keepdim=True)
        has_BL1, share_BL1 = (counts_BL1 > 0).float(), 1 / counts_BL1.clamp(min=1)
        blocks, length, width = input_BLD.shape
        outward_ND = input_BLD.new_empty(blocks * (length + block.noise_BK.shape[1]), width)
        sum_BLD = torch.bmm(block.near_BLL, input_BLD, out=outward_ND[: blocks * length].view(blocks, length, width))
        real_BL1 = (output_BLD * sum_BLD).sum(-1, keepdim=True) * share_BL1
        noise_BLK = (sum_BLD @ noise_BKD.transpose(1, 2)).mul_(share_BL1)
        pull_BL1 = (torch.sigmoid(real_BL1) - 1) * has_BL1
        push_BLK = torch.sigmoid(noise_BLK).mul_(has_BL1 * (negative / block.noise_BK.shape[1]))
        inward_BLD = output_BLD.mul_(pull_BL1).baddbmm_(push_BLK, noise_BKD)
        # As in word2vec, every neighbour takes the whole of it, not its share.
        whole_BLD = block.near_BLL.transpose(1, 2) @ inward_BLD
        push_BLK.mul_(share_BL1)
        torch.bmm(push_BLK.transpose(1, 2), sum_BLD, out=outward_ND[blocks * length :].view(blocks, -1, width))
        weights_N = torch.cat([(pull_BL1 * share_BL1).flatten(), pull_BL1.new_ones(block.noise_BK.numel())])
        ctx.rows = (  # type: ignore[attr-defined]
            (block.ids_BL.flatten(), whole_BLD.flatten(0, 1)),
            (torch.cat([block.ids_BL.flatten(), block.noise_BK.flatten()]), outward_ND, weights_N),
        )
        ctx.size = vectors_VD.shape  # type: ignore[attr-defined]
        return _mean(*_sums(real_BL1, has_BL1, noise_BLK, has_BL1, negative))

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:  # type: ignore[override]
        """Return sparse gradients of the sum."""
        return (*_sparse(ctx, gradient), None, None)


OBJECTIVES = {"skipgram": (SkipGram, SHARED), "cbow": (Cbow, FEWER)}  # and how many random words a block shares


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
    """Return the summed nats [B] of each block and of how many pairs (of CBOW: words) [B] they are."""
    input_BLD, output_BLD = vectors(block.ids_BL), contexts(block.ids_BL)
    noise_BDK = contexts(block.noise_BK).transpose(1, 2)
    if objective == "cbow":
        mean_BLD, uses_BL1 = _means(input_BLD, block.near_BLL)
        real_BL1 = (output_BLD * mean_BLD).sum(-1, keepdim=True)
        return _sums(real_BL1, uses_BL1, mean_BLD @ noise_BDK, uses_BL1, negative, every=True)
    real_BLL = output_BLD @ input_BLD.transpose(1, 2)
    uses_BL1 = block.near_BLL.sum(1)[:, :, None]
    return _sums(real_BLL, block.near_BLL, input_BLD @ noise_BDK, uses_BL1, negative, every=True)


def _behind_one_another(one_BLL: Tensor, other_BKL: Tensor, input_BLD: Tensor) -> Tensor:
    """Return both products with the input, as rows behind one another: written where they stay, not copied there."""
    blocks, length, width = input_BLD.shape
    shared = other_BKL.shape[1]
    rows_ND = input_BLD.new_empty(blocks * (length + shared), width)
    torch.bmm(one_BLL, input_BLD, out=rows_ND[: blocks * length].view(blocks, length, width))
    torch.bmm(other_BKL, input_BLD, out=rows_ND[blocks * length :].view(blocks, shared, width))
    return rows_ND


def _means(input_BLD: Tensor, near_BLL: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean of each word's neighbours, and 1 where it has any."""
    counts_BL1 = near_BLL.sum(2, keepdim=True)
    return near_BLL @ input_BLD / counts_BL1.clamp(min=1), (counts_BL1 > 0).float()


def _sums(
    real: Tensor, uses: Tensor, noise_BLK: Tensor, uses_BL1: Tensor, negative: int, *, every: bool = False
) -> tuple[Tensor, Tensor]:
    """Return summed nats [B] and pairs [B]. Not `every`: of a few blocks and random words, which is an estimate and costs little."""
    if not every:
        real, uses, noise_BLK, uses_BL1 = real[:TOLD], uses[:TOLD], noise_BLK[:TOLD], uses_BL1[:TOLD]
    some_BLK = noise_BLK if every else noise_BLK[..., :negative]
    weight = negative / some_BLK.shape[-1]
    nats_B = (functional.softplus(-real) * uses).flatten(1).sum(1)
    nats_B = nats_B + weight * (functional.softplus(some_BLK) * uses_BL1).flatten(1).sum(1)
    return nats_B, uses.flatten(1).sum(1)


def _mean(nats_B: Tensor, pairs_B: Tensor) -> Tensor:
    return nats_B.sum() / pairs_B.sum().clamp(min=1)


def _sparse(ctx: FunctionCtx, gradient: Tensor) -> list[Tensor]:
    """Return each table's gradient with its rows in order, each of them once."""
    found = []
    for ids_N, values_ND, *weights in ctx.rows:  # type: ignore[attr-defined]
        rows_R, values_RD = summed(ids_N, values_ND, *weights)
        size = (ctx.size[0], values_RD.shape[1])  # type: ignore[attr-defined]
        found.append(
            torch.sparse_coo_tensor(
                rows_R[None],
                values_RD if gradient == 1 else values_RD * gradient,
                size,
                check_invariants=False,
                is_coalesced=True,
            )
        )
    return found


def summed(ids_N: Tensor, values_ND: Tensor, weights_N: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return different ids in order, and the sum of the values of each: by embedding_bag, which takes a third of index_add."""
    order_N = _order(ids_N)
    rows_R, counts_R = torch.unique_consecutive(ids_N.index_select(0, order_N), return_counts=True)
    starts_R = counts_R.cumsum(0) - counts_R
    weights_N = None if weights_N is None else weights_N.index_select(0, order_N)
    return rows_R, functional.embedding_bag(order_N, values_ND, starts_R, mode="sum", per_sample_weights=weights_N)


def _order(ids_N: Tensor) -> Tensor:
    """Return the places of ids in their order, equal ones as they come. NumPy sorts plain numbers several times as fast."""
    if ids_N.device.type != "cpu":
        return torch.argsort(ids_N, stable=True)
    bits = len(ids_N).bit_length()
    keys_N = ids_N.numpy() << bits | np.arange(len(ids_N))
    keys_N.sort()
    return torch.from_numpy(keys_N & (1 << bits) - 1)
