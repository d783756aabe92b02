"""How the learning rate rises and falls."""

import math


def warmup_cosine(step: int, steps: int, warmup: int, floor: float = 0.1) -> float:
    """Return the factor (0…1) by which the learning rate is scaled at `step`.

    Rises linearly over `warmup` steps, then falls along half a cosine to `floor`.
    Example: warmup_cosine(0, 100, 10) == 0.1, warmup_cosine(9, 100, 10) == 1.0
    Source: Loshchilov & Hutter 2017, https://arxiv.org/abs/1608.03983
    """
    if step < warmup:
        return (step + 1) / warmup
    done = (step - warmup) / max(1, steps - 1 - warmup)  # 0 at the end of warm-up, 1 at the last step
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
