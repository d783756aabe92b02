"""Let a library's blocking call run beside the generator that reports on it."""

import io
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeVar

from slm_studio.core.events import Event

T = TypeVar("T")
Report = Callable[[int], None]

_BEAT = 0.1  # seconds between two events
_GRACE = 5.0  # seconds a cancelled call has to end


class Cancelled(Exception):
    """Raised inside the call, from its progress report, once nobody waits for it any more."""


class CountingReader(io.BufferedReader):
    """A file that reports how far it has been read; the report may raise to stop a transfer."""

    def __init__(self, path: Path, report: Report) -> None:
        super().__init__(io.FileIO(path))
        self._report = report

    def read(self, size: int | None = -1) -> bytes:
        """Read on and report the place reached (a retry begins from 0 again)."""
        block = super().read(size)
        self._report(self.tell())
        return block


def alongside(
    work: Callable[[Report], T], show: Callable[[int], Event], interrupt: Callable[[], None] = lambda: None
) -> Generator[Event, None, T]:
    """Run `work(report)` in a thread, yield show(what was reported last), and return its result.

    Closing the generator calls `interrupt`, makes the next report raise Cancelled and waits a little for the end.
    """
    place = [0]
    result: list[T] = []
    problems: list[BaseException] = []
    cancelled = threading.Event()

    def report(reached: int) -> None:
        if cancelled.is_set():
            raise Cancelled
        place[0] = reached

    def run() -> None:
        try:
            result.append(work(report))
        except BaseException as error:  # noqa: BLE001  (raised again below, in the caller's thread)
            problems.append(error)

    thread = threading.Thread(target=run, name="slm-alongside", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            yield show(place[0])
            thread.join(_BEAT)
    finally:
        if thread.is_alive():
            cancelled.set()
            interrupt()
            thread.join(_GRACE)
    if problems:
        raise problems[0]
    return result[0]
