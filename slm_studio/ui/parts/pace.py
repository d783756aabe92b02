"""Pace: how long a run will still take, by its latest steps. Everybody who tells the time left asks one of these."""

from collections import deque

from slm_studio.core.events import Step

RECENT = 50  # steps that count


class Pace:
    """Fed with the steps since a run began or went on."""

    def __init__(self) -> None:
        self._steps: deque[tuple[int, float]] = deque(maxlen=RECENT + 1)  # number, seconds

    def take(self, step: Step) -> None:
        """Take a step in."""
        self._steps.append((step.n, step.seconds))

    def forget(self) -> None:
        """Begin anew: the run began, or went on after a pause of unknown length."""
        self._steps.clear()

    def left(self, total: int) -> float | None:
        """Return the seconds until step `total`; None while nobody knows."""
        if len(self._steps) < 3 or not total:
            return None
        (first, began), (last, now) = self._steps[0], self._steps[-1]
        return max(0.0, (now - began) / max(1, last - first) * (total - last))
