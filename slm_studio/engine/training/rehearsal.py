"""Steps on a copy of a plan's net, to see how long they take: whole batches, or parts of them where one takes long."""

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

import torch
from torch import Tensor, nn

from slm_studio.core.events import Progress
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.device import attention_for, seed_draws, set_attention

TRYING = mark("Trying what is fastest here")
PART = 0.1  # seconds that a step should take: between two of them a stop or a pause acts
LOOK, LOOKS = 1.0, 4  # seconds, and steps, after which a first look has seen enough

Loss = Callable[[nn.Module, Sequence[int], str], Tensor]  # of some rows, in a number format: a scalar


@dataclass(frozen=True, slots=True)
class Way:
    """One way to compute."""

    precision: str
    threads: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What one step showed."""

    loss: float
    seconds: float  # that its whole batch would take
    waited: float  # that the step itself took


class Rehearsal:
    """Takes steps with `batches` of training's own rows, whose `lengths` say how much work each is."""

    def __init__(
        self,
        net: nn.Module,
        loss: Loss,
        batches: Sequence[Sequence[int]],
        lengths: Sequence[int],
        device: torch.device,
    ) -> None:
        self.net = copy.deepcopy(net).to(device).train()
        self.device = device
        self.rows = 1  # of a batch that one step takes
        self._loss, self._batches, self._lengths = loss, batches, lengths

    def look(self, way: Way) -> Work[float]:
        """Yield signs of life; return the seconds that a step takes in `way`.

        The parts of batches grow until they take long enough to tell something.
        """
        end = time.perf_counter() + LOOK
        seen: list[float] = []
        is_set_up = False
        while len(seen) < LOOKS:
            taken = self.step(way, len(seen))
            yield Progress(TRYING, 0, 0)
            seen.append(taken.seconds)
            if time.perf_counter() > end:
                break  # what was seen must do
            if not is_set_up or self._grow(taken.waited):
                is_set_up = True
                seen.clear()
        return fmean(seen)

    def step(self, way: Way, turn: int, rows: int = 0) -> Taken:
        """Take a step with the batch of a turn, or with its first `rows` rows."""
        torch.set_num_threads(way.threads)
        set_attention(self.net, attention_for(way.precision, self.device))
        seed_draws(self.device, turn)  # so that ways may be compared by their loss
        self.net.zero_grad(set_to_none=True)
        batch = self._batches[turn % len(self._batches)]
        part = batch[: rows or self.rows]
        began = time.perf_counter()
        loss = self._loss(self.net, part, way.precision)
        loss.backward()
        value = loss.item()
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        waited = time.perf_counter() - began
        return Taken(value, waited * self._work(batch) / self._work(part), waited)

    def _grow(self, waited: float) -> bool:
        """Take more rows a step, where there are more and a step is short."""
        whole = max(map(len, self._batches))
        if self.rows >= whole or waited > PART / 2:
            return False
        self.rows = min(whole, self.rows * max(2, min(8, int(PART / max(waited, 1e-6)))))
        return True

    def _work(self, rows: Sequence[int]) -> int:
        """Return the tokens of some rows, padding included."""
        return len(rows) * max(1, max(self._lengths[row] for row in rows))
