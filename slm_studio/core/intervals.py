"""How far a share of a few rows may be off."""

import math

Z95 = 1.959963984540054


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % interval of a share. Example: wilson(9, 10) → (0.596, 0.982)"""
    if not trials:
        return 0.0, 1.0
    share = successes / trials
    spread = Z95 * math.sqrt(share * (1 - share) / trials + Z95**2 / (4 * trials**2))
    centre, scale = share + Z95**2 / (2 * trials), 1 + Z95**2 / trials
    low = (centre - spread) / scale if successes else 0.0  # which rounding would miss
    return max(0.0, low), min(1.0, (centre + spread) / scale)
