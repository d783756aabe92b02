"""Advanced: every knob of the recipe and of its task, folded, with what is recommended in the empty fields."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from slm_studio.core.knobs import knobs, written
from slm_studio.core.recipe import Recipe
from slm_studio.core.saved import list_models
from slm_studio.core.tasks import all_tasks
from slm_studio.core.texts import tr
from slm_studio.ui.parts.forms import KnobForm
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.copying import clipboard
from slm_studio.ui.widgets.emptying import empty
from slm_studio.ui.widgets.fold import Fold
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.words import Words

REST = 1500  # milliseconds that “Copied” stays
FIRST = ("learning_rate", "batch", "epochs", "max_length", "dropout", "seed")  # the order in which people ask


class Advanced(Fold):
    """Emits all changed values: knobs of Recipe, and those of the task's options, by name."""

    changed = Signal(object)  # dict[str, object]
    problem_changed = Signal(bool)
    command_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self.copy_button = Button("Copy as command", small=True)
        super().__init__("Advanced", trailing=self.copy_button, parent=parent)
        self._built: tuple[str, ...] = ()  # task and knobs left out, for which the fields were made
        self.common: KnobForm | None = None
        self.own: KnobForm | None = None
        self._recipe: Recipe | None = None
        self._is_telling = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REST)
        self._timer.timeout.connect(self._on_rested)
        self.copy_button.clicked.connect(self.command_requested)
        self.opened.connect(self._on_opened)

    def show_plan(self, recipe: Recipe) -> None:
        """Show the knobs of a recipe."""
        self._recipe = recipe
        self.set_summary(lambda: summary(recipe))
        if self.is_open() or self.common is not None:  # what was wrong in another plan's fields must not stay
            self._fill()

    def has_problem(self) -> bool:
        """Say whether a field holds what cannot be."""
        return any(form is not None and form.has_problem() for form in (self.common, self.own))

    def take_command(self, command: str) -> None:
        """Put the command on the clipboard and say so for a moment."""
        clipboard(command)
        self.copy_button.set_words("Copied")
        self._timer.start()

    def _on_opened(self) -> None:
        self._fill()

    def _fill(self) -> None:
        assert self._recipe is not None
        recipe, settled = self._recipe, self._recipe.settled()
        if self._built != (recipe.task, *recipe.unused):
            self._build(recipe)
        assert self.common is not None
        common = {each.name: getattr(settled, each.name) for each in knobs(Recipe)}
        self.common.set_placeholders(common)
        if self._is_telling:
            return  # the person is typing: what stands there is the newest
        self.common.set_values({each.name: getattr(recipe, each.name) for each in knobs(Recipe)})
        if self.own is not None:
            self.own.set_values(
                {each.name: getattr(settled.options, each.name) for each in knobs(type(settled.options))}
            )

    def _build(self, recipe: Recipe) -> None:
        empty(self.body)
        self._built = (recipe.task, *recipe.unused)
        options = type(recipe.settled().options)
        self.common = KnobForm(Recipe, names=_names(recipe), columns=3)
        own = [each.name for each in knobs(options) if each.name not in recipe.unused]
        self.own = KnobForm(options, names=own, columns=3) if own else None
        for each in knobs(options):
            if each.models and each.name in own and self.own is not None:
                self.own.field(each.name).offer([("", "None"), *_models(each.models)])
        for form in (self.own, self.common):
            if form is None:
                continue
            form.changed.connect(self._on_changed)
            form.problem_changed.connect(self.problem_changed)
        if self.own is not None:
            self.add(Text("Of this task", "strong"))
            self.add(self.own)
        self.add(Text("Of every training", "strong"))
        self.add(self.common)

    def _on_changed(self, values: object) -> None:
        self._is_telling = True
        self.changed.emit(values)
        self._is_telling = False

    def _on_rested(self) -> None:
        self.copy_button.set_words("Copy as command")


def _models(answers: str) -> list[tuple[object, Words]]:
    """Return the person's models that answer in a way: the folder's name, and what they are called."""
    able = {info.key for info in all_tasks() if info.answers == answers}
    return [(Path(each.folder).name, partial(str, each.name)) for each in list_models() if each.task in able]


def summary(recipe: Recipe, most: int = 5) -> str:
    """Return the settings that count in one line. Example: “learning_rate 0.003 · batch 32 · 14 more”"""
    settled = recipe.settled()
    names = _names(recipe)
    shown = [(name, getattr(settled, name)) for name in names]
    parts = [f"{name} {written(value)}" for name, value in shown if value is not None]
    own = [each for each in knobs(type(settled.options)) if each.name not in recipe.unused]
    more = len(names) + len(own) - most
    return " · ".join([*parts[:most], tr("{n} more", n=more)])


def _names(recipe: Recipe) -> list[str]:
    """Return the knobs that mean something for a recipe, in the order in which people ask for them."""
    names = [each.name for each in knobs(Recipe)]
    ordered = [*FIRST, *(name for name in names if name not in FIRST)]
    return [name for name in ordered if name not in recipe.unused]
