"""What the sidebar says of the runs at work: read off the events of training."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from slm_studio.core.events import Event, Paused, Progress, Replanned, Started, Step
from slm_studio.core.run import Run
from slm_studio.ui.parts.pace import Pace
from slm_studio.ui.shell.training import Trainings
from slm_studio.ui.widgets.runs_card import RunningRun


class Running(QObject):
    """Keeps one line per run at work; `changed` brings them all, oldest first."""

    changed = Signal(object)  # tuple[RunningRun, …]
    worked = Signal(object)  # the same, without those that only wait

    def __init__(self, trainings: Trainings, name_of: Callable[[str], str], parent: QObject | None = None) -> None:
        """`name_of` returns what the person calls the run with an id."""
        super().__init__(parent)
        self._name_of = name_of
        self._lines: dict[str, RunningRun] = {}
        self._steps: dict[str, int] = {}
        self._paces: dict[str, Pace] = {}
        self._waiting: tuple[RunningRun, ...] = ()
        trainings.run_started.connect(self._on_started)
        trainings.run_events.connect(self._on_events)
        trainings.run_finished.connect(self._on_ended)
        trainings.run_failed.connect(self._on_ended)

    def lines(self) -> tuple[RunningRun, ...]:
        """Return what is at work now, then what was left and waits to go on."""
        return (*self._lines.values(), *(each for each in self._waiting if each.id not in self._lines))

    def is_any_at_work(self) -> bool:
        """Say whether a run computes now: neither paused nor waiting."""
        return any(not line.paused for line in self._lines.values())

    def show_waiting(self, runs: Sequence[Run]) -> None:
        """Show runs that were left as paused; ask again what the others are called."""
        self._waiting = tuple(
            RunningRun(run.id, run.name, run.step / run.steps if run.steps else 0.0, paused=True) for run in runs
        )
        self._lines = {run_id: replace(line, name=self._name_of(run_id)) for run_id, line in self._lines.items()}
        self._tell()

    def _tell(self) -> None:
        self.changed.emit(self.lines())
        self.worked.emit(tuple(self._lines.values()))

    def _on_started(self, run_id: str) -> None:
        self._lines[run_id] = RunningRun(run_id, self._name_of(run_id))
        self._paces[run_id] = Pace()
        self._tell()

    def _on_events(self, run_id: str, events: Sequence[Event]) -> None:
        line = self._lines.get(run_id)
        if line is None:
            return
        for event in events:
            if isinstance(event, Started):
                self._steps[run_id] = event.machine.total
                self._paces[run_id].forget()
                if event.n:  # it goes on
                    line = replace(line, share=min(1.0, event.n / max(1, event.machine.total)), paused=False)
            elif isinstance(event, Replanned):
                self._steps[run_id] = event.steps
            elif isinstance(event, Progress):
                line = replace(line, paused=False)
            elif isinstance(event, Step):
                self._paces[run_id].take(event)
                line = _moved(line, event, self._steps.get(run_id, 0), self._paces[run_id])
            elif isinstance(event, Paused):
                line = replace(line, paused=True)
        if line != self._lines[run_id]:
            self._lines[run_id] = line
            self._tell()

    def _on_ended(self, run_id: str) -> None:
        self._lines.pop(run_id, None)
        self._steps.pop(run_id, None)
        self._paces.pop(run_id, None)
        self._tell()


def _moved(line: RunningRun, step: Step, steps: int, pace: Pace) -> RunningRun:
    if not steps:
        return replace(line, paused=False)
    return replace(line, share=min(1.0, step.n / steps), left=pace.left(steps), paused=False)
