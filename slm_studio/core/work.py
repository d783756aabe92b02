"""Work: long work says on its way how far it is, and returns its value when it is done.

Its caller takes the value with `yield from` and passes the events on. At the door, where only events travel, a value
goes as the result of Finished.
"""

from collections.abc import Generator
from typing import TypeVar

from slm_studio.core.events import Event

T = TypeVar("T")
Work = Generator[Event, None, T]


def outcome(work: Work[T]) -> T:
    """Do work to its end and return its value; nobody hears of its events."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
