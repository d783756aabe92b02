"""Jobs: the one way the window starts short work. A job runs on a QThread; its callbacks run on the window's thread.

Events wait in a mailbox that a timer empties 20 times a second: 20,000 queued signals would freeze a window for
seconds, a mailbox does not.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from traceback import TracebackException

import shiboken6
from PySide6.QtCore import QDeadlineTimer, QObject, QThread, QTimer, Signal

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished

Run = Callable[..., Iterator[Event]]  # run(verb, **arguments): Engines.run, or any generator function in a test

INTERVAL = 50  # milliseconds between two looks into the mailboxes
BUDGET = 0.010  # seconds of callbacks in one look; what remains waits for the next, so that the window stays alive
STACK = 16 * 2**20  # bytes: with place "thread" torch runs on this stack, and some systems give half a megabyte

_unfinished: list[QThread] = []  # destroying a QThread that runs ends the program; those stay for ever


class Call:
    """One run of the engine: pulled by a worker's thread, steered by any, its mailbox read by the window's."""

    def __init__(self, run: Run, verb: str, arguments: Mapping[str, object]) -> None:
        self.verb = verb
        self.mailbox: deque[Event | StudioError] = deque()  # ends in Finished or a StudioError, always
        self._run = run
        self._arguments = arguments
        self._events: Iterator[Event] | None = None
        self._is_paused = False
        self._is_stopped = False

    def pull(self) -> None:
        """Do the work in the calling thread and put its events into the mailbox."""
        try:
            self._pull()
        except StudioError as error:
            self.mailbox.append(error)
        except BaseException as error:  # noqa: BLE001  (a thread's edge: somebody waits for an end)
            self.mailbox.append(_unforeseen(error))

    def pause(self) -> None:
        """Ask the work to wait."""
        self._is_paused = True
        self._ask("pause")

    def resume(self) -> None:
        """Let the work go on."""
        self._is_paused = False
        self._ask("resume")

    def stop(self) -> None:
        """Ask the work to end. Returns at once."""
        self._is_stopped = True
        self._ask("stop")

    def _pull(self) -> None:
        events = self._events = iter(self._run(self.verb, **self._arguments))
        # What was asked before there was anybody to ask:
        if self._is_stopped:
            self._ask("stop")
        elif self._is_paused:
            self._ask("pause")
        for event in events:
            if self._is_stopped and not hasattr(events, "stop"):
                break  # a plain generator
            self.mailbox.append(event)
            if isinstance(event, Finished):
                return
        close = getattr(events, "close", None)
        if close is not None:
            close()
        if not self._is_stopped:
            raise StudioError(
                "no-result", "The work ended without a result.", "Try again. The log file holds the details."
            )
        self.mailbox.append(Finished(None))

    def _ask(self, control: str) -> None:
        act = getattr(self._events, control, None)
        if act is not None:
            act()


class JobHandle:
    """What the starter of a job holds."""

    def __init__(self, work: Call) -> None:
        self._work = work
        self.is_running = True

    @property
    def verb(self) -> str:
        """Return the verb."""
        return self._work.verb

    def stop(self) -> None:
        """Ask the job to end: `on_result(None)` follows, unless the result was already on its way. Returns at once."""
        if self.is_running:
            self._work.stop()


class Jobs(QObject):
    """Starts jobs and calls back on the window's thread."""

    job_failed = Signal(object)  # the StudioError of a job that was started without `on_error`

    def __init__(self, run: Run, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run = run
        self._active: list[_Active] = []
        self._is_closed = False
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self._on_timeout)

    @property
    def is_busy(self) -> bool:
        """Say whether any job runs."""
        return bool(self._active)

    def start(
        self,
        verb: str,
        arguments: Mapping[str, object],
        on_result: Callable[[object], None],
        on_event: Callable[[Event], None] | None = None,
        on_error: Callable[[StudioError], None] | None = None,
        owner: QObject | None = None,
    ) -> JobHandle:
        """Start `verb`. Exactly one of `on_result` (None where it was stopped) and `on_error` is called at the end.

        Nothing is called once `owner` was destroyed; its job is stopped.
        """
        work = Call(self._run, verb, arguments)
        handle = JobHandle(work)
        if self._is_closed:
            handle.is_running = False
            return handle
        active = _Active(
            work, handle, on_result, on_event, self.job_failed.emit if on_error is None else on_error, owner
        )
        self._active.append(active)
        active.start()
        self._timer.start()
        return handle

    def stop_all(self) -> None:
        """Ask every job to end. Returns at once."""
        for each in self._active:
            each.handle.stop()

    def shutdown(self, seconds: float = 5.0) -> bool:
        """Stop everything and wait for it; nothing is called back any more.

        Returns False where something still runs after `seconds`: then end the process with os._exit, because Qt would
        crash on the way out.
        """
        self._is_closed = True
        self._timer.stop()
        self.stop_all()
        ended = join(self._active, seconds)
        self._active.clear()
        return ended

    def _on_timeout(self) -> None:
        for each in list(self._active):
            end = time.monotonic() + BUDGET / len(self._active or (None,))
            while each.work.mailbox and time.monotonic() < end:
                self._deliver(each, each.work.mailbox.popleft())
            if not each.is_wanted:
                each.handle.stop()
        if not self._active:
            self._timer.stop()

    def _deliver(self, active: "_Active", item: Event | StudioError) -> None:
        if not isinstance(item, Finished | StudioError):
            if active.is_wanted and active.on_event is not None:
                active.on_event(item)
            return
        active.wait()  # its thread has nothing left to do
        active.handle.is_running = False
        self._active.remove(active)
        if not active.is_wanted:
            return
        if isinstance(item, Finished):
            active.on_result(item.result)
        else:
            active.on_error(item)


class _Active(QThread):
    """A job at work: its thread, and whom to tell."""

    def __init__(
        self,
        work: Call,
        handle: JobHandle,
        on_result: Callable[[object], None],
        on_event: Callable[[Event], None] | None,
        on_error: Callable[[StudioError], None],
        owner: QObject | None,
    ) -> None:
        super().__init__()
        self.setStackSize(STACK)
        self.work = work
        self.handle = handle
        self.on_result = on_result
        self.on_event = on_event
        self.on_error = on_error
        self._owner = owner

    @property
    def is_wanted(self) -> bool:
        """Say whether the one who asked is still there."""
        return self._owner is None or shiboken6.isValid(self._owner)

    def run(self) -> None:
        """Work (in the thread)."""
        self.work.pull()


def join(threads: "list[_Active] | list[QThread]", seconds: float) -> bool:
    """Wait for threads that were asked to end, `seconds` in all. Those that do not are kept alive; then False."""
    deadline = QDeadlineTimer(int(seconds * 1000))
    late = [thread for thread in threads if not thread.wait(deadline)]
    _unfinished.extend(late)
    return not late


def all_have_ended() -> bool:
    """Say whether every thread that was ever joined has ended; where not, only os._exit ends the process in peace."""
    return all(thread.isFinished() for thread in _unfinished)


def _unforeseen(error: BaseException) -> StudioError:
    words = str(TracebackException(type(error), error, None))  # unlike str(error), this never raises
    return StudioError(
        "unexpected",
        "Something we did not foresee happened: {kind}: {reason}.",
        "Your work is on disk. The log file holds the details.",
        kind=type(error).__name__,
        reason=words[:500],
    )
