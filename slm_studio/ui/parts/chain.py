"""Chain: jobs one after another for one wish; a line that says how far it is and a button that stops it follow."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Progress
from slm_studio.core.texts import tr
from slm_studio.ui.parts.models import bytes_words
from slm_studio.ui.shell.jobs import JobHandle, Jobs
from slm_studio.ui.widgets.buttons import WorkButton
from slm_studio.ui.widgets.progress import Progress as ProgressLine


class Chain(QObject):
    """Runs one job at a time; the result goes to `then`, which may run the next. A job that was left is not heard."""

    changed = Signal()  # it began to work, or rests
    stopped = Signal()  # a job ended without a result, because somebody stopped it
    failed = Signal(object)  # StudioError
    happened = Signal(object)  # an Event that is no Progress
    progressed = Signal(object)  # Progress

    def __init__(
        self,
        jobs: Jobs,
        progress: ProgressLine | None = None,
        button: WorkButton | None = None,
        parent: QObject | None = None,
        *,
        in_bytes: bool = False,
    ) -> None:
        """`in_bytes`: what the work counts are bytes, as a download does."""
        super().__init__(parent)
        self._in_bytes = in_bytes
        self._jobs, self._progress, self._button = jobs, progress, button
        self._job: JobHandle | None = None
        self._turn = 0  # counts the jobs, so that one that was left behind is not heard
        if button is not None:
            button.stop_requested.connect(self.stop)
        if progress is not None:
            progress.hide()

    @property
    def is_busy(self) -> bool:
        """Say whether a job is at work."""
        return self._job is not None

    def run(self, verb: str, arguments: Mapping[str, object], then: Callable[[Any], None]) -> None:
        """Start a job; one that is still at work is stopped and left."""
        if self._job is not None:
            self._job.stop()
        self._turn += 1
        if self._progress is not None:
            self._progress.show()
            self._progress.set_words("")
            self._progress.bar.set_share(-1.0)
        if self._button is not None:
            self._button.set_busy()
        turn = self._turn
        result, event, error = (
            partial(self._on_result, turn, then),
            partial(self._on_event, turn),
            partial(self._on_error, turn),
        )
        self._job = self._jobs.start(verb, arguments, result, event, error, owner=self)
        self.changed.emit()

    def stop(self) -> None:
        """Stop the work; `stopped` follows."""
        if self._job is not None:
            if self._button is not None:
                self._button.set_stopping()
            self._job.stop()

    def leave(self) -> None:
        """Stop the work and hear no more of it."""
        if self._job is not None:
            self._job.stop()
            self._turn += 1
            self._rest()

    def _rest(self) -> None:
        self._job = None
        if self._progress is not None:
            self._progress.hide()
        if self._button is not None:
            self._button.set_ready()
        self.changed.emit()

    def _on_result(self, turn: int, then: Callable[[Any], None], result: object) -> None:
        if turn != self._turn:
            return
        self._rest()
        if result is None:
            self.stopped.emit()
        else:
            then(result)

    def _on_event(self, turn: int, event: Event) -> None:
        if turn != self._turn:
            return
        if not isinstance(event, Progress):
            self.happened.emit(event)
            return
        self.progressed.emit(event)
        if self._progress is not None:
            what, written = event.what, bytes_words if self._in_bytes else None
            self._progress.set_count(lambda: tr(what), event.done, event.total, written)

    def _on_error(self, turn: int, error: StudioError) -> None:
        if turn == self._turn:
            self._rest()
            self.failed.emit(error)
