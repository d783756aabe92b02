"""Engines: the one way a face starts work. It picks role and place, keeps processes warm, and replaces dead ones."""

import contextlib
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from slm_studio.core import paths
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Note
from slm_studio.core.run import Run
from slm_studio.core.settings import Settings
from slm_studio.host.job import Job, LocalJob
from slm_studio.host.process import EngineProcess, Patience
from slm_studio.host.protocol import DESK, MODEL, TRAIN, role_of

PROCESS, THREAD = "process", "thread"


class Engines:
    """Run verbs; close it (or leave its `with`) and nothing of it is left.

    `door` replaces the engine in place `thread`; a door without a `command` takes all work (tests). `command` starts
    another engine process than our own; the role is added to it.
    """

    def __init__(
        self,
        settings: Settings = Settings(),  # noqa: B008  (frozen)
        door: object | None = None,
        command: Sequence[str] | None = None,
        patience: Patience = Patience(),  # noqa: B008  (frozen)
    ) -> None:
        self.settings = settings  # a new one counts for processes that start later
        self._door = door
        self._command = command
        self._patience = patience
        self._warm: dict[str, EngineProcess] = {}
        self._starting = {role: threading.Lock() for role in (DESK, MODEL, TRAIN)}
        self._spare: EngineProcess | None = None  # a training process that waits for its run
        self._all: list[EngineProcess] = []
        self._lock = threading.Lock()
        self._helpers: list[threading.Thread] = []  # that start processes in the background
        self._is_closed = False

    def run(self, verb: str, place: str | None = None, **arguments: object) -> Job:
        """Start a verb and return its job. Blocks while a process starts: not for the window's own thread.

        `place` "thread" forces the door into the thread that iterates; without it, train and resume obey the settings
        and all other work goes to a process. Raises StudioError.
        """
        role = role_of(verb)
        if self._is_local(role, place):
            return LocalJob(self._door, verb, arguments)
        try:
            if role == TRAIN:
                return self._run_training(verb, arguments)
            return self._run_warm(role, verb, arguments)
        except StudioError as error:
            if error.code != "engine-no-start":
                raise
            return LocalJob(self._door, verb, arguments, first=_say_why_here(error))

    def warm(self) -> None:
        """Start desk and model in the background and let them import what they will need."""
        if not self._is_local(DESK, None):
            self._help(self._warm_up)

    def expect_training(self) -> None:
        """Have a training process at hand before a run is asked for: its imports take seconds. Returns at once."""
        if not self._is_local(TRAIN, None):
            self._help(self._prepare_spare)

    def close(self) -> None:
        """End every process: they save and go, or are killed after 5 seconds. Open jobs end in Finished(None)."""
        with self._lock:
            self._is_closed = True
            processes = list(self._all)
        for process in processes:
            process.hang_up()
        for process in processes:
            process.stop()
        for helper in list(self._helpers):
            helper.join(5.0)

    def __enter__(self) -> "Engines":
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _help(self, work: Callable[[], None]) -> None:
        with self._lock:
            if not self._is_closed:
                helper = threading.Thread(target=work, name=f"engines{work.__name__}", daemon=True)
                helper.start()
                self._helpers = [each for each in self._helpers if each.is_alive()] + [helper]

    def _is_local(self, role: str, place: str | None) -> bool:
        if place == THREAD or (self._door is not None and self._command is None):
            return True
        return role == TRAIN and (place or self.settings.place) == THREAD

    def _run_warm(self, role: str, verb: str, arguments: Mapping[str, object]) -> Job:
        process = self._warm_process(role)
        try:
            return process.run(verb, arguments)
        except StudioError as error:
            if error.code != "engine-died":
                raise
        return self._warm_process(role).run(verb, arguments)  # it died since its last job: once more, in a new one

    def _run_training(self, verb: str, arguments: Mapping[str, object]) -> Job:
        """Give a run a process of its own: the one that waits, or a new one."""
        log = _log_of(arguments)
        with self._starting[TRAIN]:
            spare, self._spare = self._spare, None
        if spare is not None and spare.is_alive:
            if spare.threads == self.settings.threads:
                spare.take_log(log)
                with contextlib.suppress(StudioError):  # it died a moment ago
                    return spare.run(verb, arguments)
            spare.hang_up()
        return self._start(TRAIN, log).run(verb, arguments)

    def _prepare_spare(self) -> None:
        with self._starting[TRAIN], contextlib.suppress(StudioError):  # the run meets the same trouble and says it
            if self._spare is None or not self._spare.is_alive:
                self._spare = self._start(TRAIN, paths.logs() / f"{TRAIN}-{os.getpid()}.txt")
                self._spare.run("warm", {"torch": True})

    def _warm_process(self, role: str) -> EngineProcess:
        with self._starting[role]:
            process = self._warm.get(role)
            if process is None or not process.is_alive:
                process = self._warm[role] = self._start(role, paths.logs() / f"{role}.txt")
            return process

    def _start(self, role: str, log: Path) -> EngineProcess:
        process = EngineProcess(
            role, log, command=self._command, threads=self.settings.threads, patience=self._patience
        )
        with self._lock:
            if self._is_closed:
                raise StudioError("closed", "SLM Studio is closing.", "Start it again.")
            self._all = [each for each in self._all if not each.is_over] + [process]
        process.start()
        return process

    def _warm_up(self) -> None:
        with contextlib.suppress(StudioError):  # the next call meets the same trouble and says it
            self._warm_process(DESK).run("warm", {"torch": False})
            if not self._is_local(TRAIN, None):
                self._prepare_spare()  # whoever opens the window mostly trains before a model is asked anything
            self._warm_process(MODEL).run("warm", {"torch": True})


def _log_of(arguments: Mapping[str, object]) -> Path:
    run = arguments.get("run")
    return run.path / "log.txt" if isinstance(run, Run) else paths.logs() / f"{TRAIN}.txt"


def _say_why_here(error: StudioError) -> Note:
    return Note(
        "engine-in-thread",
        "No engine of its own could be started ({how}), so the work runs inside this program.",
        {"how": str(error.values.get("how", ""))},
    )
