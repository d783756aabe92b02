"""The numbers behind a chart: growing series, smoothing, and a min/max decimation that keeps every spike. No Qt here."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from slm_studio.core.events import Evaluated, Step

POINTS = 800  # at most so many points reach the screen: a least and a greatest value for every other pixel across
LONG = 20_000  # steps from which a run is not smoothed from its beginning each time
COPIED = 50_000  # lines that a copy of a run has at most
AXES = ("steps", "epochs", "time")
AIR = 0.12  # of the values' span that an axis shows above and below them
LEAST_FILLED = 0.6  # of an axis; values that take less of it get one of their own


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

    def rows(self) -> list[list[float]]:
        """Return all rows."""
        return self._store[: self._length].tolist()

    def __len__(self) -> int:
        return self._length


@dataclass(slots=True)
class RunCurves:
    """What a chart knows of one run: its steps (n, epoch, seconds, value) and its evaluations (n, seconds, loss, metric)."""

    name: str = ""
    steps: Series = field(default_factory=lambda: Series(4))
    evaluations: Series = field(default_factory=lambda: Series(4))
    _drawn: "Drawn | None" = None
    _drawn_axis: str = ""

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

    def table(self, value: str, metric: str, most: int = COPIED) -> list[list[object]]:
        """Return names and lines of step, epoch, seconds, `value`, and what was measured on held-out rows at a step.

        Of more than `most` steps every so-manieth is there, as the first name says, and each with an evaluation.
        """
        every = -(-len(self.steps) // most) or 1
        measured = {n: (loss, score) for n, _, loss, score in self.evaluations.rows()}
        with_metric = bool(metric) and any(score == score for _, score in measured.values())
        names = [f"step (1/{every})" if every > 1 else "step", "epoch", "seconds", value]
        names += ["held-out loss"] * bool(measured) + [metric] * with_metric
        lines: list[list[object]] = [[*names]]
        for at, (n, epoch, seconds, height) in enumerate(self.steps.rows()):
            if at % every and n not in measured:
                continue
            loss, score = measured.get(n, ("", ""))
            line = [int(n), epoch, seconds, height, loss, score][: len(names)]
            lines.append(["" if cell != cell else cell for cell in line])
        return lines

    def step_axis(self, axis: str) -> np.ndarray:
        """Return where the steps stand on the horizontal axis."""
        return self.steps.column(AXES.index(axis))

    def drawn(self, axis: str) -> "Drawn":
        """Return the points to draw. In a long run only the steps since the last thorough look are worked on."""
        x, y = self.step_axis(axis), self.steps.column(3)
        kept = self._drawn if self._drawn_axis == axis else None
        if kept is None or not kept.length <= len(x) <= kept.length * 1.1 or len(x) < LONG:
            self._drawn, self._drawn_axis = draw(x, y), axis
            return self._drawn
        if len(x) == kept.length:
            return kept
        start = max(0, kept.length - 2 * kept.window)  # smoothing looks back so far
        tail = draw(x[start:], y[start:], kept.window, POINTS // 4)
        return Drawn(
            length=len(x),
            window=kept.window,
            raw=_joined(kept.raw, tail.raw, x[kept.length]),
            smooth=_joined(kept.smooth, tail.smooth, x[kept.length]),
        )

    def evaluation_axis(self, axis: str) -> np.ndarray:
        """Return where the evaluations stand; epochs are read off the steps."""
        if axis == "time":
            return self.evaluations.column(1)
        n = self.evaluations.column(0)
        if axis == "steps" or not len(self.steps):
            return n
        return np.interp(n, self.steps.column(0), self.steps.column(1))


@dataclass(frozen=True, slots=True)
class Drawn:
    """The points of one run that reach the screen, and from how many steps they were made."""

    length: int
    window: int
    raw: tuple[np.ndarray, np.ndarray]
    smooth: tuple[np.ndarray, np.ndarray]


def draw(x: np.ndarray, y: np.ndarray, window: int = 0, most: int = POINTS) -> Drawn:
    """Smooth and decimate a whole run."""
    window = window or smoothing_window(len(x))
    return Drawn(len(x), window, decimate(x, y, most), decimate(x, smooth(y, window), most // 4))


def _joined(
    head: tuple[np.ndarray, np.ndarray], tail: tuple[np.ndarray, np.ndarray], start: float
) -> tuple[np.ndarray, np.ndarray]:
    new = tail[0] >= start
    return np.concatenate((head[0], tail[0][new])), np.concatenate((head[1], tail[1][new]))


def smoothing_window(count: int) -> int:
    """Return how many neighbours are averaged: a fortieth of all."""
    return max(5, count // 40)


def smooth(values: np.ndarray, window: int = 0) -> np.ndarray:
    """Return a running mean of a running mean over `window` values (0: a fortieth of them), centred, NaN left out.

    At both ends the window is shorter.
    """
    count = len(values)
    if count < 3:
        return values
    window = window or smoothing_window(count)
    return _running_mean(_running_mean(values, window), window)


def _running_mean(values: np.ndarray, window: int) -> np.ndarray:
    """Example: _running_mean(np.array([1.0, 3.0, 5.0]), 3) == [2, 3, 4]"""
    count = len(values)
    finite = np.isfinite(values)
    sums = np.concatenate(([0.0], np.cumsum(np.where(finite, values, 0.0))))
    counts = np.concatenate(([0], np.cumsum(finite)))
    at = np.arange(count)
    low, high = np.maximum(0, at - window // 2), np.minimum(count, at + window // 2 + 1)
    return (sums[high] - sums[low]) / np.maximum(1, counts[high] - counts[low])


def hold_range(values: Sequence[np.ndarray], shown: tuple[float, float] | None) -> tuple[float, float] | None:
    """Return the range of an axis: the one shown as long as it fits, else a new one with air on both sides.

    An axis that moves with every point is hard to read, and painting its numbers anew is most of the work of a drawing.
    None where there is nothing finite to show.
    """
    finite = [each[np.isfinite(each)] for each in values]
    filled = [each for each in finite if len(each)]
    if not filled:
        return None
    low, high = float(min(each.min() for each in filled)), float(max(each.max() for each in filled))
    if shown and shown[0] <= low and high <= shown[1] and high - low >= LEAST_FILLED * (shown[1] - shown[0]):
        return shown
    air = (high - low) * AIR or abs(high) * AIR or 1.0
    return low - air, high + air


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
    rest = np.where(np.isfinite(y[full:]), y[full:], 0.0)  # fewer than a bucket
    ends = [full + int(rest.argmin()), full + int(rest.argmax())] if len(rest) else []
    kept = np.zeros(len(x), dtype=bool)
    kept[np.concatenate((starts + lows, starts + highs, np.array([*ends, len(x) - 1], dtype=int)))] = True
    return x[kept], y[kept]
