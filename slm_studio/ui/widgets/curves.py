"""The numbers behind a chart: growing series, smoothing, and a min/max decimation that keeps every spike. No Qt here."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from slm_studio.core.events import Evaluated, Step

POINTS = 4000  # at most so many points reach the screen
AXES = ("steps", "epochs", "time")


class Series:
    """Columns of numbers that grow at the end (amortised, so that a million steps cost no copying each)."""

    def __init__(self, width: int) -> None:
        self._store = np.empty((256, width))
        self._length = 0

    def extend(self, rows: Sequence[Sequence[float]] | np.ndarray) -> None:
        """Add rows."""
        new = np.asarray(rows, dtype=float).reshape(-1, self._store.shape[1])
        needed = self._length + len(new)
        if needed > len(self._store):
            grown = np.empty((max(needed, 2 * len(self._store)), self._store.shape[1]))
            grown[: self._length] = self._store[: self._length]
            self._store = grown
        self._store[self._length : needed] = new
        self._length = needed

    def cut(self, n: float) -> None:
        """Forget rows whose first column is above `n` (a resumed run goes back to its checkpoint)."""
        self._length = int(np.searchsorted(self._store[: self._length, 0], n, side="right"))

    def column(self, at: int) -> np.ndarray:
        """Return one column as it stands."""
        return self._store[: self._length, at]

    def __len__(self) -> int:
        return self._length


@dataclass(slots=True)
class RunCurves:
    """What a chart knows of one run: its steps (n, epoch, seconds, value) and its evaluations (n, seconds, loss, metric)."""

    name: str = ""
    steps: Series = field(default_factory=lambda: Series(4))
    evaluations: Series = field(default_factory=lambda: Series(4))

    def add_steps(self, steps: Sequence[Step], value: str) -> None:
        """Add training steps; `value` is the field that is drawn."""
        if steps and len(self.steps) and steps[0].n <= self.steps.column(0)[-1]:
            self.steps.cut(steps[0].n - 1)
        self.steps.extend([(step.n, step.epoch, step.seconds, getattr(step, value)) for step in steps])

    def add_evaluations(self, evaluations: Sequence[Evaluated], metric: str) -> None:
        """Add evaluations; `metric` is the one drawn on the right axis ("" = none)."""
        if evaluations and len(self.evaluations) and evaluations[0].n <= self.evaluations.column(0)[-1]:
            self.evaluations.cut(evaluations[0].n - 1)
        rows = [(each.n, each.seconds, each.loss, each.metrics.get(metric, np.nan)) for each in evaluations]
        self.evaluations.extend(rows)

    def step_axis(self, axis: str) -> np.ndarray:
        """Return where the steps stand on the horizontal axis."""
        return self.steps.column(AXES.index(axis))

    def evaluation_axis(self, axis: str) -> np.ndarray:
        """Return where the evaluations stand; epochs are read off the steps."""
        if axis == "time":
            return self.evaluations.column(1)
        n = self.evaluations.column(0)
        if axis == "steps" or not len(self.steps):
            return n
        return np.interp(n, self.steps.column(0), self.steps.column(1))


def smooth(values: np.ndarray, window: int = 0) -> np.ndarray:
    """Return a running mean over `window` values (0: a fortieth of them), centred, shorter at both ends, NaN left out.

    Example: smooth(np.array([1.0, 3.0, 5.0]), 3) == [2, 3, 4]
    """
    count = len(values)
    window = window or max(5, count // 40)
    if count < 3:
        return values
    finite = np.isfinite(values)
    sums = np.concatenate(([0.0], np.cumsum(np.where(finite, values, 0.0))))
    counts = np.concatenate(([0], np.cumsum(finite)))
    at = np.arange(count)
    low, high = np.maximum(0, at - window // 2), np.minimum(count, at + window // 2 + 1)
    return (sums[high] - sums[low]) / np.maximum(1, counts[high] - counts[low])


def decimate(x: np.ndarray, y: np.ndarray, most: int = POINTS) -> tuple[np.ndarray, np.ndarray]:
    """Return at most `most` points that look the same: each bucket keeps its least and its greatest value."""
    if len(x) <= most:
        return x, y
    buckets = most // 2
    size = -(-len(x) // buckets)
    full = len(x) // size * size
    shaped = np.where(np.isfinite(y[:full]), y[:full], np.inf).reshape(-1, size)
    lows = shaped.argmin(axis=1)
    highs = np.where(np.isfinite(shaped), shaped, -np.inf).argmax(axis=1)
    starts = np.arange(len(shaped)) * size
    kept = np.sort(np.concatenate((starts + lows, starts + highs, np.arange(full, len(x))[-2:])))
    return x[kept], y[kept]
