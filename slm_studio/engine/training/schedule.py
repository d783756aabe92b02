"""How the learning rate rises and falls, and how long that takes."""

import math
from collections.abc import Sequence


def warmup_cosine(step: float, steps: int, warmup: int, floor: float = 0.1) -> float:
    """Return the factor (0…1) by which the learning rate is scaled at `step`.

    Rises linearly over `warmup` steps, then falls along half a cosine to `floor`.
    Example: warmup_cosine(0, 100, 10) == 0.1, warmup_cosine(9, 100, 10) == 1.0
    Source: Loshchilov & Hutter 2017, https://arxiv.org/abs/1608.03983
    """
    if step < warmup:
        return _risen(step, warmup)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * _done(step, steps, warmup)))


def warmup_linear(step: float, steps: int, warmup: int, floor: float = 0.1) -> float:
    """Return the same of a rate that falls in a straight line, as word2vec lets it fall.

    Example: warmup_linear(54, 100, 10, floor=0.0) is about 0.5
    Source: Mikolov et al. 2013, https://arxiv.org/abs/1301.3781 (section 4.2)
    """
    if step < warmup:
        return _risen(step, warmup)
    return floor + (1 - floor) * (1 - _done(step, steps, warmup))


def _risen(step: float, warmup: int) -> float:
    return min(1.0, (step + 1) / warmup)


def _done(step: float, steps: int, warmup: int) -> float:
    """Return 0 at the end of warm-up, 1 at the last step."""
    return min(1.0, (step - warmup) / max(1, steps - 1 - warmup))


class Course:
    """The steps that a run takes. A correction of their number (step, new total) changes the pace, never the place.

    The curve of learning rates is drawn over the steps of the first plan; after a correction the rest of it is walked
    faster or slower. So the rate goes on from where it was, and after the warm-up it never rises.
    """

    def __init__(self, steps: int, corrections: Sequence[tuple[int, int]] = ()) -> None:
        self.steps = steps
        self.corrections = list(corrections)

    @property
    def total(self) -> int:
        """Return the steps of the whole run, as they are planned now."""
        return self.corrections[-1][1] if self.corrections else self.steps

    def correct(self, step: int, total: int) -> None:
        """Let the run take `total` steps, from `step` on."""
        self.corrections.append((step, total))

    def place(self, step: int) -> float:
        """Return where on the first plan's curve (0 … steps - 1) a step of the run stands."""
        at, since, total = 0.0, 0, self.steps
        for corrected, new in self.corrections:
            if step < corrected:
                break
            at, since, total = self._on(at, since, total, corrected), corrected, new
        return self._on(at, since, total, step)

    def _on(self, at: float, since: int, total: int, step: int) -> float:
        left = total - 1 - since
        last = float(self.steps - 1)
        return min(last, at + (last - at) * (step - since) / left) if left > 0 else at  # rounding ends there, too
