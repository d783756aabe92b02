"""Columns: what each one holds, judged by its cells, and what task they suggest."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from slm_studio.core.dataset import Column, Dataset, Kind
from slm_studio.core.events import Event, Finished
from slm_studio.core.results import Suggestion
from slm_studio.core.tasks import task_info
from slm_studio.core.texts import mark
from slm_studio.engine.data import names
from slm_studio.engine.data.table import read_batches

SAMPLE = 4000  # cells that decide a column's kind
MOST_DISTINCT = 10_000
MOST_LABELS = 1000
EXAMPLES, EXAMPLE_LENGTH = 3, 200
SHORT = 40  # characters of a label, on average
_NUMBER = re.compile(r"^\s*[+-]?(\d+([.,]\d+)*|\.\d+)([eE][+-]?\d+)?\s*%?\s*$")
_WHOLE = re.compile(r"^\s*[+-]?\d+(\.0+)?\s*$")
_CODE = re.compile(r"^[\w\-:/.#]*\d[\w\-:/.#]*$|^[0-9a-fA-F\-]{16,}$|^https?://\S+$")
_WORD = re.compile(r"^[^\s，。！？]+$")
_TAG = re.compile(r"^([BIOESLUM]-\S+|O)$")


def look_at_columns(path: Path, rows: int) -> tuple[Column, ...]:
    """Return what can be said of each column of an Arrow file, read batch by batch (mapped, it would fill the memory)."""
    looks: dict[str, _Looking] = {}
    step, before = max(1, -(-rows // SAMPLE)), 0
    for batch in read_batches(path):
        places = pa.array(
            range(-before % step, batch.num_rows, step), pa.int64()
        )  # every step-th row of the whole file
        for name, cells in zip(batch.schema.names, batch.columns, strict=True):
            looks.setdefault(name, _Looking(name=name)).take_in(cells, places)
        before += batch.num_rows
    return tuple(look.column() for look in looks.values())


@dataclass(slots=True)
class _Looking:
    """What is known of a column so far."""

    name: str
    filled: int = 0
    seen: set[str] = field(default_factory=set)
    sample: list[str] = field(default_factory=list)

    def take_in(self, cells: pa.Array, places: pa.Array) -> None:
        """Look at the cells of one batch; those at `places` join the sample."""
        self.filled += len(cells) - (pc.sum(pc.equal(cells, "")).as_py() or 0)
        self.sample += [cell for cell in cells.take(places).to_pylist() if cell.strip()]
        if len(self.seen) <= MOST_DISTINCT:
            self.seen.update(pc.unique(cells).to_pylist())

    def column(self) -> Column:
        """Return the finished description."""
        distinct = min(len(self.seen - {""}), MOST_DISTINCT)
        examples = tuple(dict.fromkeys(cell[:EXAMPLE_LENGTH] for cell in self.sample))[:EXAMPLES]
        kind = _kind(self.name, self.sample, distinct, self.filled)
        return Column(name=self.name, kind=kind, filled=self.filled, distinct=distinct, examples=examples)


def text_column(dataset: Dataset) -> str:
    """Return the name of the column that most likely holds the texts, else of the first one."""
    found = _text_column(dataset)
    return found.name if found else dataset.columns[0].name


def suggest_task(dataset: Dataset, task: str = "") -> Iterator[Event]:
    """Guess the task (unless it is given), its roles and its base from the columns. Ends in Finished(Suggestion)."""
    text, label = _text_column(dataset), None
    if task != "write":
        label = _label_column(dataset, text)
        if label is not None and label == text:
            text = _text_column(dataset, but=label)
    chosen = task or ("classify" if label is not None and text is not None else "write")
    info = task_info(chosen)
    roles = {}
    for role in info.roles:
        column = label if role.name == "label" else text if role.name == "text" else None
        if column is not None:
            roles[role.name] = column.name
    yield Finished(
        Suggestion(
            task=chosen,
            roles=roles,
            base=info.default_base,
            reason=_reason(roles),
            labels=label.distinct if label is not None and "label" in roles else 0,
        )
    )


def _reason(roles: dict[str, str]) -> str:
    """Say why, in a template over the roles and {labels}."""
    if "label" in roles and "text" in roles:
        return mark("“{label}” repeats {labels} different values, and “{text}” holds the texts to sort.")
    if "text" in roles:
        return mark("“{text}” holds texts, and no other column repeats a few values that could be labels.")
    return mark("No column looks like text. Choose the columns yourself.")


def _text_column(dataset: Dataset, but: Column | None = None) -> Column | None:
    """Return the column that most likely holds the texts: by name, then by kind and length."""
    order = {"text": 0, "label": 1, "list": 2}
    found = [column for column in dataset.columns if column != but and column.filled and column.kind in order]
    return min(found, key=lambda column: _text_cost(column, order[column.kind]), default=None)


def _text_cost(column: Column, order: int) -> tuple[int, int, float]:
    place = names.rank(column.name, names.TEXT_NAMES)
    place = place if place < names.STRONG else names.STRONG  # “title” or “input” count less than length
    length = sum(map(len, column.examples)) / max(1, len(column.examples))
    return (order, place, -length)


def _label_column(dataset: Dataset, text: Column | None) -> Column | None:
    """Return the column that most likely holds labels, or None."""
    found = [column for column in dataset.columns if _may_be_label(column, dataset.rows)]
    if len(found) > 1 or (text is not None and not _named_label(text)):
        found = [column for column in found if column != text]
    return min(found, key=_label_cost, default=None)


def _may_be_label(column: Column, rows: int) -> bool:
    if not column.filled or column.kind not in ("label", "number"):
        return False
    if names.folded(column.name) in (*names.SPLIT_NAMES, *names.TEXT_NAMES) and not _named_label(column):
        return False
    if column.kind == "number":
        return _named_label(column) and column.distinct <= max(2, min(20, rows // 2))
    return _named_label(column) or 2 <= column.distinct <= max(2, int(0.8 * rows))


def _named_label(column: Column) -> bool:
    return names.rank(column.name, names.LABEL_NAMES) < 2 * len(names.LABEL_NAMES)


def _label_cost(column: Column) -> tuple[bool, int, int, int]:
    one_value = column.distinct < 2
    return (one_value, names.rank(column.name, names.LABEL_NAMES), -column.filled, column.distinct)


def _kind(name: str, sample: Sequence[str], distinct: int, filled: int) -> Kind:
    if not sample:
        return "text"
    if sample[0].lstrip()[:1] == "[" and (found := _list_kind(sample)):
        return found
    named_id = names.is_id(name)
    unique = distinct >= min(0.98 * filled, MOST_DISTINCT) and filled > 2
    length = sum(map(len, sample)) / len(sample)
    named_label = names.rank(name, names.LABEL_NAMES) < 2 * len(names.LABEL_NAMES)
    if _share(_NUMBER, sample) > 0.95:
        if unique and (named_id or _counts_up(sample)):
            return "id"
        few = distinct <= min(20, max(2, filled // 2)) and _share(_WHOLE, sample) > 0.99
        return "label" if few and named_label else "number"
    if unique and length <= SHORT and (named_id or _share(_CODE, sample) > 0.95):
        return "id"
    if named_id and _share(_CODE, sample) > 0.9:
        return "id"
    if length > 10 and names.rank(name, names.TEXT_NAMES) < names.STRONG and not named_label:
        return "text"
    few = distinct <= min(MOST_LABELS, max(1, int(filled * (0.8 if _share(_WORD, sample) > 0.9 else 0.5))))
    if length <= SHORT and (few or (named_label and (filled <= 20 or distinct <= 0.9 * filled))):
        return "label"
    return "text"


def _counts_up(sample: Sequence[str]) -> bool:
    """Say whether whole numbers rise by the same step from row to row: a row number."""
    if not all(_WHOLE.match(cell) and len(cell) < 16 for cell in sample):
        return False
    numbers = [int(float(cell)) for cell in sample]
    return len({after - before for before, after in pairwise(numbers)}) == 1


def _share(pattern: re.Pattern[str], cells: Sequence[str]) -> float:
    return sum(bool(pattern.match(cell)) for cell in cells) / len(cells)


def _list_kind(sample: Sequence[str]) -> Kind | None:
    """Return the kind of cells that are JSON lists, or None where they are not."""
    found = []
    for cell in sample[:200]:
        try:
            value = json.loads(cell)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, list):
            found.append(value)
    if len(found) < 0.9 * len(sample[:200]):
        return None
    items = [item for value in found for item in value[:20]]
    dicts = [item for item in items if isinstance(item, dict)]
    if items and len(dicts) == len(items):
        keys = set().union(*dicts)
        if {"role", "content"} <= keys or {"from", "value"} <= keys:
            return "messages"
        if any({start, end} <= keys for start in ("start", "startIndex", "begin") for end in ("end", "endIndex")):
            return "spans"
    words = [item for item in items if isinstance(item, str)]
    if words and len(words) == len(items) and all(_TAG.match(word) for word in words):
        return "tags"
    return "list"
