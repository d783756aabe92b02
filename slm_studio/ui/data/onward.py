"""OnwardBanner: rows are wanted for a task that shall go on from a model; once there are such rows, it is planned."""

from functools import partial, reduce

from PySide6.QtWidgets import QWidget

from slm_studio.core.dataset import Dataset
from slm_studio.core.recipes import plan_of, second_step
from slm_studio.core.results import Suggestion
from slm_studio.core.tasks import task_info
from slm_studio.core.texts import tr
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Onward, Session
from slm_studio.ui.widgets.banner import Banner


class OnwardBanner(Banner):
    """Follows the session: what shall go on from which model, and which rows are open."""

    def __init__(self, session: Session, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(closable=True, parent=parent)
        self._session, self._jobs = session, jobs
        session.onward_changed.connect(self._on_onward_changed)
        session.dataset_changed.connect(self._on_dataset_changed)
        self.closed.connect(partial(session.set_onward, None))
        self._on_onward_changed()

    def _on_onward_changed(self) -> None:
        onward = self._session.onward
        self.setVisible(onward is not None)
        if onward is not None:
            self.set_words(
                partial(wanted, onward), hint="As soon as one is open that suits, the plan goes on from there."
            )
            self._ask(self._session.dataset, goes_on=True)

    def _on_dataset_changed(self, dataset: Dataset | None) -> None:
        self._ask(dataset, goes_on=False)

    def _ask(self, dataset: Dataset | None, *, goes_on: bool) -> None:
        """Find the columns of a dataset for the task; `goes_on` to its plan where they are there."""
        onward = self._session.onward
        if onward is not None and dataset is not None:
            told = partial(self._on_suggested, onward, dataset.id, goes_on)
            self._jobs.start("suggest", {"dataset": dataset, "task": onward.task}, told, owner=self)

    def _on_suggested(self, onward: Onward, dataset: str, goes_on: bool, found: object) -> None:
        now = self._session.dataset
        if self._session.onward != onward or now is None or now.id != dataset or not isinstance(found, Suggestion):
            return
        recipe = plan_of(
            onward.task, named=second_step(onward.model, onward.task), base=onward.model.folder, roles=found.roles
        )
        if task_info(onward.task).missing(recipe.chosen):
            return  # not what it needs: the words stay until other rows are open
        self._session.set_onward(None)
        self._session.set_suggestion(found)
        self._session.set_recipe(recipe)
        self._session.toast(tr("The plan goes on from “{name}”.", name=onward.model.name))
        if goes_on:
            self._session.show_plan()


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
