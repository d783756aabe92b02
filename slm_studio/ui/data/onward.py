"""OnwardBanner: rows are wanted for a task that shall go on from a model; once there are such rows, it is planned."""

from functools import partial, reduce

from PySide6.QtWidgets import QWidget

from slm_studio.core.dataset import Dataset
from slm_studio.core.onward import goes_on_from, plan_onward, rows_of
from slm_studio.core.recipe import Recipe
from slm_studio.core.results import Suggestion
from slm_studio.core.run import Run
from slm_studio.core.tasks import task_info
from slm_studio.core.texts import tr
from slm_studio.ui.parts.naming import file_words
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Onward, Session
from slm_studio.ui.widgets.banner import Banner


class OnwardBanner(Banner):
    """Follows the session: what shall go on from which model, and which rows are open.

    The rows that the model learnt from come first, where they suit: whoever goes on with a run goes on with what it was
    about, whatever else was opened meanwhile. Until a run begins, the plan follows to other rows that are opened.
    """

    def __init__(self, session: Session, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(closable=True, parent=parent)
        self._session, self._jobs = session, jobs
        self._planned: Onward | None = None  # what was planned last, and neither begun nor given up since
        self._is_asking = False
        session.onward_changed.connect(self._on_onward_changed)
        session.dataset_changed.connect(self._on_dataset_changed)
        session.recipe_changed.connect(self._on_recipe_changed)
        session.run_changed.connect(self._on_run_changed)
        self.closed.connect(partial(session.set_onward, None))
        self._on_onward_changed()

    def _on_onward_changed(self) -> None:
        onward = self._session.onward
        self.setVisible(onward is not None)
        if onward is None:
            return
        self.set_words(partial(wanted, onward), hint="As soon as one is open that suits, the plan goes on from there.")
        candidates = [rows_of(onward.model), self._session.dataset]
        self._ask(onward, [each for each in candidates if each is not None], goes_on=True)

    def _on_dataset_changed(self, dataset: Dataset | None) -> None:
        onward = self._session.onward or self._planned
        if onward is not None and dataset is not None:
            self._ask(onward, [dataset], goes_on=False)

    def _on_recipe_changed(self, recipe: Recipe | None) -> None:
        planned = self._planned
        if planned is not None and recipe is not None and not self._is_asking:
            self._planned = planned if goes_on_from(recipe, planned.model) else None

    def _on_run_changed(self, run: Run | None) -> None:
        if run is not None:
            self._planned = None

    def _ask(self, onward: Onward, candidates: list[Dataset], *, goes_on: bool) -> None:
        """Find the columns for the task in the first of some datasets that suits; `goes_on` to its plan."""
        self._is_asking = bool(candidates)
        if not candidates:
            return
        first, *others = candidates
        told = partial(self._on_suggested, onward, first, others, goes_on)
        self._jobs.start("suggest", {"dataset": first, "task": onward.task}, told, owner=self)

    def _on_suggested(
        self, onward: Onward, dataset: Dataset, others: list[Dataset], goes_on: bool, found: object
    ) -> None:
        now = self._session.dataset
        is_current = onward in (self._session.onward, self._planned)
        if not is_current or not isinstance(found, Suggestion) or (not goes_on and now != dataset):
            return
        if not goes_on and self._has_plan(onward):
            self._is_asking = False
            return  # the rows are others, the plan came along: after a cleaning, or a change of cells
        recipe = plan_onward(onward.model, onward.task, found.roles)
        if task_info(onward.task).missing(recipe.chosen):
            self._planned = None
            self._ask(onward, others, goes_on=goes_on)  # where none suits, the words stay until other rows are open
            return
        self._plan(onward, dataset, found, recipe)
        if goes_on:
            self._session.show_plan()  # before it is said: what is said stays in the place where it was
        name, file = onward.model.name, file_words(dataset.name)
        self._session.toast(tr("The plan goes on from “{name}”, with {file}.", name=name, file=file))

    def _has_plan(self, onward: Onward) -> bool:
        recipe = self._session.recipe
        return recipe is not None and recipe.task == onward.task and goes_on_from(recipe, onward.model)

    def _plan(self, onward: Onward, dataset: Dataset, found: Suggestion, recipe: Recipe) -> None:
        self._session.set_onward(None)
        self._planned, self._is_asking = None, False
        if self._session.dataset is None or self._session.dataset.id != dataset.id:
            self._session.set_dataset(dataset)
        self._session.set_suggestion(found)
        self._session.set_recipe(recipe)
        self._planned = onward


def wanted(onward: Onward) -> str:
    """Return which rows are wanted: what they need, one way or another."""
    info = task_info(onward.task)
    ways = [tr(", ").join(f"“{tr(role.title)}”" for role in way) for way in info.lacking(())]
    roles = reduce(lambda one, other: tr("{one}, or else {other}", one=one, other=other), ways)
    return tr(
        "{task} shall go on from “{name}”. Open the rows for it: a file with {roles}.",
        task=tr(info.title),
        name=onward.model.name,
        roles=roles,
    )
