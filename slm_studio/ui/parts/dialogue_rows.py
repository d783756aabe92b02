"""Dialogues in a table: what is said, instead of the JSON that it is kept in."""

from collections.abc import Callable, Sequence
from functools import partial

from slm_studio.core.dataset import Column
from slm_studio.core.messages import ASSISTANT, SYSTEM, USER
from slm_studio.core.speakers import turns_in
from slm_studio.core.texts import mark, tr
from slm_studio.ui.widgets.arrow_model import ArrowModel
from slm_studio.ui.widgets.rows_model import Cell

LONGEST = 100_000  # characters of a cell that is taken apart while somebody scrolls
NAMES = {SYSTEM: mark("System"), USER: mark("User"), ASSISTANT: mark("Assistant")}
Show = Callable[[int], Cell | None]


def shows(model: ArrowModel, columns: Sequence[Column]) -> dict[str, Show]:
    """Return what the columns that hold dialogues show of a row."""
    return {column.name: partial(_cell, model, column.name) for column in columns if column.kind == "messages"}


def whole(cell: str) -> str:
    """Return a dialogue as one reads it, a turn below the other; "" where a cell holds none."""
    return "\n".join(f"{tr(NAMES[who]) if who in NAMES else who}: {said}" for who, said in turns_in(cell))


def _cell(model: ArrowModel, column: str, row: int) -> Cell | None:
    cell = model.cell(row, column)
    turns = turns_in(cell) if len(cell) <= LONGEST else []
    return Cell(" → ".join(said for _, said in turns)) if turns else None
