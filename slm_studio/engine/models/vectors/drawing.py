"""What is drawn as word2vec learns: the frequent words that are passed over, and random words.

Source of the places of random words: Walker 1974, https://doi.org/10.1049/el:19740097; Vose 1991, https://doi.org/10.1109/32.92917
"""

# K random words, V vocabulary

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

EVEN = 64  # random words that stand for all


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Say what is drawn: the knobs of word2vec."""

    window: int
    negative: int
    sample: float
    exponent: float


class Draws:
    """What is drawn of a vocabulary: how likely each word stays, and how random ones come."""

    def __init__(self, counts_V: np.ndarray, sampling: Sampling, device: torch.device) -> None:
        self.sampling = sampling
        counts_V = np.maximum(counts_V, 1).astype(np.float64)  # vectors from elsewhere do not say how often
        noise_V = counts_V**sampling.exponent
        noise_V /= noise_V.sum()
        self.places = even_places(noise_V)
        self.share_V = torch.from_numpy(noise_V).to(device)
        self.kept_V = np.ones(len(counts_V))
        if sampling.sample > 0:
            ratio_V = sampling.sample * counts_V.sum() / counts_V
            self.kept_V = np.minimum(1.0, np.sqrt(ratio_V) + ratio_V)

    def spread(self) -> Tensor:
        """Return words [K] evenly spread over the random ones."""
        even_K = (torch.arange(EVEN, device=self.share_V.device, dtype=torch.float64) + 0.5) / EVEN
        return torch.searchsorted(self.share_V.cumsum(0), even_K).clamp_(max=len(self.share_V) - 1)


def even_places(shares_V: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return one place for each word, all drawn alike: the share [V] of it that is the word's own, and whose [V] the rest is.

    So one draw finds a word, however many there are.
    """
    own_V, others_V = shares_V * len(shares_V), np.arange(len(shares_V))
    poor, rich = np.flatnonzero(own_V < 1).tolist(), np.flatnonzero(own_V >= 1).tolist()
    while poor and rich:
        word, other = poor.pop(), rich[-1]
        others_V[word] = other
        own_V[other] -= 1 - own_V[word]
        if own_V[other] < 1:
            poor.append(rich.pop())
    own_V[poor + rich] = 1  # what is left is so by rounding alone
    return own_V, others_V
