"""Setup: the three questions in plain words, what the answers cost, and what to know before Start."""

from dataclasses import replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from slm_studio.core import codec
from slm_studio.core.dataset import ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.knobs import knobs
from slm_studio.core.recipe import Recipe
from slm_studio.core.results import Sizes
from slm_studio.core.tasks import task_info
from slm_studio.core.texts import mark, tr
from slm_studio.ui.jobs import JobHandle, Jobs
from slm_studio.ui.session import Session
from slm_studio.ui.train.advanced import Advanced
from slm_studio.ui.train.before import BeforeCard
from slm_studio.ui.train.beginning import BeginningCard
from slm_studio.ui.train.command import command_of
from slm_studio.ui.train.duration import DurationCard
from slm_studio.ui.train.wording import count_words, device_words, gigabytes, span_words
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.fields import LineField
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.page import GAP
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.stat import StatGrid

PAUSE = 300  # milliseconds after the last change before the plan is measured again


class Setup(QWidget):
    """Shows the session's recipe and changes it. `ready_changed` says whether Start makes sense."""

    ready_changed = Signal(bool)

    def __init__(self, session: Session, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._job: JobHandle | None = None
        self._measured: Recipe | None = None
        self.sizes: Sizes | None = None
        self._error: StudioError | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self.beginning, self.duration, self.before, self.advanced = (
            BeginningCard(),
            DurationCard(),
            BeforeCard(),
            Advanced(),
        )
        self.name = LineField("Name of the model")
        self._build()
        self._connect()
        self._show()

    def is_ready(self) -> bool:
        """Say whether the plan can be started."""
        recipe = self._session.recipe
        if recipe is None or self._session.dataset is None or self.beginning.is_waiting() or not recipe.base:
            return False
        hopeless = any(finding.serious for finding in self._session.findings)
        return not (recipe.problems() or self.advanced.has_problem() or hopeless or self._error)

    def settled_sizes(self) -> Sizes | None:
        """Return what the plan costs as it stands; None while a change of it is still being measured."""
        return self.sizes if self._measured == self._session.recipe else None

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
        row.add(self.duration, 3)
        row.add(self.numbers, 2)
        column.addWidget(row)
        label: QLabel = Text("Name", "muted")
        self.name.setFixedWidth(220)
        self.before.head.addWidget(label, 0, Qt.AlignmentFlag.AlignVCenter)
        self.before.set_trailing(self.name)
        column.addWidget(self.before)
        column.addWidget(self.advanced)
        column.addStretch(1)

    def _connect(self) -> None:
        session = self._session
        session.recipe_changed.connect(self._show)
        session.dataset_changed.connect(self._on_dataset_changed)
        session.findings_changed.connect(self._show_before)
        session.models_changed.connect(self._show)
        self.beginning.base_chosen.connect(self._on_base_chosen)
        self.duration.chosen.connect(self.take)
        self.before.knobs_chosen.connect(self.take)
        self.before.data_requested.connect(self._on_data_requested)
        self.advanced.changed.connect(self.take)
        self.advanced.problem_changed.connect(self._tell_ready)
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
        if recipe is None or dataset is None:
            self._tell_ready()
            return
        if recipe != self._measured:
            self._timer.start()
        self.beginning.show_plan(recipe)
        self.duration.show_plan(recipe, self.sizes)
        self.advanced.show_plan(recipe)
        self.name.setPlaceholderText(dataset.title)
        if not self.name.hasFocus():
            self.name.setText(recipe.name)
        self._show_before()

    def _show_before(self) -> None:
        recipe = self._session.recipe
        if recipe is not None:
            self.before.show_plan(recipe, recipe.problems(), self._session.findings, self.sizes, self._error)
        self._tell_ready()

    def _tell_ready(self) -> None:
        self.ready_changed.emit(self.is_ready())

    def _on_dataset_changed(self) -> None:
        self.sizes, self._error, self._measured = None, None, None
        self._show_numbers()

    def _on_base_chosen(self, base: str) -> None:
        recipe = self._session.recipe
        if recipe is not None:
            self._session.set_recipe(replace(recipe, base=base))
            self._tell_ready()

    def _on_named(self, name: str) -> None:
        self.take({"name": name.strip()})

    def _on_data_requested(self) -> None:
        self._session.go_to("data")

    def _measure(self) -> None:
        """Measure the plan; an older measuring is stopped, and what it says no longer counts."""
        recipe, dataset = self._session.recipe, self._session.dataset
        if self._job is not None:
            self._job.stop()
        if recipe is None or dataset is None or recipe.problems() or not recipe.base:
            return
        self._measured = recipe

        def measured(result: object) -> None:
            if self._measured is recipe and isinstance(result, Sizes):
                self._on_measured(result, None)

        def failed(error: StudioError) -> None:
            if self._measured is recipe:
                self._on_measured(None, error)

        self._job = self._jobs.start(
            "measure", {"dataset": dataset, "recipe": recipe}, measured, on_error=failed, owner=self
        )

    def _on_measured(self, sizes: Sizes | None, error: StudioError | None) -> None:
        self.sizes, self._error = sizes, error
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
            self.advanced.copied(command_of(recipe, dataset, self._options(dataset.id)))

    def _options(self, dataset: str) -> ReadOptions:
        kept = self._session.recall("read_options", {})
        if not isinstance(kept, dict) or dataset not in kept:
            return ReadOptions()
        return codec.from_json(ReadOptions, kept[dataset])
