"""How much work something took: seconds of the processor, which others on the machine do not lengthen much."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Assert that the block, with the processes that it waited for, worked no longer; give it many times what it needs."""
    began = _worked()
    yield
    assert _worked() - began < seconds


def _worked() -> float:
    return sum(os.times()[:4])
