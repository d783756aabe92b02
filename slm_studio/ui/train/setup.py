"""Setup: the three questions in plain words, what the answers cost, and what to know before Start."""

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core import codec
from slm_studio.core.bases import absent
from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.knobs import knobs
from slm_studio.core.recipe import Recipe
from slm_studio.core.recipes import (
    NamedRecipe,
    departures,
    first_step,
    model_of_first,
    plan_of,
    plan_of_first,
    taking,
    title_of,
)
from slm_studio.core.results import Sizes
from slm_studio.core.run import Run, run_name
from slm_studio.core.saved import list_models
from slm_studio.core.tasks import task_info
from slm_studio.core.texts import mark, tr
from slm_studio.ui.parts.run_words import count_words, device_words, gigabytes, span_words
from slm_studio.ui.parts.shortlist import Shortlist
from slm_studio.ui.shell.jobs import JobHandle, Jobs
from slm_studio.ui.shell.session import Session
from slm_studio.ui.train.advanced import Advanced
from slm_studio.ui.train.before import BeforeCard, error_words, finding_words
from slm_studio.ui.train.beginning import BeginningCard
from slm_studio.ui.train.command import command_of
from slm_studio.ui.train.duration import DurationCard
from slm_studio.ui.train.named import NamedRecipes
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.fields import LineField
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.page import GAP
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.stat import StatGrid
from slm_studio.ui.widgets.words import Words, words

LONG, MUCH = 200, 128  # pixels of how long it learns, and of what that costs, beside each other
PLAN = "plan"  # what changes are about that can be taken back
PAUSE = 300  # milliseconds after the last change before the plan is measured again
Plan = tuple[Dataset, Recipe, str, tuple[str, ...]]  # everything that its measuring depends on


class Setup(QWidget):
    """Shows the session's recipe and changes it. `ready_changed` says whether Start makes sense."""

    ready_changed = Signal()

    def __init__(self, session: Session, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._job: JobHandle | None = None
        self._measured: Plan | None = None  # what is measured, or being measured
        self._sized: Plan | None = None  # what `sizes` are of
        self.sizes: Sizes | None = None
        self._error: StudioError | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self.beginning, self.duration, self.before, self.named, self.advanced = (
            BeginningCard(Shortlist(session, jobs)),
            DurationCard(),
            BeforeCard(),
            NamedRecipes(),
            Advanced(),
        )
        self.name = LineField("Name of the model")
        self._build()
        self._connect()
        self._show()

    def is_ready(self) -> bool:
        """Say whether the plan can be started."""
        return self._session.recipe is not None and self._session.dataset is not None and not self.hindrances()

    def hindrances(self) -> list[Words]:
        """Return why the plan cannot be started, a sentence each; the card before Start says the same."""
        recipe = self._session.recipe
        if recipe is None:
            return []
        found: list[Words] = []
        if self.beginning.is_waiting() or not recipe.base:
            found.append(mark("Choose a model to start from, or name a folder or a hub model."))
        if self.advanced.has_problem():
            found.append(mark("A field under Advanced holds what cannot be."))
        found += [
            partial(error_words, error)
            for error in (*recipe.problems(), absent(recipe), self._error)
            if error is not None
        ]
        return found + [partial(finding_words, finding) for finding in self._session.findings if finding.serious]

    def look_again(self) -> None:
        """Say what hinders the start now: another program may have deleted what the plan begins with."""
        self._show()

    def stop(self) -> None:
        """Stop what is being fetched."""
        self.beginning.shortlist.stop()

    def settled_sizes(self) -> Sizes | None:
        """Return what the plan costs as it stands; None while a change of it is still being measured."""
        return self.sizes if self._sized == self._plan() else None

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.beginning)
        row = SideBySide()
        self.numbers = Card()
        self.grid = StatGrid(least=96, most=2)
        for key, name in (
            ("parameters", mark("parameters")),
            ("memory", mark("memory")),
            ("time", mark("time")),
            ("runs_on", mark("runs on")),
        ):
            self.grid.add_stat(key, name)
        self.numbers.add(self.grid)
        row.limit(row.add(self.duration, 3), LONG)
        row.limit(row.add(self.numbers, 2), MUCH)
        column.addWidget(row)
        for part in (Text("Name", "muted"), self.name):
            self.before.set_trailing(part)
        self.before.head.limit(self.name, 220, 220)
        column.addWidget(self.before)
        column.addWidget(self.named)
        column.addWidget(self.advanced)
        column.addStretch(1)

    def _connect(self) -> None:
        session = self._session
        for changed in (
            session.recipe_changed,
            session.dataset_changed,
            session.models_changed,
            session.runs_changed,
            session.settings_changed,
        ):
            changed.connect(self._show)
        session.findings_changed.connect(self._show_before)
        session.run_changed.connect(self._on_run_changed)
        self.beginning.base_chosen.connect(self._on_base_chosen)
        self.duration.chosen.connect(self.take)
        self.before.knobs_chosen.connect(self.take)
        self.before.data_requested.connect(self._on_data_requested)
        self.named.chosen.connect(self._on_recipe_chosen)
        self.advanced.changed.connect(self.take)
        self.advanced.problem_changed.connect(self._show_before)
        self.advanced.command_requested.connect(self._on_command_requested)
        self.name.textEdited.connect(self._on_named)
        self._timer.timeout.connect(self._measure)

    def take(self, values: object) -> None:
        """Change knobs of the recipe, or of its task's options, by name."""
        recipe = self._session.recipe
        if recipe is None or not isinstance(values, dict):
            return
        own = {each.name for each in knobs(task_info(recipe.task).options)}
        options = {name: value for name, value in values.items() if name in own}
        common = {name: value for name, value in values.items() if name not in own}
        if options:
            common["options"] = replace(recipe.settled().options, **options)  # type: ignore[type-var]
        self._session.set_recipe(replace(recipe, **common))

    def _show(self) -> None:
        recipe, dataset = self._session.recipe, self._session.dataset
        self._follow()
        if recipe is None or dataset is None:
            self._tell_ready()
            return
        self.beginning.show_plan(recipe)
        self.duration.show_plan(recipe, self.sizes)
        self.named.show_plan(recipe)
        self.advanced.show_plan(recipe)
        words(self.name.setPlaceholderText, partial(run_name, replace(recipe, name=""), dataset))
        if not self.name.hasFocus():
            self.name.setText(recipe.name)
        self._show_before()

    def _show_before(self) -> None:
        recipe = self._session.recipe
        if recipe is not None:
            self.before.show_plan(recipe, self.hindrances(), self._session.findings, self.sizes)
        self._tell_ready()

    def _tell_ready(self) -> None:
        self.ready_changed.emit()

    def _plan(self) -> Plan | None:
        """Return what there is to measure, with all that its cost depends on; None where it cannot be measured."""
        recipe, dataset = self._session.recipe, self._session.dataset
        if recipe is None or dataset is None or not recipe.base or recipe.problems() or absent(recipe):
            return None
        # Another device counts otherwise, and a base may be deleted or fetched meanwhile.
        bases = () if recipe.is_blank else tuple(model.folder for model in list_models())
        return dataset, replace(recipe, name=""), self._session.settings.device, bases

    def _follow(self) -> None:
        """Measure the plan soon where it is not the one that was measured. What was said of one that is quite another is taken back."""
        plan = self._plan()
        if plan == self._measured:
            return
        if plan is None or self._sized is None or not _alike(plan, self._sized):
            self.sizes = None
        self._error, self._measured = None, None
        self._show_numbers()
        if self._job is not None:
            self._job.stop()
        if plan is None:
            self._timer.stop()
        else:
            self._timer.start()

    def _on_base_chosen(self, base: str) -> None:
        recipe = self._session.recipe
        if recipe is not None:
            self._session.set_recipe(replace(recipe, base=base))
            self._tell_ready()

    def _on_recipe_chosen(self, key: str) -> None:
        """Fill the plan with a named recipe, or with what is recommended; what stood there comes back by Undo."""
        before, dataset, guess = self._session.recipe, self._session.dataset, self._session.suggestion
        if before is None or dataset is None or (before.named == key and not departures(before)):
            return
        base = guess.base if guess is not None and guess.task == before.task and not key else ""
        after = plan_of(before.task, named=key, base=base)
        if (first := first_step(key)) is not None:
            model = model_of_first(first, dataset)
            if model is None:
                self._plan_first(replace(after, roles=before.roles), first)
                return
            after = taking(after, model)
        done = tr("The plan follows the recipe “{recipe}”.", recipe=tr(title_of(key))) if key else ""
        self._put(dataset.id, after)
        self._session.did(
            done or tr("The plan is as recommended."),
            partial(self._put, dataset.id, before),
            partial(self._put, dataset.id, after),
            PLAN,
        )

    def _plan_first(self, second: Recipe, first: NamedRecipe) -> None:
        """Plan the step before a recipe, on the same texts."""
        before, after = self._session.recipe, plan_of_first(second, first)
        done = tr(
            "First “{first}” on these texts. At its end, “Continue with it” leads on to “{recipe}”.",
            first=tr(first.title),
            recipe=tr(title_of(second.named)),
        )
        self._session.set_recipe(after)
        put = self._session.set_recipe
        self._session.did(done, partial(put, before), partial(put, after), PLAN)

    def _on_run_changed(self, run: Run | None) -> None:
        """Forget how the plan was changed once a run is looked at: taken back there, it would seem to concern the run."""
        if run is not None:
            self._session.changes.forget(PLAN)

    def _put(self, dataset: str, recipe: Recipe) -> None:
        """Take a plan for the rows that are open, if they still are: their columns stay as they were chosen meanwhile."""
        now, rows = self._session.recipe, self._session.dataset
        if now is not None and rows is not None and rows.id == dataset and now.task == recipe.task:
            self._session.set_recipe(replace(recipe, roles=now.roles, name=now.name, cleaning=now.cleaning))

    def _on_named(self, name: str) -> None:
        self.take({"name": name.strip()})

    def _on_data_requested(self) -> None:
        self._session.go_to("data")

    def _measure(self) -> None:
        """Measure the plan; what an older measuring says no longer counts."""
        plan = self._plan()
        self._measured = plan
        if plan is None:
            return

        def measured(result: object) -> None:
            if self._measured is plan and isinstance(result, Sizes):
                self._on_measured(result, None)

        def failed(error: StudioError) -> None:
            if self._measured is plan:
                self._on_measured(None, error)

        arguments = {"dataset": plan[0], "recipe": plan[1]}
        self._job = self._jobs.start("measure", arguments, measured, on_error=failed, owner=self)

    def _on_measured(self, sizes: Sizes | None, error: StudioError | None) -> None:
        self.sizes, self._error = sizes, error
        self._sized = self._measured
        self._show_numbers()
        if self._session.recipe is not None:
            self.duration.show_plan(self._session.recipe, sizes)
        self._show_before()

    def _show_numbers(self) -> None:
        sizes = self.sizes
        if sizes is None:
            for key in ("parameters", "memory", "time", "runs_on"):
                self.grid.set_value(key, "–")
            return
        free = gigabytes(sizes.free_memory)
        self.grid.set_value("parameters", count_words(sizes.parameters) if sizes.parameters else "–")
        self.grid.set_value("memory", lambda: tr("{needed} of {free} GB", needed=gigabytes(sizes.memory), free=free))
        self.grid.set_value("time", lambda: span_words(sizes.seconds_low, sizes.seconds_high))
        self.grid.set_value("runs_on", lambda: device_words(sizes.device, sizes.precision))

    def _on_command_requested(self) -> None:
        recipe, dataset = self._session.recipe, self._session.dataset
        if recipe is not None and dataset is not None:
            self.advanced.take_command(command_of(recipe, dataset, self._options(dataset.id)))

    def _options(self, dataset: str) -> ReadOptions:
        kept = self._session.recall("read_options", {})
        if not isinstance(kept, dict) or dataset not in kept:
            return ReadOptions()
        return codec.from_json(ReadOptions, kept[dataset])


def _alike(plan: Plan, other: Plan) -> bool:
    """Say whether what is known of one plan may stand until the other is measured: of the same rows, and as much is learnt."""
    return plan[0] == other[0] and plan[1].task == other[1].task and plan[1].is_blank == other[1].is_blank
