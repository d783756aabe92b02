"""InsideSheet: the way of a text through the model, step by step: formulas, and the numbers that they gave for this text."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core.errors import StudioError
from slm_studio.core.inside import Grid, Inside, Step
from slm_studio.core.prompt import Prompt
from slm_studio.core.report import Case
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark, say, tr
from slm_studio.ui.parts.errors import ErrorBox
from slm_studio.ui.playground.answering import Answering
from slm_studio.ui.widgets.buttons import IconButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.fields import LineField
from slm_studio.ui.widgets.formula import Formula
from slm_studio.ui.widgets.heat_map import HeatMap, said
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.rows_model import Cell, Row, RowsModel
from slm_studio.ui.widgets.segmented import Segmented
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.table import Table
from slm_studio.ui.widgets.words import words

LOOKED_AT = 40  # characters of a scored row to begin with
PAUSE = 200  # milliseconds after the last key before the model is asked
ROW = 30
NUMBERS = mark("green is above zero, orange-brown below · the stronger the colour, the farther from it")
GATES = mark("the stronger the colour, the wider open")
SHARES = mark("a row shares 1 among all pieces · the stronger the colour, the more")
LEGENDS = {"numbers": NUMBERS, "gates": GATES, "shares": SHARES}
FIRST = mark("the first {shown} of {width} numbers")
SOME = mark("all {pieces} pieces are computed, {shown} are shown")
WHOLE = mark("What the model computes for this text, read off the model itself.")
PART = mark(
    "What the model computes for {read} {read:piece|pieces} of this text; {cut} more, for which it is too long, {cut:is|are} not read here."
)


class InsideSheet(Card):
    """Asks as the person types; a click on a step shows its numbers."""

    closed = Signal()

    def __init__(self, answering: Answering, parent: QWidget | None = None) -> None:
        self._close = IconButton("close", "Close")
        super().__init__("Inside", self._close, parent=parent)
        self._answering = answering
        self._inside: Inside | None = None
        self._step, self._kind = "", 0  # the key of the step, and which of its tables is shown
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._build()
        self._close.clicked.connect(self.closed)
        self._pause.timeout.connect(self._ask)
        for field in (self.text, self.second):
            field.textChanged.connect(self._pause.start)
        self.steps.row_selected.connect(self._on_step)
        self.map.cell_pointed.connect(self._on_pointed)

    def open_sheet(self, model: SavedModel, texts: Sequence[str], example: Case | None) -> None:
        """Look inside a model while it reads what stands in the playground, or else a row that it was scored on."""
        asked = model.info.shaped(model.facts).asked
        self._roles, optional = [role.name for role in asked], {role.name for role in asked if not role.needed}
        fallback = tr(model.info.example)
        typed = all(text.strip() for text in texts[: len(self._roles)])
        for field, role, text in zip((self.text, self.second), self._roles, texts, strict=False):
            scored = example.text(role)[:LOOKED_AT] if example is not None else ""
            field.setText(" ".join((text if typed or role in optional else scored or fallback).split("\n")))
        self.second.setVisible(len(self._roles) > 1)
        self._step, self._kind = "", 0
        self.row.hide()
        self.waiting.show()
        self.problem.clear()
        self._pause.stop()
        self._ask()
        self.text.setFocus()

    def retranslate(self) -> None:
        """Say again what is shown."""
        if self._inside is not None:
            self._show(self._inside)

    def _build(self) -> None:
        self._roles: list[str] = []
        self.about = Text(WHOLE, "muted", wrap=True)
        self.text = LineField(name="Text to look at")
        self.second = LineField(name="Second text")
        self.problem = ErrorBox(closable=False)
        self.waiting = Text("The model is being opened.", "muted")
        for widget in (self.about, self.text, self.second, self.problem, self.waiting):
            self.add(widget)
        self.row = SideBySide(gap=24)
        self.steps = Table("Steps", row_height=ROW)
        self.steps.horizontalHeader().hide()
        self.steps_model = RowsModel((mark("step"),), self.steps)
        self.steps.setModel(self.steps_model)
        self.steps.set_style(0, "text", stretch=1)
        self.steps.setMinimumHeight(ROW * 8)
        self.row.limit(self.row.add(self.steps, 2), 190, 260)
        self.row.add(self._build_step(), 7)
        self.add(self.row, 1)
        self.row.hide()
        self.body.addStretch(0)

    def _build_step(self) -> QWidget:
        side = QWidget()
        column = self._side = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self.title, self.says, self.formula = Text("", "heading"), Text("", wrap=True), Formula()
        self.chooser = Segmented((), kind="pills", wraps=True)
        self.map, self.legend = HeatMap(), Text("", "muted", wrap=True)
        words(self.map.setAccessibleName, "Numbers of this step")
        self.answers = Table("Answers", fits=True, row_height=ROW)
        self.answers_model = RowsModel((mark("answer"), mark("output"), mark("model says")), self.answers)
        self.answers.setModel(self.answers_model)
        for at, (style, stretch) in enumerate((("text", 3.0), ("number", 1.0), ("bar", 2.0))):
            self.answers.set_style(at, style, stretch=stretch)
        for widget in (self.title, self.says, self.formula, self.chooser, self.map, self.answers, self.legend):
            column.addWidget(widget)
        column.addStretch(1)
        return side

    def _prompt(self) -> Prompt:
        texts = (self.text.text(), self.second.text())
        return dict(zip(self._roles, texts, strict=False))

    def _ask(self) -> None:
        prompt = self._prompt()
        if all(str(cell).strip() for cell in prompt.values()):
            self._answering.inquire("look_inside", {"prompt": prompt, "step": self._step}, self._on_told)

    def _on_told(self, told: object) -> None:
        self.waiting.hide()
        if isinstance(told, Inside):
            self.problem.clear()
            self.row.show()
            self._show(told)
        elif isinstance(told, StudioError) and told.code == "no-such-step" and self._step:
            self._step = ""  # of another model
            self._ask()
        elif isinstance(told, StudioError):
            self.row.hide()
            self.problem.show_error(told)

    def _show(self, inside: Inside) -> None:
        self._inside, self._step = inside, inside.step
        at = next(at for at, step in enumerate(inside.steps) if step.key == inside.step)
        self.steps.blockSignals(True)
        self.steps_model.set_rows([Row([say(step.title, step.values)], step.key) for step in inside.steps])
        if self.steps.current_row() != at:
            self.steps.select(at)
        self.steps.blockSignals(False)
        self.about.set_words(PART if inside.cut else WHOLE, read=inside.read, cut=inside.cut)
        self._show_step(inside.steps[at])
        self._offer(inside.grids)
        self._show_grid(min(self._kind, len(inside.grids) - 1))

    def _show_step(self, step: Step) -> None:
        self.title.set_words(partial(say, step.title, step.values))
        self.says.set_words(partial(say, step.about, step.values))
        self.formula.set_lines(step.formula)

    def _offer(self, grids: tuple[Grid, ...]) -> None:
        """Offer the tables of this step. A new row of pills: one that stands cannot have others."""
        before = self.chooser
        self.chooser = Segmented(
            [(str(at), partial(say, grid.title, grid.values)) for at, grid in enumerate(grids)],
            str(min(self._kind, len(grids) - 1)),
            kind="pills",
            wraps=True,
            name="What is shown of this step",
        )
        self.chooser.setVisible(len(grids) > 1)
        self.chooser.chosen.connect(self._on_grid)
        self._side.replaceWidget(before, self.chooser)
        before.deleteLater()

    def _show_grid(self, at: int) -> None:
        assert self._inside is not None
        grid = self._inside.grids[at]
        is_answer = grid.kind == "chances"
        self.map.setVisible(not is_answer)
        self.answers.setVisible(is_answer)
        self.legend.set_words(partial(legend_of, grid))
        if is_answer:
            self.answers_model.set_rows([_answer(*row) for row in zip(grid.rows, grid.cells, strict=True)])
        else:
            self.map.set_cells(grid.rows, grid.columns, grid.cells, 1.0 if grid.kind == "gates" else 0.0)

    def _on_step(self, at: object) -> None:
        if self._inside is None or not isinstance(at, int) or not 0 <= at < len(self._inside.steps):
            return
        if (key := self._inside.steps[at].key) != self._step:
            # From layer to layer the same head stays in view; another kind of step begins with its first table.
            same = key.partition("-")[0] == self._step.partition("-")[0]
            self._step, self._kind = key, self._kind if same else 0
            self._ask()

    def _on_grid(self, key: str) -> None:
        self._kind = int(key)
        self._show_grid(self._kind)

    def _on_pointed(self, told: str) -> None:
        if self._inside is not None and told:
            self.legend.set_words("{cell}", cell=told)
        elif self._inside is not None:
            self.legend.set_words(partial(legend_of, self._inside.grids[min(self._kind, len(self._inside.grids) - 1)]))


def legend_of(grid: Grid) -> str:
    """Return how a table is to be read."""
    if grid.kind == "chances":
        return ""
    shown = len(grid.cells[0]) if grid.cells else 0
    first = tr(FIRST, shown=shown, width=grid.width) if shown < grid.width and not grid.columns else ""
    pieces = shown if grid.columns else len(grid.rows)  # of attention both are
    some = tr(SOME, shown=pieces, pieces=grid.pieces) if pieces < grid.pieces else ""
    return " · ".join(
        part for part in (some, first, tr(grid.reads) if grid.reads else "", tr(LEGENDS[grid.kind])) if part
    )


def _answer(name: str, cells: tuple[float, ...]) -> Row:
    output, answer = cells
    is_share = 0 <= answer <= 1
    return Row([name, said(output), Cell(f"{answer:.2f}", share=answer) if is_share else said(answer)], name)
