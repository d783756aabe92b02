"""RunsView: all runs. Find one, go on with it, name it, note something, lay curves over each other, compare recipes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core.curves import COLUMNS, read_curves
from slm_studio.core.errors import StudioError
from slm_studio.core.knobs import knobs, written
from slm_studio.core.recipe import Recipe
from slm_studio.core.recipes import title_of
from slm_studio.core.run import Run, list_runs, recipe_of
from slm_studio.core.texts import mark, tr
from slm_studio.ui.parts.models import task_title
from slm_studio.ui.parts.run_words import base_words, day, run_score, state_words
from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.fields import LineField, SearchField
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.page import GAP
from slm_studio.ui.widgets.progress import clock
from slm_studio.ui.widgets.rows_model import Cell, Row, RowsModel
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.table import Table

if TYPE_CHECKING:
    from slm_studio.ui.widgets.chart import CurveChart

MOST_OVERLAID = 5
NAME = 100  # pixels of a run's name, and of its notes, beside the buttons at least
TICK, NO_TICK = "✓", "○"


class RunsView(QWidget):
    """Emits the run that shall be opened, resumed or repeated."""

    opened = Signal(object)  # Run
    resumed = Signal(object)  # Run
    repeated = Signal(object)  # Run
    deleted = Signal(object)  # Run
    renamed = Signal(object, object)  # Run before and after: its name or its notes

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: list[Run] = []
        self._shown: list[Run] = []
        self._ticked: list[str] = []
        self._chart: CurveChart | None = None
        self.search = SearchField("Find a run")
        self.model = RowsModel(["", mark("run"), mark("state"), mark("score"), mark("time"), mark("begun")])
        self.table = Table("Runs", row_height=52)
        self.table.setModel(self.model)
        self._build()
        self._connect()

    def refresh(self) -> None:
        """List the folder anew."""
        self._runs = list_runs()
        known = {run.id for run in self._runs}
        self._ticked = [run_id for run_id in self._ticked if run_id in known]
        self._fill()

    def retranslate(self) -> None:
        """Say states and dates in the language of now."""
        self._fill()

    def count(self) -> int:
        """Return how many runs there are."""
        return len(self._runs)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        self.list_card = Card(padding=6)
        self.table.set_style(0, "strong", width=40)
        self.table.set_style(1, "two", stretch=1.0)
        for at, style, most in ((2, "text", 200), (3, "text", 140), (4, "number", 76), (5, "muted", 150)):
            self.table.set_style(at, style, most=most)
        scaled(self.table.setMinimumHeight, 280)
        self.list_card.add(self.table, 1)
        foot = SideBySide(gap=8)
        foot.layout().setContentsMargins(8, 0, 8, 4)
        hint = Text("Tick runs to lay their curves over each other.", "muted", wrap=True)
        foot.limit(foot.add(self.search, 0), 260, 260)
        foot.add(hint, 1)
        foot.layout().setAlignment(hint, Qt.AlignmentFlag.AlignRight)
        self.list_card.add(foot)
        column.addWidget(self.list_card, 1)
        column.addWidget(self._build_one())
        self.curves = Card("Curves over each other")
        self.curves.hide()
        column.addWidget(self.curves)
        self.differences = Card("What differs")
        self.difference_model = RowsModel(())
        self.difference_table = Table("What differs", fits=True)
        self.difference_table.setModel(self.difference_model)
        self.differences.add(self.difference_table)
        self.differences.hide()
        column.addWidget(self.differences)

    def _build_one(self) -> QWidget:
        self.one = Card()
        self.name, self.notes = LineField("Name of the run"), LineField("Notes")
        self.open_button, self.resume_button = (
            Button("Open", small=True),
            Button("Resume", icon_name="play", small=True),
        )
        self.repeat_button = Button("Another like this", small=True)
        self.delete_button = Button("Move to trash", "quiet", "trash", small=True)
        row, buttons = (
            SideBySide(gap=8),
            Actions(self.open_button, self.resume_button, self.repeat_button, self.delete_button),
        )
        row.limit(row.add(self.name, 1), NAME, 240)
        row.limit(row.add(self.notes, 2), NAME)
        row.add(buttons, 0)
        self.one.add(row)
        self.one.hide()
        return self.one

    def _connect(self) -> None:
        self.search.searched.connect(self._fill)
        self.table.clicked.connect(self._on_clicked)
        self.table.row_opened.connect(self._on_row_opened)
        self.table.row_selected.connect(self._on_row_selected)
        self.name.settled.connect(self._on_named)
        self.notes.settled.connect(self._on_noted)
        self.open_button.clicked.connect(self._on_open)
        self.resume_button.clicked.connect(self._on_resume)
        self.repeat_button.clicked.connect(self._on_repeat)
        self.delete_button.clicked.connect(self._on_delete)

    def _fill(self) -> None:
        wanted = self.search.text().strip().casefold()
        current = self._current()
        self._shown = [
            run for run in self._runs if wanted in f"{run.name} {run.notes} {run.base} {run.dataset}".casefold()
        ]
        self.model.set_rows([self._row(run) for run in self._shown])
        at = next((at for at, run in enumerate(self._shown) if current and run.id == current.id), -1)
        if at >= 0:
            self.table.select(at)
        self._show_one(self._shown[at] if at >= 0 else None)
        self._overlay()

    def _row(self, run: Run) -> Row:
        what = f"{task_title(run.task).lower()} · {base_words(run.task, run.base)}"
        second = f"{what} · {run.notes}" if run.notes else what
        state = state_words(run.state)
        if run.can_resume and run.steps:
            state = tr("{state} at {step} of {steps}", state=state, step=run.step, steps=run.steps)
        tick = TICK if run.id in self._ticked else NO_TICK
        return Row((tick, Cell(run.name, second), state, run_score(run), clock(run.seconds), day(run.created)), run)

    def _current(self) -> Run | None:
        at = self.table.current_row()
        return self._shown[at] if 0 <= at < len(self._shown) else None

    def _show_one(self, run: Run | None) -> None:
        self.one.setVisible(run is not None)
        if run is None:
            return
        self.name.setText(run.name)
        self.notes.setText(run.notes)
        self.resume_button.setVisible(run.can_resume)

    def _overlay(self) -> None:
        ticked = [run for run in self._runs if run.id in self._ticked]
        self.curves.setVisible(bool(ticked))
        self.differences.setVisible(len(ticked) > 1)
        if not ticked:
            return
        if self._chart is None:
            from slm_studio.ui.widgets.chart import CurveChart  # when curves are laid over each other, and not before

            self._chart = CurveChart("loss")
            scaled(self._chart.setMinimumHeight, 260)
            self._chart.set_now(False)
            self.curves.add(self._chart)
            self.curves.set_trailing(self._chart.controls)
        self._chart.clear()
        for run in ticked:
            table = np.frombuffer(read_curves(run.path), "<f8").reshape(-1, len(COLUMNS))
            n, epoch, seconds, loss = (table[:, COLUMNS.index(name)] for name in ("n", "epoch", "seconds", "loss"))
            self._chart.add_columns(n, epoch, seconds, loss, run=run.id)
            self._chart.name_run(run.id, run.name)
        self._compare(ticked)

    def _compare(self, runs: Sequence[Run]) -> None:
        recipes = []
        for run in runs:
            try:
                recipes.append(recipe_of(run).settled())
            except (StudioError, OSError):
                return
        self.difference_model.set_headers([mark("setting"), *(_Named(run.name) for run in runs)])
        self.difference_table.clear_styles()
        for at in range(len(runs) + 1):
            self.difference_table.set_style(at, "muted" if not at else "text", stretch=1.0)
        found = differences(recipes)
        self.difference_model.set_rows([Row(row) for row in found] or [Row((tr("nothing but chance"),))])

    def _on_clicked(self, index: QModelIndex) -> None:
        if index.column() != 0:
            return
        run_id = self._shown[index.row()].id
        if run_id in self._ticked:
            self._ticked.remove(run_id)
        else:
            self._ticked = [*self._ticked, run_id][-MOST_OVERLAID:]
        self._fill()

    def _on_row_opened(self, row: int) -> None:
        self.opened.emit(self._shown[row])

    def _on_row_selected(self, row: int) -> None:
        self._show_one(self._shown[row] if 0 <= row < len(self._shown) else None)

    def _on_named(self, name: str) -> None:
        self._change(name=name.strip())

    def _on_noted(self, notes: str) -> None:
        self._change(notes=notes.strip())

    def _change(self, **changes: str) -> None:
        run = self._current()
        if (
            run is None
            or not changes.get("name", "?")
            or all(getattr(run, key) == value for key, value in changes.items())
        ):
            return
        self.renamed.emit(run, replace(run, **changes))  # type: ignore[arg-type]

    def _on_open(self) -> None:
        if run := self._current():
            self.opened.emit(run)

    def _on_resume(self) -> None:
        if run := self._current():
            self.resumed.emit(run)

    def _on_repeat(self) -> None:
        if run := self._current():
            self.repeated.emit(run)

    def _on_delete(self) -> None:
        if run := self._current():
            # Were a button left in focus, the same key would delete the run that comes up next.
            self.table.setFocus()
            self.deleted.emit(run)


class _Named:
    """A name that is the same in every language."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self) -> str:
        return self._name


def runs_words(count: int) -> str:
    """Return how many runs there are."""
    return tr("{n} {n:run|runs}", n=count)


def differences(recipes: Sequence[Recipe]) -> list[tuple[str, ...]]:
    """Return the settings in which recipes differ: name, then the value in each."""
    rows = [
        (tr("Task"), [task_title(recipe.task) for recipe in recipes]),
        (tr("Base"), [base_words(recipe.task, recipe.base) for recipe in recipes]),
        (tr("Recipe"), [tr(title_of(recipe.named)) if recipe.named else "–" for recipe in recipes]),
        *((tr(each.label), [_value(getattr(recipe, each.name)) for recipe in recipes]) for each in knobs(Recipe)),
    ]
    if len({recipe.task for recipe in recipes}) == 1:
        own = knobs(type(recipes[0].options))
        rows += [(tr(each.label), [_value(getattr(recipe.options, each.name)) for recipe in recipes]) for each in own]
    return [(name, *values) for name, values in rows if len(set(values)) > 1]


def _value(value: object) -> str:
    return "–" if value is None else written(value)
