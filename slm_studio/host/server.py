"""The engine process: one thread reads stdin, one beats the heart, the main thread works.

End of stdin is the one sign that the app is gone: the work at hand is closed (the trainer saves) and the process ends.
"""

import contextlib
import faulthandler
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import BinaryIO

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Paused
from slm_studio.host.ending import engine_was_ended
from slm_studio.host.protocol import (
    MODEL,
    PROTOCOL,
    TRAIN,
    Answer,
    Control,
    Failure,
    Heartbeat,
    Hello,
    Message,
    Request,
    from_line,
    read_line,
    to_line,
)
from slm_studio.host.steering import Controls, begin, hide, steer

HEARTBEAT = 1.0  # seconds
ORPHAN = 300.0  # seconds that work may take to save after the app is gone; then it hangs, and the process ends


def main(role: str) -> None:
    """Serve the real door; does not return."""
    from slm_studio import engine

    serve(engine, role)


def serve(door: object, role: str) -> None:
    """Turn this process into an engine with `door`; does not return."""
    source, sink = _take_streams()
    server = Server(door, role, source, sink)
    _prepare(role, server)
    server.work()
    os._exit(0)  # what is on disk is complete, and finalizers of native libraries can hang or crash


@dataclass(frozen=True, slots=True)
class _Task:
    request: Request
    controls: Controls = field(default_factory=Controls)


class Server:
    """Read requests from `source`, do one at a time with `door`, write answers to `sink`."""

    def __init__(self, door: object, role: str, source: BinaryIO, sink: int) -> None:
        self._door = door
        self._role = role
        self._source = source
        self._sink = sink
        self._writing = threading.Lock()
        self._tasks: dict[int, _Task] = {}  # running and waiting
        self._waiting: SimpleQueue[_Task | None] = SimpleQueue()
        self._claiming = threading.Lock()
        self._current: _Task | None = None
        self._is_leaving = False
        self._was_told_to_end = False

    def work(self) -> None:
        """Do the requests in their order until the app is gone."""
        self._send(Hello(PROTOCOL, os.getpid()))
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()
        threading.Thread(target=self._read, name="stdin", daemon=True).start()
        while not self._is_leaving:
            task = self._waiting.get()
            if task is not None and self._claim(task):
                self._do(task)
                self._tasks.pop(task.request.id, None)

    def end(self) -> None:
        """Leave because the system said so (SIGTERM): whoever asked for the work still listens, and hears why it ended."""
        self._was_told_to_end = True
        self.leave()

    def leave(self) -> None:
        """Close the work at hand and end. Called at the end of stdin too."""
        self._is_leaving = True
        for task in list(self._tasks.values()):
            task.controls.stop()
        self._waiting.put(None)

    def _do(self, task: _Task) -> None:
        try:
            with closing(steer(self._begin(task.request), task.controls)) as events:
                for event in events:
                    if self._was_told_to_end and isinstance(event, Finished) and event.result is None:
                        raise engine_was_ended()
                    self._send(Answer(task.request.id, event))
        except BaseException as error:  # noqa: BLE001  (the process's edge; a Rust panic is not an Exception)
            self._send(Failure(task.request.id, _report(error, task.request.arguments)))

    def _begin(self, request: Request) -> Iterator[Event]:
        yield from begin(self._door, request.verb, request.arguments)

    def _read(self) -> None:
        while True:
            try:
                line = read_line(self._source)
                if line is None:
                    break
                self._take(from_line(line))
            except StudioError as error:
                self._send(Failure(0, error))
            except OSError:
                break
        self.leave()
        time.sleep(ORPHAN)
        faulthandler.dump_traceback()
        os._exit(1)

    def _take(self, message: Message) -> None:
        if isinstance(message, Control):
            self._steer(self._tasks.get(message.id), message.control)
        elif isinstance(message, Request):
            self._stop_older(message)
            task = _Task(message)
            self._tasks[message.id] = task
            if self._is_leaving:
                task.controls.stop()
            self._waiting.put(task)

    def _stop_older(self, request: Request) -> None:
        """Let a newer prompt to a model end an older one: people type faster than models answer."""
        if self._role != MODEL or request.verb != "predict":
            return
        for task in list(self._tasks.values()):
            other = task.request
            if other.verb == "predict" and other.arguments.get("handle") == request.arguments.get("handle"):
                self._steer(task, "stop")

    def _steer(self, task: _Task | None, control: str) -> None:
        """Hand a control to its task. One that still waits is answered here: the work before it may take long."""
        if task is None:
            return
        getattr(task.controls, control)()
        with self._claiming:
            waits = task is not self._current
            if waits and control == "stop":
                waits = self._tasks.pop(task.request.id, None) is not None
        if waits and control != "resume":
            self._send(Answer(task.request.id, Finished(None) if control == "stop" else Paused(0)))

    def _claim(self, task: _Task) -> bool:
        with self._claiming:
            self._current = task
            return task.request.id in self._tasks

    def _beat(self) -> None:
        n = 0
        while not self._is_leaving:
            time.sleep(HEARTBEAT)
            n += 1
            self._send(Heartbeat(n))

    def _send(self, message: Message) -> None:
        line = memoryview(to_line(message))
        try:
            with self._writing:
                while line:
                    line = line[os.write(self._sink, line) :]
        except OSError:
            if not self._is_leaving:
                self.leave()  # nobody listens any more


def _report(error: BaseException, packed: Mapping[str, object]) -> StudioError:
    """Return what the person reads; what a developer needs goes to the log."""
    if not isinstance(error, StudioError):
        from slm_studio.engine.advice import advise

        _log(error, packed)
        error = advise(error)
    elif error.code in ("unexpected", "native-panic"):
        _log(error, packed)
    return hide(error, packed)


def _log(error: BaseException, packed: Mapping[str, object]) -> None:
    text = "".join(traceback.format_exception(error))
    token = packed.get("token")
    if isinstance(token, str) and token:
        text = text.replace(token, "…")
    with contextlib.suppress(OSError):  # a full disk must not hide the error itself
        sys.stderr.write(text)
        sys.stderr.flush()


def _take_streams() -> tuple[BinaryIO, int]:
    """Keep fds 0 and 1 for the protocol and leave /dev/null and the log (fd 2, opened by the parent) in their place.

    One print of a native library must not break a line, and one question on stdin must not eat one.
    """
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout, sys.stderr = (
        os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False) for fd in (1, 2)
    )
    return os.fdopen(source, "rb"), sink


def _prepare(role: str, server: Server) -> None:
    faulthandler.enable(file=2, all_threads=True)
    if hasattr(faulthandler, "register") and hasattr(signal, "SIGUSR1"):
        faulthandler.register(signal.SIGUSR1, file=2, all_threads=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's: it sends stop
    signal.signal(signal.SIGTERM, lambda *_: server.end())  # the computer shuts down: save
    if role == TRAIN and hasattr(os, "nice"):
        os.nice(10)
