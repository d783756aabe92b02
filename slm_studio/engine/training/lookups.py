"""What a bag does beside products of matrices: its features are made of texts, looked up in tables, and their rows moved."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import nn

from slm_studio.engine.models.features import count_features
from slm_studio.engine.models.lengths import LOOKED_AT
from slm_studio.engine.task import text_lengths

ROW = 5  # numbers that sorting and merging the features costs as much as, for each that is looked up
# How often a number that is looked up is read or written until its row has moved, by Adam: fewest and most seen.
TIMES = (6.0, 36.0)
READINGS = 3  # of every text before the first step: its features are counted, what they tell is, and their ids are told
SAMPLE = 100  # texts whose features stand for all
MEASURED = 0.05  # seconds
SHAPE = (1 << 16, 256)  # of a table that no processor keeps near, as those of a bag
ROWS = 1024  # read at a time
_seen: list[float] = []  # seconds of reading one number: the fewest


@dataclass(frozen=True, kw_only=True, slots=True)
class Lookups:
    """What an example asks for, on average."""

    numbers: float = 0.0  # that it looks up, in all tables
    making: float = 0.0  # seconds of a processor that its features take, until it can be learnt from


def lookups_of(net: nn.Module, texts: Sequence[str], tokens: float) -> Lookups:
    """Return what an example of so many tokens asks for, if the features of its texts are like those of some `texts`."""
    tables = [module for module in net.modules() if isinstance(module, nn.EmbeddingBag)]
    some = [text[:LOOKED_AT] for text in texts[:: -(-len(texts) // SAMPLE) or 1]]
    known = float(text_lengths(some).sum()) if tables and some else 0.0
    if not known:
        return Lookups()
    began = time.thread_time()  # not of a clock: other programs must not count
    features = count_features(some) / known * tokens
    making = (time.thread_time() - began) / known * tokens
    return Lookups(numbers=features * sum(table.embedding_dim + ROW for table in tables), making=READINGS * making)


def seconds_of(numbers: float) -> tuple[float, float]:
    """Return how long it takes to look up so many numbers, learn from them and move their rows: least and most."""
    each = _seconds_a_number() if numbers else 0.0
    return numbers * each * TIMES[0], numbers * each * TIMES[1]


def _seconds_a_number() -> float:
    """Return how long this machine takes to read a number of rows from all over a table: the best that was seen so far.

    By one thread: several would have to be woken, which on a busy machine takes twenty times as long as the reading.
    """
    table, draw, began = np.ones(SHAPE, np.float32), np.random.default_rng(0), time.perf_counter()
    while time.perf_counter() - began < MEASURED:
        places = draw.integers(SHAPE[0], size=ROWS)
        started = time.perf_counter()
        table.take(places, axis=0)
        _seen.append((time.perf_counter() - started) / (ROWS * SHAPE[1]))
        _seen[:] = [min(_seen)]
    return _seen[0]
