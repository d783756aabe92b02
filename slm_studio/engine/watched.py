"""Work that says nothing on its way (an import, a vocabulary, a net), watched by a generator that does."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from slm_studio.core.events import Progress
from slm_studio.core.work import Work

T = TypeVar("T")
SIGN = 0.2  # seconds between two signs of life
STACK = 16 * 2**20  # bytes: some systems give half a megabyte, and torch needs more
# One at a time: work whose consumer has left must not draw from the random numbers of the next.
_TURN = threading.Lock()


def watched(what: str, work: Callable[[], T]) -> Work[T]:
    """Do `work` in a thread of its own and yield Progress until it is done; return its result.

    So a stop or a pause need not wait for it. Nothing can end it: a consumer that leaves leaves it behind, to end by
    itself or with the process.
    """
    yield Progress(what, 0, 0)
    task = _Task(work)
    former = threading.stack_size(STACK)
    try:
        threading.Thread(target=task.run, name="watched", daemon=True).start()
    finally:
        threading.stack_size(former)
    while not task.is_over.wait(SIGN):
        yield Progress(what, 0, 0)
    return task.outcome()


class _Task(Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._result: list[T] = []
        self._error: BaseException | None = None
        self.is_over = threading.Event()

    def run(self) -> None:
        try:
            with _TURN:
                self._result.append(self._work())
        except BaseException as error:  # noqa: BLE001  (a Rust panic is not an Exception; it is raised where one waits)
            self._error = error
        finally:
            self.is_over.set()

    def outcome(self) -> T:
        if self._error is not None:
            raise self._error
        return self._result[0]
