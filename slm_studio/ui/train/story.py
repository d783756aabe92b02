"""Story: everything that is known of one run, from its history on disk or from events as they come. No Qt here."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from slm_studio.core import files
from slm_studio.core.curves import COLUMNS, read_curves
from slm_studio.core.errors import StudioError
from slm_studio.core.events import (
    Evaluated,
    Event,
    Machine,
    Note,
    Paused,
    Progress,
    Replanned,
    Sample,
    Saved,
    Started,
    Step,
)
from slm_studio.core.nouns import event_from_json
from slm_studio.core.run import FAILED, INTERRUPTED, PAUSED, RUNNING, STOPPED, Run, saved_step
from slm_studio.core.run_notes import LASTING
from slm_studio.core.saved import SavedModel, open_saved
from slm_studio.core.texts import mark
from slm_studio.core.verdict import ENDED, last_word
from slm_studio.ui.parts.pace import Pace
from slm_studio.ui.parts.run_words import DOCTOR
from slm_studio.ui.widgets.curves import Series

STOPPING = "stopping"
ELSEWHERE = "elsewhere"  # another window or a terminal holds its lock
LAST_WORDS = ("ended", "ended-by-heart", "ended-diverging", *ENDED.values())
RECENT = 50  # steps over which speed is told


@dataclass(slots=True)
class Story:
    """Grows with `take`. `state` follows core.run's states, and “stopping” while a stop was asked."""

    run: Run
    state: str
    machine: Machine | None = None
    replanned: Replanned | None = None  # the latest correction of a time budget
    steps: Series = field(default_factory=lambda: Series(len(COLUMNS)))
    pace: Pace = field(default_factory=Pace)
    evaluations: list[Evaluated] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    opinion: Note | None = None  # the doctor's latest
    how: Note | None = None  # how it runs
    remarks: dict[str, Note] = field(default_factory=dict)  # what its numbers do not say by themselves, by code
    fresh: Note | None = None  # the layers that its base did not bring along
    progress: Progress | None = None  # what is being done besides steps
    saved: int = -1  # the step of the newest checkpoint
    model: SavedModel | None = None
    error: StudioError | None = None

    def take(self, events: Iterable[Event]) -> list[Step]:
        """Take events in; return the steps among them."""
        steps = []
        for event in events:
            if isinstance(event, Step):
                steps.append(event)
                self.state = RUNNING if self.state == PAUSED else self.state
            else:
                self._take(event)
        if steps:
            self._add(steps)
        return steps

    @property
    def n(self) -> int:
        """Return the last step."""
        return int(self.steps.column(0)[-1]) if len(self.steps) else 0

    @property
    def kept(self) -> int:
        """Return the step whose state is on disk for whoever resumes it, or makes a model of it."""
        return min(self.n, saved_step(self.run)) if self.state in (INTERRUPTED, FAILED) else self.n

    @property
    def seconds(self) -> float:
        """Return the time spent so far, over all resumes."""
        return float(self.steps.column(2)[-1]) if len(self.steps) else self.run.seconds

    @property
    def total(self) -> int:
        """Return the steps that are planned; 0 while nobody knows."""
        if self.replanned is not None:
            return self.replanned.steps
        return self.machine.total if self.machine else self.run.steps

    @property
    def best(self) -> Evaluated | None:
        """Return the best evaluation."""
        return next((each for each in reversed(self.evaluations) if each.best), None)

    @property
    def is_at_work(self) -> bool:
        """Say whether an engine works on it."""
        return self.state in (RUNNING, PAUSED, STOPPING)

    def left(self) -> float | None:
        """Return the seconds that the planned steps will still take, by the pace of late; None while nobody knows."""
        return self.pace.left(self.total)

    def recent(self, column: str) -> float:
        """Return the mean of a column of the latest steps."""
        values = self.steps.column(COLUMNS.index(column))[-RECENT:]
        finite = values[np.isfinite(values)]
        return float(finite.mean()) if len(finite) else float("nan")

    def word(self) -> Note | None:
        """Return the doctor's opinion as it stands: of a run at work, or the last word on one that ended."""
        said = self.opinion
        if self.is_at_work or self.state == ELSEWHERE:
            return said
        if (
            self.model is not None
        ):  # judged by its scores, as the banner does: what an older version said may be another
            best = self.best.n if self.best else self.n
            curve = said.code.removeprefix("ended-") if said else ""
            return last_word(self.model, best=best, steps=self.n, opinion=curve)
        if said is not None and said.code in LAST_WORDS:
            return said
        if self.state not in (STOPPED, INTERRUPTED) or not self.n:
            return None
        return Note("stopped", _where_it_goes_on(self.kept, self.n), {"n": self.n, "kept": self.kept})

    def _take(self, event: Event) -> None:
        if isinstance(event, Started):
            self.machine = event.machine
            if self.opinion is not None and self.opinion.code in LAST_WORDS:
                self.opinion = None  # it goes on
            self.state = self.state if self.state == STOPPING else RUNNING
            self._cut(event.n)
            self.pace.forget()
        elif isinstance(event, Evaluated):
            self.evaluations.append(event)
        elif isinstance(event, Sample):
            self.samples.append(event)
        elif isinstance(event, Saved):
            self.saved = event.n
        elif isinstance(event, Paused):
            self.state = self.state if self.state == STOPPING else PAUSED
        elif isinstance(event, Progress):
            self.progress = event
            self.state = RUNNING if self.state == PAUSED else self.state
        elif isinstance(event, Replanned):
            self.replanned = event
        elif isinstance(event, Note):
            self._note(event)

    def _note(self, note: Note) -> None:
        if note.code == "how-it-runs":
            self.how = note
        elif note.code in LASTING:
            self.remarks[note.code] = note
        elif note.code == "fresh-layers":
            self.fresh = note
        elif note.code in DOCTOR:
            self.opinion = note

    def _add(self, steps: list[Step]) -> None:
        self.progress = None
        for step in steps:
            self.pace.take(step)
        if len(self.steps) and steps[0].n <= self.n:
            self._cut(steps[0].n - 1)
        self.steps.extend([[getattr(step, name) for name in COLUMNS] for step in steps])

    def _cut(self, n: int) -> None:
        """Forget what came after step `n`: a resumed run goes back to its checkpoint."""
        self.steps.cut(n)
        self.evaluations = [each for each in self.evaluations if each.n <= n]
        self.samples = [each for each in self.samples if each.n <= n]
        if self.replanned is not None and self.replanned.n > n:
            self.replanned = None


def told(run: Run) -> Story:
    """Return the story of a run as its folder tells it."""
    story = Story(run, run.state)
    story.take(_history(run))
    story.state = run.state
    table = np.frombuffer(read_curves(run.path), "<f8").reshape(-1, len(COLUMNS))
    story.steps.extend(table)
    story.progress = None
    if run.model:
        story.model = _model(Path(run.model))
    if run.problem and run.state == FAILED:
        story.error = StudioError.from_json(run.problem)
    return story


def _model(folder: Path) -> SavedModel | None:
    try:
        return open_saved(folder)
    except StudioError:
        return None  # deleted or moved since


def _history(run: Run) -> Iterator[Event]:
    """Yield the events of history.jsonl but the steps, which curves.bin holds."""
    path = run.path / "history.jsonl"
    if not path.exists():
        return
    with path.open("rb") as stream:
        for raw in stream:
            if raw.startswith(b'{"event": "step"') or not raw.endswith(b"\n"):
                continue
            try:
                plain = files.parse_json(raw)
                event = event_from_json(plain) if isinstance(plain, dict) else None
            except (StudioError, ValueError, KeyError):
                continue  # a line of a newer version
            if event is not None and not isinstance(event, Step):
                yield event


def _where_it_goes_on(kept: int, n: int) -> str:
    """Return the sentence on a run that ended too soon: a crash loses what came after its last checkpoint."""
    if kept == n:
        return mark("At step {n}. Resume goes on from there; “Keep as a model” makes a model of the best so far.")
    if kept > 0:
        return mark(
            "It was interrupted at step {n}. Resume goes on from its checkpoint at step {kept}; “Keep as a model” makes a model of the best up to there."
        )
    return mark("It was interrupted at step {n}, before its first checkpoint: Resume begins again.")
