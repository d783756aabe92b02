"""Work: long work says on its way how far it is, and returns its value when it is done.

Its caller takes the value with `yield from` and passes the events on. At the door, where only events travel, a value
goes as the result of Finished.
"""

from collections.abc import Generator
from typing import TypeVar

from slm_studio.core.events import Event, Note

T = TypeVar("T")
Work = Generator[Event, None, T]


def quietly(work: Work[T], kept: list[Note] | None = None) -> Work[T]:
    """Yield the events of work but its Notes, which `kept` takes, and return its value: somebody says the same later."""
    try:
        while True:
            event = next(work)
            if not isinstance(event, Note):
                yield event
            elif kept is not None:
                kept.append(event)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    finally:
        work.close()


def outcome(work: Work[T]) -> T:
    """Do work to its end and return its value; nobody hears of its events."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
