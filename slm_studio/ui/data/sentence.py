"""SentenceRow: what will be learnt, as a sentence whose words are menus. “Learn to [classify ▾] [text ▾] into 77 values of [category ▾]”"""

import re
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from slm_studio.core.dataset import Column, Dataset, distinct_values
from slm_studio.core.errors import fill, show
from slm_studio.core.knobs import knobs
from slm_studio.core.recipe import Recipe, answer_column, info_of_recipe, target_of
from slm_studio.core.results import Suggestion
from slm_studio.core.tasks import Role, all_tasks, task_info
from slm_studio.core.texts import mark, tr
from slm_studio.ui.data.runners_up import RunnersUp
from slm_studio.ui.widgets.buttons import ElidedButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.fields import Choice
from slm_studio.ui.widgets.flow import Flow
from slm_studio.ui.widgets.labels import Text, tip
from slm_studio.ui.widgets.scaling import scaled

COUNTED = "_values"  # the end of a hole that stands for how many different values a role's column has
TARGET, AUTO = "target", "auto"  # the knob that says what the answers are, and its value that leaves it to the column
MORE = "_more"  # the choice that adds a column which may be left out
NEW = object()  # the choice of a column that is still to be made, whatever others are called
BY_HAND = ("label", "tags")  # how the cells are read that one fills in the table
_HOLES = re.compile(r"\{([a-z_]+)\}")
_NUMBERED = re.compile(r"\{[a-z_]+:[^{}]*\}")
_NUMBER = re.compile(r"^\s*[-+]?[\d.,]+\s*%?\s*$")


class SentenceRow(Card):
    """Shows task and roles of a recipe; emits what the person makes of them."""

    task_chosen = Signal(str)
    role_chosen = Signal(str, str)  # role, column; "" leaves it out
    column_wanted = Signal(str)  # the role that a new column shall play
    target_chosen = Signal(str)  # what the answers are; “auto” leaves it to their column
    split_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(padding=12, parent=parent)
        self._dataset: Dataset | None = None
        self._recipe: Recipe | None = None
        self._suggestion: Suggestion | None = None
        self._shown = ""
        self._of: tuple[str, str] = ("", "")  # the dataset and the task that are shown
        self._asked_for: set[str] = set()  # roles that may be left out, and that the person wants to fill
        self.choices: dict[str, Choice] = {}
        self._holder = QWidget()
        self._flow = Flow(self._holder, gap=10)
        self.split = ElidedButton(kind="facts", small=True)
        self.split.clicked.connect(self.split_clicked)
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._line.setSpacing(8)
        self._line.addWidget(self._holder, 1)
        self._line.addWidget(self.split, 0, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        self.body.addLayout(self._line)
        self.runners_up = RunnersUp()
        self.runners_up.chosen.connect(self.role_chosen)
        self.add(self.runners_up)

    def show_plan(self, dataset: Dataset, recipe: Recipe, suggestion: Suggestion | None = None) -> None:
        """Say what `recipe` would learn from `dataset`, and what `suggestion` has to add."""
        self._dataset, self._recipe, self._suggestion = dataset, recipe, suggestion
        self._fill()

    def retranslate(self) -> None:
        """Say it in the language of now."""
        self._shown = ""
        self._fill()

    def text(self) -> str:
        """Return the sentence as it reads."""
        items = (self._flow.itemAt(at).widget() for at in range(self._flow.count()))  # type: ignore[union-attr]
        return " ".join(each.currentText() if isinstance(each, Choice) else each.text() for each in items)  # type: ignore[union-attr]

    def _fill(self) -> None:
        if self._dataset is None or self._recipe is None:
            return
        if self._of != (of := (self._dataset.source, self._recipe.task)):
            self._of, self._asked_for = of, set()
        plan = (self._dataset.id, self._recipe.task, self._recipe.roles, self._chosen_target())
        shown = repr((plan, self._suggestion, self._asked_for))
        if shown == self._shown:
            return
        self._shown = shown
        self._flow.clear()
        self.choices.clear()
        for words, hole in _pieces(self._in_number(tr(info_of_recipe(self._recipe, self._dataset).sentence))):
            self._add_piece(words, hole)
        self._add_target()
        further = [role for role in task_info(self._recipe.task).roles if role.name not in self.choices]
        for role in filter(self._is_wanted, further):
            title = _word(f"{tr(role.title)}:")
            self._flow.addWidget(title)
            self._flow.tie(title)
            self._add_role(role)
        if others := [role for role in further if not self._is_wanted(role)]:
            self._add_choice(MORE, [("", mark("more columns")), *((role.name, role.title) for role in others)], "")
        self.runners_up.show_plan(self._dataset, self._recipe, self._suggestion)
        self._fit()

    def _in_number(self, sentence: str) -> str:
        """Return the sentence with the words that follow a number as that number has them: 1 value, 2 values."""
        assert self._dataset is not None and self._recipe is not None
        roles = task_info(self._recipe.task).roles
        columns = {role.name + COUNTED: self._recipe.roles.get(role.name, "") for role in roles}
        counts = {name: distinct_values(self._dataset, column) for name, column in columns.items()}
        return _NUMBERED.sub(lambda found: fill(found[0], counts), sentence)

    def _is_wanted(self, role: Role) -> bool:
        """Say whether a role has its place in the sentence: it has a column, needs one, or somebody asked for it."""
        assert self._recipe is not None
        info = task_info(self._recipe.task)
        lacks = bool(info.missing(self._recipe.chosen)) and any(role.name in way for way in info.enough)
        return role.needed or lacks or role.name in self._recipe.chosen or role.name in self._asked_for

    def _chosen_target(self) -> str:
        """Return what the person said that the answers are; "" where the task has one kind of them only."""
        assert self._recipe is not None
        return str(getattr(self._recipe.options, TARGET, AUTO)) if task_info(self._recipe.task).targets else ""

    def _add_target(self) -> None:
        """Add what the answers are, where that could be taken otherwise: what was found out, and the other kinds."""
        assert self._dataset is not None and self._recipe is not None
        chosen, column = self._chosen_target(), answer_column(self._recipe, self._dataset)
        if not chosen or column is None or (chosen == AUTO and is_plain(column)):
            return
        options = self._recipe.options or task_info(self._recipe.task).options()
        choices = next(each.choices for each in knobs(type(options)) if each.name == TARGET)
        found = choices[target_of(replace(self._recipe, options=replace(options, **{TARGET: AUTO})), self._dataset)]  # type: ignore[type-var]
        kinds: list[tuple[object, object]] = [(AUTO, lambda: tr("automatic: {kind}", kind=tr(found).lower()))]
        kinds += [(key, partial(_lower, words)) for key, words in choices.items() if key != AUTO]
        self._add_choice(TARGET, kinds, chosen)

    def _add_piece(self, words: str, hole: str) -> None:
        assert self._dataset is not None and self._recipe is not None
        if words.strip():
            self._flow.addWidget(_word(words.strip()))
        roles = {role.name: role for role in task_info(self._recipe.task).roles}
        if hole == "task":
            self._add_choice(
                "task", [(info.key, partial(_lower, info.title)) for info in all_tasks()], self._recipe.task
            )
        elif hole.endswith(COUNTED):
            column = self._recipe.roles.get(hole.removesuffix(COUNTED), "")
            self._flow.addWidget(_word(show(distinct_values(self._dataset, column)) if column else "…"))
        elif hole in roles:
            self._add_role(roles[hole])

    def _add_role(self, role: Role) -> None:
        assert self._dataset is not None and self._recipe is not None
        names = [column.name for column in self._dataset.columns]
        current = self._recipe.roles.get(role.name, "")
        options: list[tuple[object, object]] = [(name, partial(str, name)) for name in names]
        if current not in names:
            options.insert(0, ("", mark("choose a column")))
        elif not role.needed:
            options.insert(0, ("", mark("no column")))
        if not role.asked and not role.weighs and role.reads in BY_HAND:
            options.append((NEW, mark("a new column, to fill by hand")))
        self._add_choice(role.name, options, current)
        tip(self.choices[role.name], role.help)

    def _add_choice(self, key: str, options: list, current: str) -> None:  # type: ignore[type-arg]
        choice = Choice(name=key, strong=key == "task", tight=True)
        choice.set_options(options, current)
        choice.chosen.connect(partial(self._on_chosen, key))
        self.choices[key] = choice
        self._flow.addWidget(choice)

    def _on_chosen(self, key: str, value: object) -> None:
        if key == "task":
            self.task_chosen.emit(str(value))
        elif key == TARGET:
            self.target_chosen.emit(str(value))
        elif key == MORE:
            self._asked_for.add(str(value))
            self._fill()
            if str(value) in self.choices:
                self.choices[str(value)].setFocus()
        elif value is NEW:
            self.choices[key].choose(self._recipe.roles.get(key, "") if self._recipe else "")  # until it is there
            self.column_wanted.emit(key)
        else:
            self.role_chosen.emit(key, str(value))

    def _fit(self) -> None:
        """Put the split below the sentence where both do not fit on one line."""
        items = [self._flow.itemAt(at) for at in range(self._flow.count())]
        needed = sum(item.sizeHint().width() + 10 for item in items if item is not None)
        wide = self.width() - 40 >= needed + self.split.sizeHint().width()
        direction = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if direction != self._line.direction():
            self._line.setDirection(direction)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()


def is_plain(column: Column) -> bool:
    """Say whether a column can hold nothing but one label a row: no numbers, no several of them in a cell."""
    return not column.joins and not column.measures and not all(map(_NUMBER.match, column.examples))


def _pieces(sentence: str) -> list[tuple[str, str]]:
    """Cut a template at its holes. Example: "Learn to {task} like {text}" → [("Learn to ", "task"), (" like ", "text")]"""
    parts = _HOLES.split(sentence)
    return [(parts[at], parts[at + 1] if at + 1 < len(parts) else "") for at in range(0, len(parts), 2)]


def _word(words: str) -> Text:
    label = Text("{words}", words=words)
    scaled(label.setFixedHeight, 34)
    label.setAlignment(Qt.AlignmentFlag.AlignVCenter)
    return label


def _lower(title: str) -> str:
    return tr(title).lower()
