"""Lists of texts in a table: the lines of a poem, candidates to choose from, instead of the JSON that they are kept in."""

from collections.abc import Sequence
from functools import partial

from slm_studio.core.dataset import Column
from slm_studio.core.prompt import read_cell
from slm_studio.ui.parts.dialogue_rows import LONGEST, Show
from slm_studio.ui.widgets.arrow_model import ArrowModel
from slm_studio.ui.widgets.rows_model import Cell

BETWEEN = " / "


def shows(model: ArrowModel, columns: Sequence[Column]) -> dict[str, Show]:
    """Return what the columns that hold lists show of a row: their texts, one behind the other."""
    return {column.name: partial(_cell, model, column.name) for column in columns if column.kind == "list"}


def whole(cell: str) -> str:
    """Return a list as one reads it, a text below the other; a cell that is none stays as it is."""
    return str(read_cell(cell, "lines"))


def _cell(model: ArrowModel, column: str, row: int) -> Cell | None:
    cell = model.cell(row, column)
    text = whole(cell) if len(cell) <= LONGEST else cell
    return None if text == cell else Cell(BETWEEN.join(text.split("\n")))
