"""A running mean of the weights: what is scored and kept, where a recipe asks for it, while learning goes on beside it.

The mean of the last steps lies in the middle of the valley in whose sides these wander, and does as well as an average of
the last checkpoints. At first it forgets faster, so that a short run is not the mean of what it began with.
Source: Polyak & Juditsky 1992; the warm-up as TensorFlow's ExponentialMovingAverage has it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from slm_studio.engine.training.checkpoint import load_weights, weights_of


class Average:
    """Belongs to one net; `keeps` is the share of the mean that stays at each step."""

    def __init__(self, net: nn.Module, keeps: float, weights: dict[str, Tensor] | None = None) -> None:
        self.net, self.keeps = net, keeps
        self.weights = weights if weights is not None else weights_of(net)

    @torch.no_grad()
    def add(self, steps: int) -> None:
        """Take the weights after `steps` steps into the mean."""
        share = 1 - min(self.keeps, (1 + steps) / (10 + steps))
        now = self.net.state_dict()
        for name, mean in self.weights.items():
            if mean.is_floating_point():
                mean.lerp_(now[name], share)
            else:
                mean.copy_(now[name])

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the mean into the net for a while."""
        own = weights_of(self.net)
        load_weights(self.net, self.weights)
        try:
            yield
        finally:
            load_weights(self.net, own)
