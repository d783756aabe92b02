"""Session: what is open now. Panels meet here: each sets what it made, and hears what the others made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from slm_studio.core import editing, files, paths
from slm_studio.core.dataset import Dataset, Finding, note_opened, open_dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import Recipe
from slm_studio.core.results import Suggestion
from slm_studio.core.run import Run, open_run
from slm_studio.core.saved import SavedModel, open_saved
from slm_studio.core.settings import Settings, load_settings, save_settings
from slm_studio.core.texts import tr
from slm_studio.host.secrets import Secrets
from slm_studio.ui.shell.language import speak
from slm_studio.ui.shell.undo import Change, UndoStack

PLACES = ("data", "train", "evaluate", "playground", "hub")
SETTINGS = "settings"
WITH_A_MODEL = ("evaluate", "playground")  # places that show what one model does


class Keeper(Protocol):
    """Who keeps the changes to the open rows until they are a version of them."""

    @property
    def pending(self) -> tuple[editing.Change, ...]:
        """Return the changes that the file of the rows lacks."""

    def change(self, changes: Sequence[editing.Change]) -> None:
        """Change cells; what was done can be taken back. Raises StudioError where one of them is not what it was."""

    def settle(self, then: Callable[[], None]) -> None:
        """Make a version of what waits, then go on."""


@dataclass(frozen=True, slots=True)
class Onward:
    """A model, and the task that shall go on from it once there are rows for it."""

    model: SavedModel
    task: str


class Session(QObject):
    """One signal per change; setters are the only way in. Remembers the last state in window.json."""

    dataset_changed = Signal(object)  # Dataset | None
    suggestion_changed = Signal(object)  # Suggestion | None: what we would do with the dataset
    recipe_changed = Signal(object)  # Recipe | None: the plan that Train would start
    findings_changed = Signal(object)  # tuple[Finding, …]: what Data found worth a look before training
    languages_changed = Signal(object)  # Mapping[str, float]: the shares of the languages that the rows are in
    run_changed = Signal(object)  # Run | None: the run that Train shows
    model_changed = Signal(object)  # SavedModel | None: the model that Evaluate and Playground use
    onward_changed = Signal()  # another model shall be gone on from, or none
    settling = Signal()  # whoever edits cells keeps now what was typed: all changes are about to become a version
    cells_changed = Signal()  # some of the open rows, by hand, or that was taken back
    datasets_changed = Signal()  # the folders hold other things now
    runs_changed = Signal()
    models_changed = Signal()
    settings_changed = Signal(object)  # Settings
    language_changed = Signal(str)
    place_requested = Signal(str)
    plan_requested = Signal()  # Train shall show the plan for what is open, whatever it showed
    rows_requested = Signal(object)  # Sequence[int]: rows of the dataset that Data should show
    paths_opened = Signal(object)  # Sequence[Path]: files and folders that somebody dropped or chose
    toast_requested = Signal(str, object)  # a sentence, and what takes it back (or None)
    closing = Signal()  # the window closes: whoever has something on its way keeps what came of it
    toast_withdrawn = Signal()  # what was said last cannot be taken back any more

    def __init__(
        self, settings: Settings | None = None, secrets: Secrets | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.secrets = secrets or Secrets()  # hub tokens
        self.settings = settings or load_settings()
        self.dataset: Dataset | None = None
        self.suggestion: Suggestion | None = None
        self.recipe: Recipe | None = None
        self.findings: tuple[Finding, ...] = ()
        self.languages: Mapping[str, float] = {}
        self.run: Run | None = None
        self.model: SavedModel | None = None
        self.onward: Onward | None = None
        self.place = PLACES[0]
        self.changes = UndoStack(self)
        self.changes.undone.connect(self._on_undone)
        self.changes.redone.connect(self._on_redone)
        self.changes.changed.connect(self._on_changes_changed)
        self.keeper: Keeper | None = None
        self._told: Change | None = None  # the change that was said last, where nothing was said since
        self._memory = _read_memory()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self.save)

    def set_dataset(self, dataset: Dataset | None) -> None:
        """Open a dataset (or none). A suggestion and a plan for another one are forgotten."""
        if dataset == self.dataset:
            return
        other = dataset is None or self.dataset is None or dataset.id != self.dataset.id
        self.dataset = dataset
        self.remember("dataset", dataset.folder if dataset else "")
        if dataset is not None:
            note_opened(dataset)
        if other:
            self.set_suggestion(None)
            self.set_recipe(None)
            self.set_findings(())
            self.set_languages({})
            if dataset is not None:
                self.set_run(None)  # Train shows the plan for these rows, not a run of others
        self.dataset_changed.emit(dataset)

    def set_version(self, dataset: Dataset) -> None:
        """Open a version of the open dataset whose rows are the same ones: what is known, planned and shown of them stays."""
        self.dataset = dataset
        self.remember("dataset", dataset.folder)
        self.dataset_changed.emit(dataset)

    def keep_with(self, keeper: Keeper) -> None:
        """Name who keeps changes to the rows that are no version yet."""
        self.keeper = keeper

    def when_settled(self, then: Callable[[], None]) -> None:
        """Go on once all changes to the rows are in the open dataset; at once where none wait."""
        self.settling.emit()
        if self.keeper is None:
            then()
        else:
            self.keeper.settle(then)

    def set_suggestion(self, suggestion: Suggestion | None) -> None:
        """Keep what we would do with the dataset, or what the person made of it (task and roles)."""
        if suggestion != self.suggestion:
            self.suggestion = suggestion
            self.suggestion_changed.emit(suggestion)

    def set_recipe(self, recipe: Recipe | None) -> None:
        """Keep the plan that Train would start."""
        if recipe != self.recipe:
            self.recipe = recipe
            self.recipe_changed.emit(recipe)

    def set_findings(self, findings: tuple[Finding, ...]) -> None:
        """Keep what is worth a look before training, so that Train can say it too."""
        if findings != self.findings:
            self.findings = findings
            self.findings_changed.emit(findings)

    def set_languages(self, languages: Mapping[str, float]) -> None:
        """Keep in which languages the rows are, as `describe` counts them, so that Train can offer models that speak them."""
        if languages != self.languages:
            self.languages = dict(languages)
            self.languages_changed.emit(self.languages)

    def set_run(self, run: Run | None) -> None:
        """Show a run in Train."""
        if run != self.run:
            self.run = run
            self.remember("run", run.folder if run else "")
            self.run_changed.emit(run)

    def set_model(self, model: SavedModel | None) -> None:
        """Use a model in Evaluate and Playground."""
        if model != self.model:
            self.model = model
            self.remember("model", model.folder if model else "")
            self.model_changed.emit(model)

    def offer_model(self, model: SavedModel) -> bool:
        """Use a model that has just come to be, and return True; not while somebody looks at what another one does."""
        if self.model is not None and self.place in WITH_A_MODEL:
            return False
        self.set_model(model)
        return True

    def continue_with(self, model: SavedModel, task: str) -> None:
        """Plan a task that goes on from a model: with the open rows where they suit it, else with those that Data is given next."""
        self.go_to(PLACES[0])
        self.set_onward(Onward(model, task))

    def set_onward(self, onward: Onward | None) -> None:
        """Keep which model shall be gone on from."""
        if onward != self.onward:
            self.onward = onward
            self.onward_changed.emit()

    def change_settings(self, **changes: object) -> None:
        """Change settings, write them, and tell everybody. A new language is in use when this returns."""
        settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        if settings == self.settings:
            return
        before, self.settings = self.settings, settings
        save_settings(settings)
        self.settings_changed.emit(settings)
        if settings.language != before.language:
            self.language_changed.emit(speak(settings.language))

    def go_to(self, place: str) -> None:
        """Ask the window for a place: one of PLACES, or “settings”."""
        self.place_requested.emit(place)

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Ask the window to open files and folders: rows in Data, a model in Hub."""
        if paths:
            self.paths_opened.emit(tuple(paths))

    def show_plan(self) -> None:
        """Ask Train to show the plan for what is open (not a run, not the list of runs) and go there."""
        self.set_run(None)
        self.plan_requested.emit()
        self.go_to("train")

    def show_rows(self, rows: object) -> None:
        """Ask Data to show these rows of the open dataset (counted from 0) and go there."""
        self.rows_requested.emit(rows)
        self.go_to("data")

    def toast(self, sentence: str, undo: Callable[[], object] | None = None) -> None:
        """Say what just happened at the foot of the window; `undo` takes it back."""
        self._told = None
        self.toast_requested.emit(sentence, undo)

    def did(self, words: str, undo: Callable[[], object], redo: Callable[[], object], about: str = "") -> None:
        """Say what was just done, and keep how it is taken back (Ctrl+Z) and done again."""
        change = Change(words, undo, redo, about)
        self.changes.push(change)
        self._on_redone(change)

    def _on_undone(self, change: Change) -> None:
        self.toast(tr("Taken back: {what}", what=change.words))

    def _on_redone(self, change: Change) -> None:
        self.toast(change.words, partial(self.changes.take_back, change))
        self._told = change

    def _on_changes_changed(self) -> None:
        if self._told is not None and not self.changes.holds(self._told):  # an Undo that does nothing is no offer
            self._told = None
            self.toast_withdrawn.emit()

    def remember(self, key: str, value: object) -> None:
        """Keep a JSON value over restarts: the state of a form, the width of a column."""
        if self._memory.get(key) != value:
            self._memory[key] = value
            self._timer.start()

    def recall(self, key: str, default: object = None) -> object:
        """Return what was remembered."""
        return self._memory.get(key, default)

    def restore(self, *, with_dataset: bool = True) -> None:
        """Open the last dataset (unless another is on its way), run and model again, where they still stand."""
        for key, opener, setter in (
            ("dataset", open_dataset, self.set_dataset),
            ("run", open_run, self.set_run),
            ("model", open_saved, self.set_model),
        ):
            folder = self._memory.get(key)
            if not folder or not isinstance(folder, str) or getattr(self, key) is not None:
                continue
            if key == "dataset" and not with_dataset:
                continue
            try:
                setter(opener(Path(folder)))  # type: ignore[operator]
            except StudioError:
                self.remember(key, "")  # moved or deleted meanwhile: start without it

    def save(self) -> None:
        """Write window.json now."""
        self._timer.stop()
        files.write_json(memory_file(), self._memory)


def memory_file() -> Path:
    """Return the file of the window's state."""
    return paths.home() / "window.json"


def _read_memory() -> dict[str, object]:
    try:
        plain = files.read_json(memory_file())
    except StudioError:
        return {}
    return plain if isinstance(plain, dict) else {}
