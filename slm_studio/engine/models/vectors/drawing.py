"""What is drawn of a text at each step: the words that are passed over, the reach of each window, and random words.

Blocks of text are cut anew into short rows of the words that stay: nothing is padding. A row sees a window's length over
both of its ends, so that no window is cut there.
"""

# B blocks, T words of the longest; S places of all rows behind one another; R rows, L words of a row, H words of a row and
# around it, K random words of a row, V vocabulary

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

LEAST_ROW = 32  # words: small enough that products of all its words cost little
EVEN = 64  # random words that stand for all


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Say what is drawn: the knobs of word2vec."""

    window: int
    negative: int
    sample: float
    exponent: float


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of text and what is drawn for them."""

    ids_S: Tensor  # the words of all rows and around them; 0 where none is
    step: int  # places from the start of a row to that of the next
    near_RLH: Tensor  # what it counts that the second word stands in the window of the first; 0 where it does not
    noise_RK: Tensor

    def around(self, values: Tensor) -> Tensor:
        """Return of values [S, …] those of each row and around it [R, H, …]: a view, rows overlap."""
        rows, _, width = self.near_RLH.shape
        first, *others = values.stride()
        return values.as_strided((rows, width, *values.shape[1:]), (self.step * first, first, *others))

    def inside(self, values: Tensor) -> Tensor:
        """Return of values [S, …] those of each row [R, L, …]."""
        _, length, width = self.near_RLH.shape
        edge = (width - length) // 2
        return self.around(values)[:, edge : edge + length]


class Draws:
    """What is drawn of a vocabulary: which frequent words are passed over, and which random ones come."""

    def __init__(self, counts_V: np.ndarray, sampling: Sampling, device: torch.device) -> None:
        self.sampling = sampling
        self.length = max(LEAST_ROW, 2 * sampling.window)  # of a row
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

    def block(self, ids_BT: Tensor, shared: int = EVEN) -> Block:
        """Draw from torch's generator: the words that stay, the reach of each window, and `shared` random words of a row."""
        stays_BT = torch.rand(ids_BT.shape, device=ids_BT.device) < self.kept_V[ids_BT.clamp(min=0)]
        # Ends of texts stay, too, and each block ends one: no window reaches over them.
        ended_BT = functional.pad(ids_BT, (0, 1), value=-1)
        kept_S = ended_BT.masked_select(functional.pad(stays_BT, (0, 1)) | (ended_BT < 0))
        rows, window = math.ceil(len(kept_S) / self.length), self.sampling.window
        filler = rows * self.length - len(kept_S)
        ids_S = functional.pad(kept_S, (window, window + filler), value=-1)
        reach_RL = torch.randint(1, window + 1, (rows, self.length), device=ids_BT.device)
        # One from each of as many equal parts of all random words: frequent and rare ones in every row. Of so few that are
        # shared, neighbours are as near to those of word2vec as of a third more that are drawn from all.
        parts_K = torch.arange(shared, device=ids_BT.device, dtype=torch.float64)
        noise_RK = self._words((torch.rand(rows, shared, device=ids_BT.device) + parts_K) / shared)
        return _laid(ids_S, self.length, self.length, reach_RL, noise_RK, window)

    def still(self, ids_BT: Tensor, *, is_weighed: bool = False) -> Block:
        """Draw nothing: all words, whole windows (near words count more where these are weighed), the same random words for all.

        A block is a row.
        """
        window, (rows, length) = self.sampling.window, ids_BT.shape
        ids_S = functional.pad(ids_BT, (window, window), value=-1).flatten()
        reach_RL = torch.full_like(ids_BT, window)
        noise_RK = self.spread().expand(rows, -1)
        return _laid(ids_S, length, length + 2 * window, reach_RL, noise_RK, window, is_weighed=is_weighed)

    def spread(self) -> Tensor:
        """Return words [K] evenly spread over the random ones."""
        even_K = (torch.arange(EVEN, device=self.steps_V.device, dtype=torch.float64) + 0.5) / EVEN
        return self._words(even_K)

    def _words(self, places: Tensor) -> Tensor:
        return torch.searchsorted(self.steps_V, places).clamp_(max=len(self.steps_V) - 1)


def _laid(
    ids_S: Tensor, length: int, step: int, reach_RL: Tensor, noise_RK: Tensor, window: int, *, is_weighed: bool = False
) -> Block:
    """Return rows of some length with windows of some reach. Of each word the few places around it are looked at."""
    rows, width, beside = len(reach_RL), length + 2 * window, 2 * window + 1
    # Texts stand farther apart than windows reach, and what is no word is infinitely far away.
    known_S = ids_S >= 0
    place_S = (torch.arange(len(ids_S), device=ids_S.device) + beside * (~known_S).cumsum(0)).float()
    word_S = place_S.masked_fill(~known_S, math.inf)
    block = Block(ids_S.clamp(min=0), step, word_S.new_zeros(rows, length, width), noise_RK)
    # Arithmetic on floats takes a third of the time of comparisons.
    apart_RLW = word_S.as_strided((rows, length, beside), (step, 1, 1)) - block.inside(place_S)[..., None]
    reach_RL1 = (reach_RL * block.inside(known_S))[..., None]
    near_RLW = (reach_RL1 + 1 - apart_RLW.abs_()).clamp_(0, 1)
    near_RLW[..., window] = 0  # nobody is near to itself
    if is_weighed:
        near_RLW /= apart_RLW.clamp_(min=1)
    # From the places beside each word to those of its row: one further for each.
    block.near_RLH.as_strided(near_RLW.shape, (length * width, width + 1, 1)).copy_(near_RLW)
    return block
