"""LibraryCard: the person's models in a table."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from slm_studio.core.measures import measure
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark, tr
from slm_studio.ui.parts.models import bytes_words, shape_words, task_title, weight_bytes
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.rows_model import Cell, Row, RowsModel
from slm_studio.ui.widgets.table import Table

NAME, SCORE, SIZE, OPEN = range(4)


class LibraryCard(Card):
    """Shows models; says which one is chosen, and which one shall be opened."""

    chosen = Signal(object)  # SavedModel
    opened = Signal(object)  # SavedModel

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(padding=6, parent=parent)
        self._models: list[SavedModel] = []
        self.table = Table("My models", row_height=52, fits=True)
        self.rows = RowsModel((mark("model"), mark("score"), mark("size"), ""), self)
        self.table.setModel(self.rows)
        self.table.set_style(NAME, "two", stretch=1.0)
        self.table.set_style(SCORE, "two", most=112)
        self.table.set_style(SIZE, "muted", width=80, spare=True)
        self.table.set_style(OPEN, "action", width=84)
        self.add(self.table)
        self.table.row_selected.connect(self._on_row_selected)
        self.table.row_opened.connect(self._on_row_opened)
        self.table.action_clicked.connect(self._on_row_opened)

    def show_models(self, models: Sequence[SavedModel], current: SavedModel | None) -> None:
        """Show models and select one of them."""
        self._models = list(models)
        self._fill()
        folders = [model.folder for model in models]
        if current is not None and current.folder in folders:
            self.table.select(folders.index(current.folder))

    def retranslate(self) -> None:
        """Say it in the language of now."""
        selected = self.table.current_row()
        self._fill()
        if 0 <= selected < len(self._models):
            self.table.select(selected)

    def _fill(self) -> None:
        self.rows.set_rows(
            [
                Row((Cell(model.name, _second(model)), score_cell(model), _size(model), tr("Open")), model)
                for model in self._models
            ]
        )

    def _on_row_selected(self, row: int) -> None:
        if 0 <= row < len(self._models):
            self.chosen.emit(self._models[row])

    def _on_row_opened(self, row: int) -> None:
        if 0 <= row < len(self._models):
            self.opened.emit(self._models[row])


def score_cell(model: SavedModel) -> Cell:
    """Return a model's leading score over what it measures: from task to task that is another thing. Example: 0.912, accuracy"""
    if not model.task:
        return Cell(tr("a base"))
    key = model.info.compared
    if key not in model.metrics:
        return Cell("–")
    return Cell(measure(key).written(model.metrics[key]), measure(key).name)


def _second(model: SavedModel) -> str:
    parts = [task_title(model.task).lower(), shape_words(model), _day(model.created)]
    if model.origin.startswith("hub:"):
        parts.append(model.origin.removeprefix("hub:").partition("@")[0])
    return " · ".join(part for part in parts if part)


def _day(created: str) -> str:
    try:
        day = datetime.fromisoformat(created).astimezone()
    except ValueError:
        return ""
    return day.strftime("%m-%d" if day.year == datetime.now().astimezone().year else "%Y-%m-%d")


def _size(model: SavedModel) -> str:
    return bytes_words(weight_bytes(Path(model.folder)))
