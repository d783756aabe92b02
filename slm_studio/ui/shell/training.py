"""Training in the window: a worker on a QThread per run, its events read in batches, at most 20 a second."""

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal, Slot

from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished
from slm_studio.core.recipe import Recipe
from slm_studio.core.run import Run, create_run
from slm_studio.core.settings import Settings
from slm_studio.ui.shell.jobs import INTERVAL, STACK, Call, join
from slm_studio.ui.shell.jobs import Run as RunVerb


class TrainingWorker(QObject):
    """Owns one run and iterates its events; lives on a thread of its own. Signals are sent by `deliver`.

    Connect them to methods of QObjects, or directly: other callables would be queued to this worker's thread.
    """

    events_arrived = Signal(object)  # a list of events
    finished = Signal(object)  # the result; None where the run was stopped
    failed = Signal(object)  # a StudioError

    def __init__(self, run: RunVerb, verb: str, arguments: Mapping[str, object]) -> None:
        super().__init__()
        self._work = Call(run, verb, arguments)
        self._thread = QThread()
        self._thread.setStackSize(STACK)
        self.moveToThread(self._thread)
        self._thread.started.connect(self._on_started)

    @property
    def thread_of_work(self) -> QThread:
        """Return the thread that pulls the run."""
        return self._thread

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def pause(self) -> None:
        """Ask the run to wait after its next step; a Paused event says that it does. From any thread."""
        self._work.pause()

    def resume(self) -> None:
        """Let a paused run go on. From any thread."""
        self._work.resume()

    def stop(self) -> None:
        """Ask the run to save and end. From any thread; returns at once."""
        self._work.stop()

    def deliver(self) -> None:
        """Send what arrived since the last call, on the caller's thread: a batch, and the end once it came."""
        batch: list[Event] = []
        last: Finished | StudioError | None = None
        mailbox = self._work.mailbox
        while mailbox and last is None:
            item = mailbox.popleft()
            if isinstance(item, Finished | StudioError):
                last = item
            else:
                batch.append(item)
        if batch:
            self.events_arrived.emit(batch)
        if last is None:
            return
        self._thread.wait()  # the mailbox has its end: the thread is on its way out
        if isinstance(last, Finished):
            self.finished.emit(last.result)
        else:
            self.failed.emit(last)

    @Slot()
    def _on_started(self) -> None:
        self._work.pull()
        self._thread.quit()


class Trainings(QObject):
    """Starts a worker per run and knows those at work. All signals arrive on the window's thread."""

    run_started = Signal(str)  # the run's id
    run_events = Signal(str, object)  # id, list of events
    run_finished = Signal(str, object)  # id, SavedModel; None where it was stopped
    run_failed = Signal(str, object)  # id, StudioError

    def __init__(self, run: RunVerb, settings: Callable[[], Settings], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run = run
        self._settings = settings
        self._workers: dict[str, TrainingWorker] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self._on_timeout)

    @property
    def active(self) -> tuple[str, ...]:
        """Return the ids of the runs at work, the oldest first."""
        return tuple(self._workers)

    def worker(self, run_id: str) -> TrainingWorker | None:
        """Return the worker of a run at work, to pause, resume or stop it."""
        return self._workers.get(run_id)

    def start(self, recipe: Recipe, dataset: Dataset, token: str = "") -> Run:
        """Make a run and train it. Raises StudioError where its folder cannot be made."""
        run = create_run(recipe, dataset)
        self._begin(run, "train", {"recipe": recipe, "dataset": dataset, "run": run, "token": token})
        return run

    def resume(self, run: Run, token: str = "") -> None:
        """Go on with a run that was stopped or interrupted."""
        if run.id in self._workers:
            raise StudioError("run-busy", "“{run}” is at work already.", "Wait for it, or stop it first.", run=run.name)
        self._begin(run, "resume", {"run": run, "token": token})

    def stop_all(self) -> None:
        """Ask every run to save and end. Returns at once."""
        for worker in self._workers.values():
            worker.stop()

    def shutdown(self, seconds: float = 5.0) -> bool:
        """Stop every run and wait; what `Jobs.shutdown` says of its answer counts here too."""
        self._timer.stop()
        self.stop_all()
        ended = join([worker.thread_of_work for worker in self._workers.values()], seconds)
        if ended:
            self._workers.clear()
        return ended

    def _begin(self, run: Run, verb: str, arguments: Mapping[str, object]) -> None:
        worker = TrainingWorker(self._run, verb, {"place": self._settings().place, **arguments})
        # Direct: PySide would queue a callable that is no QObject's method to the worker's own thread.
        worker.events_arrived.connect(partial(self.run_events.emit, run.id), Qt.ConnectionType.DirectConnection)
        worker.finished.connect(partial(self._on_finished, run.id), Qt.ConnectionType.DirectConnection)
        worker.failed.connect(partial(self._on_failed, run.id), Qt.ConnectionType.DirectConnection)
        self._workers[run.id] = worker
        worker.start()
        self._timer.start()
        self.run_started.emit(run.id)

    def _on_timeout(self) -> None:
        for worker in list(self._workers.values()):
            worker.deliver()
        if not self._workers:
            self._timer.stop()

    def _on_finished(self, run_id: str, result: object) -> None:
        self._workers.pop(run_id)
        self.run_finished.emit(run_id, result)

    def _on_failed(self, run_id: str, error: StudioError) -> None:
        self._workers.pop(run_id)
        self.run_failed.emit(run_id, error)
