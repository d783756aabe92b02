"""An engine process: started, talked to, stopped and buried here; the only file that builds its command line."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Note
from slm_studio.core.nouns import pack
from slm_studio.host.ending import ENDED, engine_did_not_start, engine_died, how_it_ended
from slm_studio.host.environment import engine_environment
from slm_studio.host.job import ProcessJob
from slm_studio.host.protocol import (
    MODEL,
    PROTOCOL,
    TRAIN,
    Answer,
    Control,
    Failure,
    Hello,
    Message,
    Request,
    from_line,
    read_line,
    to_line,
)
from slm_studio.host.pulse import Pulse
from slm_studio.host.steering import STOPPING

LOG_LIMIT = 5_000_000  # bytes; a longer log file makes room for a new one


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How many seconds the parent waits. Only time in which it ran itself is counted, so a sleeping laptop kills no one."""

    start: float = 60.0  # until hello
    silence: float = 30.0  # without a heartbeat
    stop: float = 4.0  # from a job's stop to its Finished; then the process is killed
    stop_model: float = 20.0  # the same in role model, where a kill would cost the open models
    saving: float = 60.0  # the same, once the engine said that it saves
    tick: float = 0.25

    def stop_of(self, role: str) -> float:
        """Return the seconds a stopped job of `role` has."""
        return self.stop_model if role == MODEL else self.stop


def engine_command(role: str) -> list[str]:
    """Return the command line of an engine process."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--engine", role]
    # -P: files in the person's folder must not stand in for modules of the standard library.
    return [sys.executable, "-P", "-m", "slm_studio", "--engine", role]


class EngineProcess:
    """One engine. `start` it, `run` verbs in it (one after the other), `stop` it. All methods are thread-safe."""

    def __init__(
        self, role: str, log: Path, *, command: Sequence[str] | None = None, threads: int = 0, patience: Patience = Patience()
    ) -> None:  # fmt: skip
        self.role = role
        self.log = log
        self.threads = threads  # 0: as many as the machine can spare
        self._command = [*command, role] if command else engine_command(role)
        self._environment = engine_environment(threads)
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        self._writing = threading.Lock()
        self._jobs: dict[int, ProcessJob] = {}
        self._jobs_lock = threading.Lock()
        self._number = 0
        self._greeted = threading.Event()
        self._ended = threading.Event()
        self._is_leaving = False  # the parent hung up
        self._pulse: Pulse | None = None
        self._how = ""  # why the parent killed it
        self._threads: list[threading.Thread] = []

    @property
    def is_alive(self) -> bool:
        """Say whether it can take work."""
        return self._greeted.is_set() and not self._ended.is_set() and not self._is_leaving

    @property
    def is_over(self) -> bool:
        """Say whether the process has ended."""
        return self._ended.is_set()

    @property
    def pid(self) -> int:
        """Return the number the system gave the process; 0 before it started."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start the process and wait until it says hello. Raises StudioError("engine-no-start")."""
        try:
            self._process = self._spawn()
        except OSError as error:
            raise engine_did_not_start(error.strerror or str(error), self.log) from error
        self._pulse = Pulse(self._process.pid, self._patience.start)
        for name, target in (("reader", self._read), ("watch", self._watch)):
            thread = threading.Thread(target=target, name=f"engine-{self.role}-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._greeted.wait()  # the watch ends every wait
        if self._ended.is_set() or self._is_leaving:
            self.stop()
            raise engine_did_not_start(self._how or how_it_ended(self._process.returncode or 0), self.log)

    def run(self, verb: str, arguments: Mapping[str, object]) -> ProcessJob:
        """Ask for a verb; jobs before it are done first. Raises StudioError where the process is gone."""
        packed = {name: pack(value) for name, value in arguments.items()}
        with self._jobs_lock:
            if not self.is_alive:
                raise self._death()
            self._number += 1
            job = ProcessJob(self._number, verb, self._control, self._patience.stop_of(self.role))
            self._jobs[job.id] = job
        try:
            self._write(to_line(Request(job.id, verb, packed)))
        except StudioError:  # too long for a line
            self._jobs.pop(job.id, None)
            raise
        except (OSError, ValueError) as error:  # it died a moment ago; ValueError: hang_up closed its stdin
            if not self._ended.wait(2.0):
                self._kill("it listened no more")
                self._ended.wait(2.0)
            raise self._death() from error
        return job

    def take_log(self, log: Path) -> None:
        """Go on writing to another log file, where the system lets an open file move and no other stands there."""
        if not log.exists():
            with contextlib.suppress(OSError):
                log.parent.mkdir(parents=True, exist_ok=True)
                self.log.rename(log)
                self.log = log

    def hang_up(self) -> None:
        """Close its stdin: it saves and ends. Jobs that are open end in Finished(None)."""
        self._is_leaving = True
        process = self._process
        if process is None or process.stdin is None:
            return
        if self._writing.acquire(timeout=1.0):  # a writer may hang where the process is stopped or hung
            try:
                with contextlib.suppress(OSError):
                    process.stdin.close()
            finally:
                self._writing.release()

    def stop(self, seconds: float = 5.0) -> None:
        """Hang up, wait, kill; return when the process and its threads are gone."""
        self.hang_up()
        if self._process is None:
            return
        if not self._ended.wait(seconds):
            self._kill("it did not end in time")
            self._ended.wait(5.0)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(5.0)

    def _spawn(self) -> subprocess.Popen[bytes]:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".old.txt"))
        with self.log.open("ab") as log:
            if sys.platform == "win32":
                flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
                flags |= subprocess.BELOW_NORMAL_PRIORITY_CLASS if self.role == TRAIN else 0
                return subprocess.Popen(
                    self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                    env=self._environment, bufsize=0, creationflags=flags,
                )  # fmt: skip
            return subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                env=self._environment, bufsize=0, start_new_session=True,
            )  # fmt: skip

    def _control(self, control: Control) -> None:
        with contextlib.suppress(OSError, ValueError):  # a process that is gone ends its jobs by itself
            self._write(to_line(control))

    def _write(self, line: bytes) -> None:
        assert self._process is not None and self._process.stdin is not None
        with self._writing:
            view = memoryview(line)
            while view:
                view = view[self._process.stdin.write(view) :]

    def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        with self._process.stdout as raw, io.BufferedReader(cast(io.FileIO, raw)) as stream:
            while True:
                try:
                    line = read_line(stream)
                    if line is None:
                        break
                    if self._pulse is not None:
                        self._pulse.heard()
                    self._route(from_line(line))
                except StudioError as error:
                    self._end_jobs(error)
        self._mourn()

    def _route(self, message: Message) -> None:
        match message:
            case Hello(version=version):
                if version != PROTOCOL:
                    self._kill(f"it speaks version {version} of the protocol, not {PROTOCOL}")
                else:
                    self._pulse = Pulse(self.pid, self._patience.silence)
                    self._greeted.set()
            case Failure(id=0):
                self._end_jobs(message.error)
            case Failure():
                was_ours = bool(self._how) and message.error.code == ENDED
                self._end(message.id, self._death() if was_ours else message.error)
            case Answer(event=Finished() as finished):
                self._end(message.id, finished)
            case Answer():
                job = self._jobs.get(message.id)
                if job is not None:
                    if isinstance(message.event, Note) and message.event.code == STOPPING:
                        job.grace = self._patience.saving
                    job.deliver(message.event)

    def _end(self, identity: int, last: Finished | StudioError) -> None:
        with self._jobs_lock:
            job = self._jobs.pop(identity, None)
        if job is not None:
            job.deliver(last)
        if self.role == TRAIN and job is not None and job.verb != "warm":
            self.hang_up()  # a process per run: its memory goes back to the system

    def _end_jobs(self, last: Finished | StudioError) -> None:
        with self._jobs_lock:
            jobs = list(self._jobs.values())
            self._jobs.clear()
        for job in jobs:
            job.deliver(last)

    def _mourn(self) -> None:
        """Collect the dead process and tell its open jobs."""
        assert self._process is not None
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._kill("it closed its voice and went on")
            self._process.wait()
        with self._jobs_lock:
            self._ended.set()
            jobs = list(self._jobs.values())
            self._jobs.clear()
        for job in jobs:
            asked = self._is_leaving or (job.is_stopping and job.grace <= 0)
            job.deliver(Finished(None) if asked else self._death())
        self._greeted.set()  # whoever waits in start() learns that it is over
        self._is_leaving = True
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()

    def _watch(self) -> None:
        """Count seconds in which nothing was heard, and those since a stop; end what exceeds them."""
        tick = self._patience.tick
        while not self._ended.wait(tick):
            is_over = self._pulse is not None and self._pulse.is_over(tick)
            if is_over and not self._greeted.is_set():
                self._kill("it did not say hello in time")
            elif is_over:
                self._bury()
            else:
                self._count_down(tick)

    def _count_down(self, tick: float) -> None:
        with self._jobs_lock:
            stopping = [job for job in self._jobs.values() if job.is_stopping]
        for job in stopping:
            job.grace -= tick
            if job.grace <= 0:
                self._kill("it did not stop in time")

    def _bury(self) -> None:
        """End a process that gives no sign of life: ask for its stacks, ask it to end, kill it."""
        self._how = f"it gave no sign of life for {self._patience.silence:.0f} seconds"
        if self._process is None:
            return
        with contextlib.suppress(OSError):
            if hasattr(signal, "SIGUSR1"):
                self._process.send_signal(signal.SIGUSR1)
                self._ended.wait(0.5)
            self._process.terminate()
        if not self._ended.wait(2.0):
            self._kill(self._how)
            self._ended.wait(5.0)

    def _kill(self, how: str) -> None:
        self._how = how
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(OSError):
                if hasattr(os, "killpg"):
                    os.killpg(self._process.pid, signal.SIGKILL)  # with the processes it started itself
                else:
                    self._process.kill()

    def _death(self) -> StudioError:
        status = self._process.poll() if self._process else None
        return engine_died(self._how or how_it_ended(status or 0), self.log)
