"""A job: the events of one piece of work, and the handles to pause, resume and stop it from any thread."""

import signal
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Predicted
from slm_studio.core.nouns import pack, unpack
from slm_studio.host.environment import prepare_own_environment
from slm_studio.host.protocol import Control
from slm_studio.host.steering import Controls, begin, hide, steer


class Job(ABC, Iterator[Event]):
    """Iterate over it for its events; the last is Finished, a failure raises StudioError.

    A stopped job ends in Finished(None).
    """

    verb: str

    @abstractmethod
    def pause(self) -> None:
        """Ask the work to wait after its next event; Paused(n) says that it does."""

    @abstractmethod
    def resume(self) -> None:
        """Let paused work go on."""

    @abstractmethod
    def stop(self) -> None:
        """Ask the work to save and end. Returns at once."""


class LocalJob(Job):
    """Place `thread`: the door's generator, pulled by whoever iterates."""

    def __init__(
        self, door: object | None, verb: str, arguments: Mapping[str, object], first: Event | None = None
    ) -> None:
        self.verb = verb
        self._controls = Controls()
        self._kept: list[Event] = []  # what Ctrl-C came between
        self._events = self._work(door, {name: pack(value) for name, value in arguments.items()}, first)

    def __next__(self) -> Event:
        """Do the next piece of work in the calling thread. Ctrl-C is raised after it, so that a stop can still save."""
        if self._kept:
            return self._kept.pop()
        with _interrupt_at_the_end() as was_interrupted:
            event = next(self._events)
        if was_interrupted:
            self._kept.append(event)
            raise KeyboardInterrupt
        return event

    def pause(self) -> None:
        """Ask the work to wait after its next event."""
        self._controls.pause()

    def resume(self) -> None:
        """Let paused work go on."""
        self._controls.resume()

    def stop(self) -> None:
        """Ask the work to save and end."""
        self._controls.stop()

    def _work(self, door: object | None, packed: Mapping[str, object], first: Event | None) -> Iterator[Event]:
        from slm_studio.engine.advice import advising

        if first is not None:
            yield first
        try:
            with advising(), closing(steer(begin(door or load_door(), self.verb, packed), self._controls)) as events:
                for event in events:
                    yield _as_if_it_had_crossed(event)
        except StudioError as error:
            raise hide(error, packed) from error


class ProcessJob(Job):
    """Work in an engine process; `EngineProcess` hands in what arrives."""

    def __init__(self, identity: int, verb: str, send: Callable[[Control], None], grace: float) -> None:
        self.id = identity
        self.verb = verb
        self.grace = grace  # seconds that remain after a stop until the process is killed; the process counts them
        self.is_stopping = False
        self._send = send
        self._arrived = threading.Condition()
        self._items: deque[Event | StudioError] = deque()
        self._is_over = False

    def __next__(self) -> Event:
        """Wait for the next event."""
        with self._arrived:
            while not self._items:
                if self._is_over:
                    raise StopIteration
                self._arrived.wait(0.5)  # bounded: on Windows Ctrl-C does not wake a thread that waits for ever
            item = self._items.popleft()
        if isinstance(item, StudioError):
            raise item
        return item

    def pause(self) -> None:
        """Ask the work to wait after its next event."""
        self._control("pause")

    def resume(self) -> None:
        """Let paused work go on."""
        self._control("resume")

    def stop(self) -> None:
        """Ask the work to save and end; the process is killed when it does not within its grace."""
        if not self.is_stopping:
            self.is_stopping = True
            self._control("stop")

    def deliver(self, item: Event | StudioError) -> None:
        """Take an event, or the error that ends the job."""
        with self._arrived:
            if not self._is_over:
                self._items.append(item)
                self._is_over = isinstance(item, Finished | StudioError)
                self._arrived.notify_all()

    def _control(self, control: str) -> None:
        if not self._is_over:
            self._send(Control(self.id, control))


def load_door() -> object:
    """Import the engine's door into this process."""
    prepare_own_environment()
    from slm_studio import engine

    return engine


@contextmanager
def _interrupt_at_the_end() -> Iterator[list[int]]:
    """Collect the first Ctrl-C instead of raising it in the middle of the work; a second one acts at once."""
    caught: list[int] = []
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield caught
        return

    def on_interrupt(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        caught.append(number)

    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield caught
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _as_if_it_had_crossed(event: Event) -> Event:
    """Give results the types they have after the protocol (tuples for lists), so that both places are alike."""
    if isinstance(event, Finished):
        return Finished(unpack(pack(event.result)))
    if isinstance(event, Predicted):
        return Predicted(unpack(pack(event.item)))
    return event
