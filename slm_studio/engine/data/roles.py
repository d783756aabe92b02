"""Roles: which column holds the texts, and which could be the label; the best first."""

from collections.abc import Mapping, Sequence

from slm_studio.core.dataset import Column, Dataset
from slm_studio.core.prompt import read_cell
from slm_studio.engine.data import names
from slm_studio.engine.data.prose import Prose, prose_of
from slm_studio.engine.data.several import are_lists_of_one, joined_labels

# What can be a text, best first. Dates, times, numbers and ids never are; an address is where there is nothing else.
TEXT_KINDS = {"text": 0, "label": 2, "list": 3, "words": 3, "messages": 3, "address": 4}
LINES = 0  # a list of lines that are prose is as good as a text
LABEL_KINDS = ("label", "number", "list", "text")
HARDLY_FILLED = 3  # a column with less than a third of its cells filled is hardly the text
ROWS_A_LABEL = 4  # that names and other single words need, to be more than a list of pairs


def text_columns(dataset: Dataset, cells: Mapping[str, Sequence[str]], *, answers: bool = False) -> list[Column]:
    """Return the columns that could hold the texts, the best first; of an instruction and its answer, where
    `answers`, the answer first (a model that writes learns from that)."""
    found = [column for column in dataset.columns if column.filled and column.kind in TEXT_KINDS]
    return sorted(found, key=lambda column: _text_cost(column, dataset.rows, cells.get(column.name, ()), answers))


def label_columns(dataset: Dataset, cells: Mapping[str, Sequence[str]], text: Column | None) -> list[Column]:
    """Return the columns that could be the label of `text`, the surest names first."""
    prose = prose_of(cells.get(text.name, ())) if text is not None else Prose.NONE
    found = [
        column for column in dataset.columns
        if column != text and _may_be_label(column, dataset.rows, cells.get(column.name, ()), prose)
    ]  # fmt: skip
    return sorted(found, key=_label_cost)


def name_tier(column: Column) -> int:
    """Return what a label column's name says: 0 it is the label, 1 nothing certain, 2 it is so only where none else is."""
    own = names.folded(column.name)
    if own in names.SURE_LABEL_NAMES:
        return 0
    return 2 if own in names.HARDLY_LABEL_NAMES else 1


def is_sparse(column: Column, rows: int) -> bool:
    """Say whether a column is empty in most rows, so that little could be learnt from it."""
    return column.filled * HARDLY_FILLED < rows


def _text_cost(column: Column, rows: int, cells: Sequence[str], answers: bool) -> tuple[float, ...]:
    length = sum(map(len, cells)) / max(1, len(cells))
    hardly = is_sparse(column, rows) or (rows > 1 and column.distinct < 2)
    texts = [str(read_cell(cell, "lines")) for cell in cells] if column.kind == "list" else cells
    prose = prose_of(texts)
    order = LINES if column.kind == "list" and prose == Prose.MOST else TEXT_KINDS[column.kind]
    # Only short, repeated values: names are told apart by their nationality, not the other way round.
    if column.kind == "label":
        return (hardly, order, -column.distinct, -length)
    place = min(names.rank(column.name, names.TEXT_NAMES), names.STRONG)  # “title” or “input” count less than length
    if answers and place == names.STRONG and names.folded(column.name) in names.ANSWER_NAMES:
        place -= 1
    return (hardly, order, prose == Prose.NONE, place, -prose, -length)


def _may_be_label(column: Column, rows: int, cells: Sequence[str], prose: Prose) -> bool:
    own, named = names.folded(column.name), names.is_label(column.name)
    if not column.filled or column.kind not in LABEL_KINDS:
        return False
    if own in (*names.SPLIT_NAMES, *names.TEXT_NAMES) and not named:
        return False
    if names.is_beside(column.name) and not named:
        return False
    if name_tier(column) and is_sparse(column, rows):
        return False
    if joined_labels(cells) is not None:
        return True
    if column.kind != "label" and not are_lists_of_one(cells):
        return False
    if named:
        return True
    most = 0.8 * rows if prose else rows / ROWS_A_LABEL
    return 2 <= column.distinct <= max(2, int(most))


def _label_cost(column: Column) -> tuple[bool, int, int]:
    return (column.distinct < 2, name_tier(column), names.rank(column.name, names.LABEL_NAMES))
