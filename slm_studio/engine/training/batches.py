"""Which examples stand together in which batch: a pure function of seed, epoch and lengths."""

from collections.abc import Sequence

import numpy as np

WINDOW = 32  # batches whose examples are sorted by length together: little padding, still well mixed


def batch_plan(lengths: Sequence[int] | np.ndarray, batch: int, seed: int, epoch: int) -> list[np.ndarray]:
    """Return the batches of one epoch as arrays of example numbers; every example stands in exactly one.

    The examples are shuffled, sorted by length within windows of 32 batches, cut into batches, and the batches
    shuffled. The position of a run in its data is thus a function of (seed, epoch, index) alone.
    """
    generator = np.random.Generator(np.random.PCG64((seed, epoch)))
    order = generator.permutation(len(lengths))
    sizes = np.asarray(lengths)[order]
    window = batch * WINDOW
    for start in range(0, len(order), window):
        part = slice(start, start + window)
        order[part] = order[part][np.argsort(sizes[part], kind="stable")]
    batches = [order[start : start + batch] for start in range(0, len(order), batch)]
    return [batches[place] for place in generator.permutation(len(batches))]


def plan_in_order(count: int, batch: int) -> list[np.ndarray]:
    """Return the batches of an epoch that reads its examples as they stand."""
    return [np.arange(start, min(start + batch, count)) for start in range(0, count, batch)]
