"""Pull a verb's events and act on pause and stop between two of them; the same code in both places."""

import threading
from collections.abc import Generator, Iterator, Mapping

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Note, Paused, Started, Step
from slm_studio.host.protocol import role_of, unpack_arguments

STOPPING = "stopping"  # the note's code: from here on the engine saves, and is given time for it


class Controls:
    """What the person asked of a job; set from any thread, and from a signal handler."""

    def __init__(self) -> None:
        self._changed = threading.Condition()  # its lock is re-entrant: a signal handler may interrupt its own thread
        self._paused = False
        self.is_stopped = False

    @property
    def is_paused(self) -> bool:
        """Say whether the work shall wait; a stop ends every pause."""
        return self._paused and not self.is_stopped

    def pause(self) -> None:
        """Ask the work to wait."""
        self._paused = True

    def resume(self) -> None:
        """Ask the work to go on."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def stop(self) -> None:
        """Ask the work to end."""
        with self._changed:
            self.is_stopped = True
            self._changed.notify_all()

    def wait_while_paused(self) -> None:
        """Return when resumed or stopped."""
        with self._changed:
            while self.is_paused:
                self._changed.wait(0.5)  # bounded: on Windows Ctrl-C does not wake a thread that waits for ever


def begin(door: object, verb: str, packed: Mapping[str, object]) -> Iterator[Event]:
    """Return the events of a verb whose arguments crossed as JSON. Nothing has run yet."""
    role_of(verb)  # only the verbs of the protocol, whatever else the door holds
    events: Iterator[Event] = getattr(door, verb)(**unpack_arguments(packed))
    return events


def steer(events: Iterator[Event], controls: Controls) -> Generator[Event, None, None]:
    """Yield `events` up to Finished. A stop closes them, so that the trainer saves, and ends in Finished(None)."""
    n = 0
    try:
        while True:
            if controls.is_stopped:
                if n:
                    yield Note(STOPPING, "Stopping: the work so far is being saved.")
                _close(events)
                yield Finished(None)
                return
            if controls.is_paused:
                yield Paused(n)
                controls.wait_while_paused()
                continue
            event = next(events, None)
            if event is None:
                raise StudioError(
                    "no-result", "The work ended without a result.", "Try again. The log file holds the details."
                )
            if isinstance(event, Step | Started):
                n = event.n
            yield event
            if isinstance(event, Finished):
                return
    finally:
        _close(events)


def hide(error: StudioError, packed: Mapping[str, object]) -> StudioError:
    """Return the error without the token that the job was given."""
    token = packed.get("token")
    if not isinstance(token, str) or not token:
        return error
    values = {k: v.replace(token, "…") if isinstance(v, str) else v for k, v in error.values.items()}
    return StudioError(error.code, error.message.replace(token, "…"), error.hint, **values)


def _close(events: Iterator[Event]) -> None:
    close = getattr(events, "close", None)
    if close is not None:
        close()
