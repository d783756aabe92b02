"""Run the engine's verbs for a command, show their events, and stop cleanly on Ctrl-C."""

import argparse
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import TypeVar

from slm_studio.cli.screen import Screen
from slm_studio.core import targets
from slm_studio.core.addresses import is_address, name_of
from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Started
from slm_studio.core.paths import absolute
from slm_studio.core.results import Opened
from slm_studio.core.run import Run
from slm_studio.core.saved import SavedModel, local_folder, open_saved
from slm_studio.core.settings import load_settings
from slm_studio.host.ending import engine_was_ended
from slm_studio.host.engines import Engines
from slm_studio.host.job import Job

T = TypeVar("T")
TOLD_TO_END = ("SIGTERM", "SIGHUP", "SIGBREAK")  # where the system knows them


class Stopped(Exception):
    """The person pressed Ctrl-C; what was at work has been stopped and kept."""

    def __init__(self, run: str = "") -> None:
        super().__init__(run)
        self.run = run


class Command:
    """A command at work: one set of engines and one screen."""

    def __init__(self, screen: Screen, place: str | None = None) -> None:
        self.screen = screen
        self.settings = load_settings()
        self.place = place
        self.engines = Engines(self.settings)
        self.has_begun = False  # a training has said Started: from then on its run is worth keeping
        self.was_interrupted = False  # by a Ctrl-C that came as a verb ended: nothing may follow it

    def __enter__(self) -> "Command":
        self.engines.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.screen.quiet()
        with deaf_to_interrupts():
            self.engines.__exit__(kind, error, trace)

    def do(
        self, kind: type[T], verb: str, /, *, on_event: Callable[[Event], None] | None = None, **arguments: object
    ) -> T:
        """Run a verb to its end and return its result, which must be a `kind`. Raises StudioError, Stopped."""
        place = self.place if verb in ("train", "resume") else None
        run = arguments.get("run")
        job: Job | None = None
        result: object = None
        if self.was_interrupted:
            self.was_interrupted = False
            raise Stopped
        try:
            job = self.engines.run(verb, place=place, **arguments)
            for event in job:
                self.has_begun = self.has_begun or isinstance(event, Started)
                if isinstance(event, Finished):
                    result = event.result
                (on_event or self.screen.event)(event)
        except KeyboardInterrupt:
            result = self._let_it_save(job)
            if not isinstance(result, kind):
                raise Stopped(run.id if isinstance(run, Run) else "") from None
            self.was_interrupted = True  # it ended just then, and what it made is kept
        except OSError:  # nobody reads on, or what is printed cannot be written
            self._let_it_save(job)
            raise
        if result is None and not isinstance(None, kind):
            raise engine_was_ended()  # nobody here stopped it
        assert isinstance(result, kind), f"{verb} ended in {type(result).__name__}"
        return result

    def _let_it_save(self, job: Job | None) -> object:
        """Stop a job, wait for its checkpoint and return its result. A second Ctrl-C waits no longer."""
        result: object = None
        if job is not None:
            job.stop()
            with contextlib.suppress(KeyboardInterrupt):
                for event in job:
                    if isinstance(event, Finished):
                        result = event.result
        return result

    def read(self, file: str, arguments: argparse.Namespace | None = None) -> Dataset:
        """Read a file (and its held-out files, where the command names some)."""
        held = {name: absolute(getattr(arguments, name, None)) for name in ("validation", "test")}
        options = reading_of(arguments) | {name: value for name, value in held.items() if value}
        return self.do(Dataset, "read", path=absolute(file), options=ReadOptions(**options))  # type: ignore[arg-type]

    def open(self, model: str, device: str | None = None) -> Opened:
        """Open a model: a folder, or the name of one of the person's."""
        return self.do(Opened, "open", folder=str(model_folder(model)), device=device or self.settings.device)


def reading_of(arguments: argparse.Namespace | None) -> dict[str, object]:
    """Return what was settled about how a file is read: fields of ReadOptions."""
    chosen = {name: getattr(arguments, name, None) for name in ("encoding", "delimiter", "sheet", "header")}
    options = {name: value for name, value in chosen.items() if value not in (None, "")}
    if options.get("delimiter") in ("tab", r"\t"):
        options["delimiter"] = "\t"  # hard to type in a terminal
    return options


def file_out(file: str, *, overwrite: bool, source: str = "") -> str:
    """Return the file named for rows, absolute. Raises StudioError where none can be written, before the work for it.

    What stands there is replaced where somebody said so; see `refuse_taken`.
    """
    path = absolute(file)
    targets.check_file(Path(path))
    targets.refuse_taken(Path(path), overwrite=overwrite, source=Path(absolute(source)) if source else None)
    return path


def model_folder(model: str) -> Path:
    """Return the folder of a model that is named as `local_folder` knows it; one that is not there as it was written."""
    folder = Path(model).expanduser()
    if folder.exists():
        return folder.absolute()
    known = local_folder(model)
    if known is None:
        refuse_address(model)
    return (known or folder).absolute()


def refuse_address(written: str) -> None:
    """Raise StudioError where the address of a page was given for something on this computer."""
    endpoint = load_settings().endpoint
    if not is_address(written, endpoint):
        return
    name, version = name_of(written, endpoint)
    raise StudioError(
        "address-given",
        "“{address}” is an address, and not on this computer.",
        "Download it, then name the file."
        if "://" in name
        else "Fetch it first: slm-studio fetch {name} --revision {version}"
        if version
        else "Fetch it first: slm-studio fetch {name}",
        address=written,
        name=name,
        version=version,
    )


def saved_model(model: str) -> SavedModel:
    """Return what studio.json says of a model."""
    return open_saved(model_folder(model))


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Let nothing cut the goodbye short: it is bounded, and an engine left behind would be worse."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


@contextmanager
def ended_like_ctrl_c() -> Iterator[None]:
    """Let what asks a program to end do what Ctrl-C does: work is saved, and nothing is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    is_deaf = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # as a shell starts what runs in the background

    def end(number: int, frame: FrameType | None) -> None:
        if is_deaf:
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    known = [getattr(signal, name) for name in TOLD_TO_END if hasattr(signal, name)]
    # What somebody ignores on purpose (nohup) goes on being ignored.
    former = {each: signal.signal(each, end) for each in known if signal.getsignal(each) is not signal.SIG_IGN}
    try:
        yield
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)
