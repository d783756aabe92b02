"""Book: the stories of the runs at work and of before, and everything that can be asked of a run."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from slm_studio.core.dataset import Dataset, open_dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Progress
from slm_studio.core.recipe import Recipe
from slm_studio.core.results import Sizes
from slm_studio.core.run import FAILED, FINISHED, INTERRUPTED, RUNNING, STOPPED, Run, dataset_of, open_run, recipe_of
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import tr
from slm_studio.host.secrets import token_for_base
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Session
from slm_studio.ui.shell.training import Trainings
from slm_studio.ui.train.story import ELSEWHERE, STOPPING, Story, told


class Book(QObject):
    """Signals bring the id of the run that changed."""

    grown = Signal(str, object)  # id, the steps that came (list[Step]; may be empty)
    turned = Signal(str)  # its state, its model or its error is another

    def __init__(self, session: Session, jobs: Jobs, trainings: Trainings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._trainings = session, jobs, trainings
        self._stories: dict[str, Story] = {}
        self._wanted: set[str] = set()  # runs of which a model shall be kept once they stopped
        self.keeping: set[str] = set()
        self.sizes: dict[str, Sizes] = {}
        trainings.run_started.connect(self._on_started)
        trainings.run_events.connect(self._on_events)
        trainings.run_finished.connect(self._on_finished)
        trainings.run_failed.connect(self._on_failed)

    def story(self, run: Run) -> Story:
        """Return the story of a run: as it goes on, or as its folder tells it."""
        if run.id not in self._stories:
            story = self._stories[run.id] = told(_fresh(run))
            if run.id in self._trainings.active:
                story.state = RUNNING  # also before the first event: it prepares
            elif story.is_at_work:
                story.state = ELSEWHERE
        return self._stories[run.id]

    def at_work(self) -> tuple[str, ...]:
        """Return the ids of the runs that this window trains."""
        return self._trainings.active

    def forget(self, run: Run) -> None:
        """Read the folder again next time (it was renamed, deleted, or another program went on with it)."""
        if run.id not in self._trainings.active:
            self._stories.pop(run.id, None)

    def start(self, recipe: Recipe, dataset: Dataset, sizes: Sizes | None) -> Run:
        """Train a plan as a new run."""
        token = self._token(recipe.base)
        run = self._trainings.start(recipe, dataset, token)
        if sizes is not None:
            self.sizes[run.id] = sizes
        return run

    def resume(self, run: Run) -> None:
        """Go on with a run, whether it waits or was ended."""
        worker = self._trainings.worker(run.id)
        story = self.story(run)
        if worker is not None:
            worker.resume()
            story.state = RUNNING
        else:
            story.error = None
            story.state = RUNNING
            self._trainings.resume(run, self._token(run.base))
        self.turned.emit(run.id)

    def pause(self, run: Run) -> None:
        """Ask a run to wait; its Paused event says when it does."""
        worker = self._trainings.worker(run.id)
        if worker is not None:
            worker.pause()

    def stop(self, run: Run, *, keep: bool = False) -> None:
        """Ask a run to save and end; with `keep` a model is made of what it learnt so far."""
        worker = self._trainings.worker(run.id)
        if worker is None:
            return
        if keep:
            self._wanted.add(run.id)
        self.story(run).state = STOPPING
        worker.stop()
        self.turned.emit(run.id)

    def keep(self, run: Run) -> None:
        """Make a model of the best that a run learnt so far."""
        if run.id in self.keeping:
            return
        self.keeping.add(run.id)

        def kept(result: object) -> None:
            self.keeping.discard(run.id)
            story = self.story(run)
            story.run, story.progress = _fresh(story.run), None
            if isinstance(result, SavedModel):
                story.model = result
                self._offer(result)
                self._session.models_changed.emit()
            self.turned.emit(run.id)

        def failed(error: StudioError) -> None:
            self.keeping.discard(run.id)
            self.story(run).error = error
            self.turned.emit(run.id)

        def told_of(event: Event) -> None:
            if isinstance(event, Progress):
                self.story(run).progress = event
                self.grown.emit(run.id, [])

        self._jobs.start("keep", {"run": run, "checkpoint": None}, kept, told_of, failed, owner=self)
        self.turned.emit(run.id)

    def measure(self, run: Run) -> None:
        """Count parameters and rows of a run of before; `turned` says when they are known."""
        if run.id in self.sizes:
            return
        try:
            arguments = {"dataset": _dataset(run), "recipe": recipe_of(run)}
        except StudioError:
            return  # its dataset or recipe is gone: the title says less

        def measured(result: object) -> None:
            if isinstance(result, Sizes):
                self.sizes[run.id] = result
                self.turned.emit(run.id)

        self._jobs.start("measure", arguments, measured, on_error=_ignored, owner=self)

    def _offer(self, model: SavedModel) -> None:
        """Let Evaluate and Playground use a new model, or only say that it is there."""
        if not self._session.offer_model(model):
            self._session.toast(tr("“{name}” has finished", name=model.name))

    def _token(self, base: str) -> str:
        return token_for_base(base, self._session.settings, self._session.secrets)

    def _on_started(self, run_id: str) -> None:
        story = self._stories.get(run_id)
        if story is not None:
            story.run, story.state = _fresh(story.run), RUNNING
            self.turned.emit(run_id)

    def _on_events(self, run_id: str, events: list[Event]) -> None:
        story = self._stories.get(run_id)
        if story is None:
            return  # nobody looked at it yet: its folder knows
        state = story.state
        steps = story.take(events)
        self.grown.emit(run_id, steps)
        if story.state != state:
            self.turned.emit(run_id)

    def _on_finished(self, run_id: str, result: object) -> None:
        story = self._stories.get(run_id)
        wanted = run_id in self._wanted
        self._wanted.discard(run_id)
        if isinstance(result, SavedModel):
            self._offer(result)
        if story is None:
            return
        story.run, story.error, story.progress = _fresh(story.run), None, None
        story.state = FINISHED if isinstance(result, SavedModel) else STOPPED
        if isinstance(result, SavedModel):
            story.model = result
        elif wanted:
            self.keep(story.run)
        self.turned.emit(run_id)

    def _on_failed(self, run_id: str, error: StudioError) -> None:
        story = self._stories.get(run_id)
        self._wanted.discard(run_id)
        if story is None:
            return
        story.run, story.error, story.progress = _fresh(story.run), error, None
        # A process that died could not write how it ended.
        story.state = FAILED if story.run.state == FAILED else INTERRUPTED
        self.turned.emit(run_id)


def _fresh(run: Run) -> Run:
    """Return a run as its folder says now."""
    try:
        return open_run(run.path)
    except StudioError:
        return replace(run, state=FAILED)


def _dataset(run: Run) -> Dataset:
    return open_dataset(Path(run.dataset)) if Path(run.dataset).is_dir() else dataset_of(run)


def _ignored(error: StudioError) -> None:
    """Leave a number out that only decorates."""
