"""Editing: cells changed by hand wait on disk, show at once, and become a version of the rows after a pause."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from slm_studio.core import paths
from slm_studio.core.dataset import Dataset, remove_dataset
from slm_studio.core.editing import Change, keep_pending, merge, pending_of, portions
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Progress
from slm_studio.core.run import list_runs
from slm_studio.core.texts import tr
from slm_studio.ui.shell.jobs import JobHandle, Jobs
from slm_studio.ui.shell.session import Session

ROWS = "rows"  # what the changes of the open dataset are about
PAUSE, MOST_PAUSE = 1500, 10_000  # milliseconds without a change before a version is written; more for more rows
SLOW = 500  # milliseconds after which writing is shown
SPENT = 5000  # milliseconds after which a version that the next one replaced is removed


class Editing(QObject):
    """Keeps the changes to the open rows. Undo is a change as any other: back to the cell that was."""

    changed = Signal()  # cells, just now
    pending_changed = Signal()
    writing_changed = Signal(bool)  # a version has been at work for a while
    progressed = Signal(object)  # Progress
    failed = Signal(object)  # StudioError

    def __init__(self, session: Session, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._waiting: tuple[Change, ...] = ()
        self._written: tuple[Change, ...] = ()  # what the job at work writes
        self._job: JobHandle | None = None
        self._then: list[Callable[[], None]] = []
        self._version: Dataset | None = None  # the newest one that was written here
        self._own: set[str] = set()  # folders of versions that were made here and nothing else has taken
        self._timer, self._slow, self._spent = QTimer(self), QTimer(self), QTimer(self)
        for timer, interval, act in (
            (self._timer, PAUSE, self._write),
            (self._slow, SLOW, partial(self.writing_changed.emit, True)),
            (self._spent, SPENT, self._remove_spent),
        ):
            timer.setSingleShot(True)
            timer.setInterval(interval)
            timer.timeout.connect(act)
        session.keep_with(self)
        self.pending_changed.connect(session.cells_changed)
        session.dataset_changed.connect(self._on_dataset_changed)
        self._on_dataset_changed(session.dataset)

    @property
    def pending(self) -> tuple[Change, ...]:
        """Return the changes that the file of the open rows lacks."""
        return merge((*self._written, *self._waiting))

    def is_version(self, dataset: Dataset) -> bool:
        """Say whether a dataset is what the last changes made of the rows before."""
        return dataset is self._version

    def change(self, changes: Sequence[Change]) -> None:
        """Change cells; what was done can be taken back. Raises StudioError where one of them is not what it was."""
        self._make(tuple(changes))
        back = tuple(change.reverse for change in reversed(changes))
        words = tr("{n} {n:cell|cells} changed", n=len(changes))
        self._session.did(words, partial(self._make, back), partial(self._make, tuple(changes)), ROWS)

    def settle(self, then: Callable[[], None]) -> None:
        """Write what waits now, and go on once it is a version; at once where nothing waits."""
        if not self._waiting and self._job is None:
            then()
            return
        self._then.append(then)
        self._write()

    def keep(self, dataset: Dataset) -> None:
        """Let a version be: undo can bring it back."""
        self._own.discard(dataset.folder)

    def _make(self, changes: tuple[Change, ...]) -> None:
        dataset = self._session.dataset
        if dataset is None:
            return
        pending = merge((*self.pending, *changes))
        self._waiting = merge((*self._waiting, *changes))
        try:
            keep_pending(dataset, pending)
        except OSError as error:
            self.failed.emit(_not_kept(error))
        else:
            self.changed.emit()
        self.pending_changed.emit()
        self._timer.start(min(PAUSE + dataset.rows // 100, MOST_PAUSE))

    def _write(self) -> None:
        dataset = self._session.dataset
        if dataset is None or self._job is not None:
            return
        self._timer.stop()
        if not self._waiting:
            then, self._then = self._then, []
            for each in then:
                each()
            return
        self._written, self._waiting = portions(self._waiting)[0], _rest(self._waiting)
        known = {path.name for path in paths.datasets().glob("*")}

        def ended(result: object) -> None:
            if self._job is handle:
                self._end()
                self._on_written(dataset, result, known)

        def failed(error: StudioError) -> None:
            if self._job is handle:
                self._end()
                self._on_refused(error)

        arguments = {"dataset": dataset, "changes": self._written}
        handle = self._job = self._jobs.start("edit", arguments, ended, self._on_event, failed, owner=self)
        self._slow.start()

    def _end(self) -> None:
        self._job = None
        self._slow.stop()
        self.writing_changed.emit(False)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.progressed.emit(event)

    def _on_written(self, before: Dataset, result: object, known: set[str]) -> None:
        if not isinstance(result, Dataset):  # stopped
            self._wait_again()
            return
        self._written = ()
        keep_pending(result, self._waiting)  # the new rows first: a crash in between loses nothing
        keep_pending(before, ())
        if result.id not in known:
            self._own.add(result.folder)
        self._version = result
        self._session.set_version(result)
        self.pending_changed.emit()
        self._session.datasets_changed.emit()
        self._spent.start()
        if self._then or self._waiting:
            self._write()

    def _on_refused(self, error: StudioError) -> None:
        self._wait_again()
        self._then.clear()
        self.failed.emit(error)

    def _wait_again(self) -> None:
        self._waiting, self._written = self.pending, ()

    def _on_dataset_changed(self, dataset: Dataset | None) -> None:
        if dataset is not None and self.is_version(dataset):
            return
        # Other rows: what was changed in the former ones waits beside them, and is found when they are opened again.
        if self._job is not None:
            self._job.stop()
            self._end()
        self._timer.stop()
        self._then.clear()
        self._version, self._written = None, ()
        self._waiting = pending_of(dataset) if dataset is not None else ()
        self.pending_changed.emit()
        if self._waiting:
            self._timer.start()

    def _remove_spent(self) -> None:
        """Remove versions that were made here, are open no longer, and that no run learnt from: the next one has all of them."""
        now = self._session.dataset
        used = {run.dataset for run in list_runs()} | ({now.folder} if now is not None else set())
        for folder in self._own - used:
            remove_dataset(folder)
            self._own.discard(folder)
        self._session.datasets_changed.emit()


def _rest(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    return changes[len(portions(changes)[0]) :]


def _not_kept(error: OSError) -> StudioError:
    return StudioError(
        "edits-not-kept",
        "What you changed could not be written: {reason}.",
        "Make room on the disk; until then do not close the window.",
        reason=error.strerror or str(error),
    )
