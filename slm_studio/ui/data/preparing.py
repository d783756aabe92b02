"""Desk: the work behind the Data place. It reads, guesses, counts, checks and cleans, and keeps the session up to date."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from slm_studio.core import codec, corrections
from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Progress
from slm_studio.core.recipe import Recipe, make_recipe, recipe_from_json, recipe_to_json, target_of
from slm_studio.core.results import Suggestion
from slm_studio.core.tasks import all_tasks, task_info
from slm_studio.core.texts import tr
from slm_studio.ui.data.dataset_words import what_changed
from slm_studio.ui.data.editing import ROWS, Editing
from slm_studio.ui.data.examples import task_shown_by
from slm_studio.ui.shell.jobs import JobHandle, Jobs
from slm_studio.ui.shell.session import Session

PAUSE = 150  # milliseconds after the last change before the rows are looked at again
KEPT = ("validation_share", "test_share", "seed")  # knobs that stay when the task changes
REMEMBERED = 40  # datasets whose reading options are kept


@dataclass(frozen=True, slots=True)
class Before:
    """What was open before a change that can be undone."""

    dataset: Dataset
    suggestion: Suggestion | None
    recipe: Recipe | None


class Desk(QObject):
    """Does one thing of a kind at a time; what is newer wins."""

    busy_changed = Signal(bool)  # a file is being read, or rows are being cleaned
    progressed = Signal(object)  # Progress
    failed = Signal(object)  # StudioError; what was open stays open
    described = Signal(object)  # dict
    checked = Signal(object)  # tuple[Finding, …]
    added = Signal(str)  # a column that somebody wants to fill by hand

    def __init__(self, session: Session, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._main: JobHandle | None = None
        self._looks: list[JobHandle] = []
        self._looked_at: dict[str, object] = {}
        self._carried: Before | None = None
        self._opens_own = False  # the dataset that comes is a version that undo knows
        self.editing = Editing(session, jobs, self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self._look)
        session.dataset_changed.connect(self._on_dataset_changed)
        session.recipe_changed.connect(self._on_recipe_changed)
        self._on_dataset_changed(session.dataset)

    @property
    def is_busy(self) -> bool:
        """Say whether a file is being read or rows are being cleaned."""
        return self._main is not None

    def open(self, path: Path, options: ReadOptions = ReadOptions()) -> None:  # noqa: B008  (frozen)
        """Read a file and make it the open dataset."""
        if options == ReadOptions():
            options = corrections.options_of(path)
        arguments = {"path": str(path), "options": options}
        self._start("read", arguments, lambda result: self._on_read(result, options, None))

    def read_again(self, options: ReadOptions) -> None:
        """Read the open dataset's file with other options."""
        self._session.when_settled(partial(self._read_again, options))

    def _read_again(self, options: ReadOptions) -> None:
        before = self._now()
        if before is not None:
            arguments = {"path": before.dataset.source, "options": options}
            self._start("read", arguments, lambda result: self._on_read(result, options, before))

    def clean(self, steps: Sequence[str]) -> None:
        """Apply named steps; the result is a new version of the dataset, and the former one can come back."""
        self._session.when_settled(partial(self._clean, steps))

    def _clean(self, steps: Sequence[str]) -> None:
        before = self._now()
        if before is None or before.recipe is None:
            return
        arguments = {"dataset": before.dataset, "steps": tuple(steps), "recipe": before.recipe}
        self._start("clean", arguments, lambda result: self._on_cleaned(result, tuple(steps), before))

    def undo(self) -> None:
        """Go back to what was open before the last cleaning or reading."""
        self._session.changes.undo(ROWS)

    @property
    def can_undo(self) -> bool:
        """Say whether something was open before."""
        return self._session.changes.has(ROWS)

    def stop(self) -> None:
        """Stop reading or cleaning; what was open stays open."""
        if self._main is not None:
            self._main.stop()

    def choose_task(self, task: str) -> None:
        """Learn something else; the roles are guessed anew."""
        dataset = self._session.dataset
        if dataset is not None:
            self._jobs.start(
                "suggest",
                {"dataset": dataset, "task": task},
                partial(self._on_other_task, dataset.id),
                on_error=self.failed.emit,
                owner=self,
            )

    def choose_role(self, role: str, column: str) -> None:
        """Give a role to a column; the column's former role takes what `role` had."""
        recipe = self._session.recipe
        if recipe is None or role not in {each.name for each in task_info(recipe.task).roles}:
            return
        roles = {
            name: recipe.roles.get(role, "") if name != role and at == column else at
            for name, at in recipe.roles.items()
        }
        roles[role] = column
        self._correct(replace(recipe, roles={name: at for name, at in roles.items() if at}))

    def choose_target(self, target: str) -> None:
        """Say what the answers are, or leave it to their column."""
        recipe = self._session.recipe
        if recipe is not None:
            options = replace(recipe.settled().options, target=target)  # type: ignore[type-var]
            self._session.set_recipe(replace(recipe, options=options))

    def add_column(self, role: str) -> None:
        """Give a role a new column, empty, to be filled by hand; undo takes it away again."""
        self._session.when_settled(partial(self._add_column, role))

    def _add_column(self, role: str) -> None:
        before = self._now()
        if before is None or before.recipe is None:
            return
        known = {column.name for column in before.dataset.columns}
        name = next(name for name in chain([role], (f"{role}_{n}" for n in count(2))) if name not in known)
        arguments = {"dataset": before.dataset, "columns": (name,)}
        self._start("edit", arguments, partial(self._on_added, before, role, name))

    def set_knobs(self, values: dict[str, object]) -> None:
        """Change knobs of the recipe."""
        if self._session.recipe is not None:
            self._session.set_recipe(replace(self._session.recipe, **values))  # type: ignore[arg-type]

    def options(self) -> ReadOptions:
        """Return the options that the open dataset was read with."""
        kept = self._session.recall("read_options", {})
        dataset = self._session.dataset
        if dataset is None or not isinstance(kept, dict) or dataset.id not in kept:
            return ReadOptions()
        try:
            return codec.from_json(ReadOptions, kept[dataset.id])
        except StudioError:
            return ReadOptions()

    def _now(self) -> Before | None:
        dataset = self._session.dataset
        if dataset is None:
            return None
        self.editing.keep(dataset)
        return Before(dataset, self._session.suggestion, self._session.recipe)

    def _start(self, verb: str, arguments: dict[str, object], on_result: Callable[[object], None]) -> None:
        self.stop()

        def ended(result: object) -> None:
            if self._main is handle:
                self._set_main(None)
                on_result(result)

        def failed(error: StudioError) -> None:
            if self._main is handle:
                self._set_main(None)
                self.failed.emit(error)

        handle = self._jobs.start(verb, arguments, ended, self._on_event, failed, owner=self)
        self._set_main(handle)

    def _set_main(self, handle: JobHandle | None) -> None:
        self._main = handle
        self.busy_changed.emit(handle is not None)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.progressed.emit(event)

    def _on_read(self, result: object, options: ReadOptions, before: Before | None) -> None:
        if not isinstance(result, Dataset):
            return  # stopped
        self._remember_options(result, options)
        if before is not None and result != before.dataset:
            again = partial(self._take_read, before, result)
            self._session.did(tr("The file was read again."), partial(self._change_to, before), again, ROWS)
            again()
        else:
            self._session.changes.forget(ROWS)
            self._session.set_dataset(result)
        self._session.datasets_changed.emit()

    def _on_cleaned(self, result: object, steps: tuple[str, ...], before: Before) -> None:
        if not isinstance(result, Dataset):
            return
        words = what_changed(steps, before.dataset, result)
        if result.fingerprint == before.dataset.fingerprint:
            self._session.toast(words)
            return
        again = partial(self._change_to, replace(before, dataset=result))
        self._session.did(words, partial(self._change_to, before), again, ROWS)
        again()
        self._session.datasets_changed.emit()

    def _on_added(self, before: Before, role: str, column: str, result: object) -> None:
        if not isinstance(result, Dataset) or before.recipe is None:
            return
        recipe = replace(before.recipe, roles={**before.recipe.roles, role: column})
        again = partial(self._change_to, replace(before, dataset=result, recipe=recipe))
        words = tr("The column “{column}” was added.", column=column)
        self._session.did(words, partial(self._change_to, before), again, ROWS)
        again()
        self._session.datasets_changed.emit()
        self.added.emit(column)

    def _take_read(self, before: Before, result: Dataset) -> None:
        self._carried = before if _same_columns(before.dataset, result) else None
        self._open_own(result)

    def _change_to(self, state: Before) -> None:
        self._carried = state
        self._open_own(state.dataset)

    def _open_own(self, dataset: Dataset) -> None:
        self._opens_own = True
        self._session.set_dataset(dataset)
        self._opens_own = False

    def _remember_options(self, dataset: Dataset, options: ReadOptions) -> None:
        kept = self._session.recall("read_options", {})
        others = {key: value for key, value in kept.items() if key != dataset.id} if isinstance(kept, dict) else {}
        if options != ReadOptions():
            others[dataset.id] = codec.to_json(options)
        corrections.keep_options(dataset, options)
        self._session.remember("read_options", dict(list(others.items())[-REMEMBERED:]))

    def _on_dataset_changed(self, dataset: Dataset | None) -> None:
        self._stop_looking()
        self._looked_at.clear()
        carried, self._carried = self._carried, None
        if dataset is not None and self.editing.is_version(dataset):
            self._on_recipe_changed(self._session.recipe)
            return
        if not self._opens_own:
            self._session.changes.forget(ROWS)  # they were about other rows
        if dataset is None:
            return
        if carried is not None and carried.recipe is not None:
            self._session.set_suggestion(carried.suggestion)
            self._session.set_recipe(carried.recipe)
        else:
            arguments = {"dataset": dataset, "task": task_shown_by(dataset.source)}
            suggested = partial(self._on_suggested, dataset.id)
            handle = self._jobs.start("suggest", arguments, suggested, on_error=self.failed.emit, owner=self)
            self._looks.append(handle)

    def _on_suggested(self, dataset_id: str, result: object) -> None:
        if not isinstance(result, Suggestion) or not self._is_open(dataset_id):
            return
        self._session.set_suggestion(result)
        if self._session.recipe is None:
            self._session.set_recipe(self._recalled() or self._corrected() or _plan_of(result))

    def _on_other_task(self, dataset_id: str, result: object) -> None:
        recipe = self._session.recipe
        if not isinstance(result, Suggestion) or recipe is None or not self._is_open(dataset_id):
            return
        kept = {name: getattr(recipe, name) for name in KEPT}
        self._correct(make_recipe(result.task, base=result.base, roles=result.roles, settings=kept))

    def _correct(self, recipe: Recipe) -> None:
        """Take what the person made of the guess, and remember it for this file."""
        self._session.set_recipe(recipe)
        if self._session.dataset is not None:
            corrections.keep_roles(self._session.dataset, recipe.task, recipe.roles)

    def _is_open(self, dataset_id: str) -> bool:
        """Say whether an answer is about what is open now: another file may have been opened meanwhile."""
        return self._session.dataset is not None and self._session.dataset.id == dataset_id

    def _corrected(self) -> Recipe | None:
        """Return a plan with the task and columns that the person chose for this file before."""
        known = corrections.correction_of(self._session.dataset) if self._session.dataset is not None else None
        if known is None or known.task not in {info.key for info in all_tasks()}:
            return None
        return make_recipe(known.task, roles=known.roles)

    def _recalled(self) -> Recipe | None:
        """Return the plan that the person made for this dataset before, where its columns still fit."""
        kept, dataset = self._session.recall("recipe"), self._session.dataset
        if not isinstance(kept, dict) or dataset is None or kept.get("dataset") != dataset.id:
            return None
        try:
            recipe = recipe_from_json(kept["recipe"])
        except (StudioError, KeyError, TypeError):
            return None
        names = {column.name for column in dataset.columns}
        return recipe if set(recipe.roles.values()) <= names else None

    def _on_recipe_changed(self, recipe: Recipe | None) -> None:
        dataset = self._session.dataset
        if recipe is None or dataset is None:
            return
        self._session.remember("recipe", {"dataset": dataset.id, "recipe": recipe_to_json(recipe)})
        self._timer.start()

    def _look(self) -> None:
        """Describe and check what changed since the last look."""
        dataset, recipe = self._session.dataset, self._session.recipe
        if dataset is None or recipe is None or not recipe.roles:
            self._looked_at.clear()  # what was found is shown no longer, and is looked for again with the next columns
            return
        settled = recipe.settled()
        roles = dict(recipe.roles)
        seen = (dataset.id, recipe.task, tuple(sorted(roles.items())), target_of(recipe, dataset))
        self._look_with("describe", seen, {"dataset": dataset, "recipe": recipe}, self._on_described)
        shares = (settled.validation_share, settled.test_share, settled.seed, settled.max_length)
        self._look_with("check", (*seen, recipe.task, shares), {"dataset": dataset, "recipe": recipe}, self._on_checked)

    def _look_with(self, verb: str, seen: object, arguments: dict[str, object], tell: Callable[[object], None]) -> None:
        if self._looked_at.get(verb) == seen:
            return
        self._looked_at[verb] = seen

        def ended(result: object) -> None:
            if self._looked_at.get(verb) == seen and result is not None:
                tell(result)

        for handle in [each for each in self._looks if each.verb == verb]:
            handle.stop()
            self._looks.remove(handle)
        self._looks.append(self._jobs.start(verb, arguments, ended, on_error=self.failed.emit, owner=self))

    def _on_described(self, found: object) -> None:
        languages = found.get("languages") if isinstance(found, dict) else None
        self._session.set_languages(languages if isinstance(languages, dict) else {})
        self.described.emit(found)

    def _on_checked(self, found: object) -> None:
        self._session.set_findings(tuple(found))  # type: ignore[arg-type]
        self.checked.emit(found)

    def _stop_looking(self) -> None:
        self._timer.stop()
        for handle in self._looks:
            handle.stop()
        self._looks.clear()


def _plan_of(suggestion: Suggestion) -> Recipe:
    """Return the plan of a guess; where nothing was found to learn, one whose columns are still to be chosen."""
    task = suggestion.task or all_tasks()[0].key
    return make_recipe(task, base=suggestion.base, roles=suggestion.roles)


def _same_columns(one: Dataset, other: Dataset) -> bool:
    return [column.name for column in one.columns] == [column.name for column in other.columns]
