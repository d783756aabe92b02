"""Mark columns: a column of 0 and 1 (yes and no, true and false, x and nothing) for each label. A column that lists the marked
ones of each row is put beside them; what was in the file stays as it is.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from slm_studio.core.texts import mark
from slm_studio.engine.data import names
from slm_studio.engine.data.keeping import Part
from slm_studio.engine.data.several import MOST_ITEMS, YES, mark_columns
from slm_studio.engine.data.table import TableWriter, read_batches

LOOKED_AT = 4000  # rows of which columns are judged, before all of them are
FEWEST, MANY = 2, 5  # columns of marks; with so many they are labels, whatever the others are called
LISTED, ONE, NAMED = "labels", "label", 6  # names of the new column; columns that a sentence names


def list_marks(parts: Mapping[str, Part]) -> dict[str, Part]:
    """Return the parts with a column of lists where the training rows have columns of marks; it is said in their notes."""
    train = parts["train"]
    marks = _marks(train)
    if len(marks) < FEWEST or any(not set(marks) <= set(part.columns) for part in parts.values()):
        return dict(parts)
    is_one = all(_has_one_a_row(part, marks) for part in parts.values())
    name = next(each for each in _names(ONE if is_one else LISTED) if each not in train.columns)
    train.notes.add(
        "marks-listed",
        mark("{count} columns mark a label each ({columns}). The new column “{name}” names the marked one of each row; the others stay as they were.")
        if is_one
        else mark("{count} columns mark a label each ({columns}). The new column “{name}” lists the marked ones of each row; the others stay as they were."),
        count=len(marks),
        columns=", ".join(marks[:NAMED]) + (" …" if len(marks) > NAMED else ""),
        name=name,
    )  # fmt: skip
    nothing = "[]" if _are_crosses(train, marks) else ""
    return {split: _listed(part, marks, name, nothing, is_one=is_one) for split, part in parts.items()}


def _marks(train: Part) -> list[str]:
    """Return the columns of marks; none where another column says by its name that it is the label."""
    found: dict[str, list[str]] = {name: [] for name in train.columns}
    for batch in read_batches(train.path):
        for name in found:
            found[name] += batch.column(name).to_pylist()
        if len(found[train.columns[0]]) >= LOOKED_AT:
            break
    marks = mark_columns(found)
    others = [name for name in train.columns if name not in marks]
    is_answered = any(names.folded(name) in names.SURE_LABEL_NAMES for name in others)
    if not others or is_answered or (len(marks) < MANY and any(map(names.is_label, others))):
        return []
    return _whole(train, marks) if FEWEST <= len(marks) <= MOST_ITEMS else []


def _whole(train: Part, marks: Sequence[str]) -> list[str]:
    """Return the columns that hold marks in all rows."""
    values: dict[str, set[str]] = {name: set() for name in marks}
    for batch in read_batches(train.path):
        for name in marks:
            values[name].update(batch.column(name).unique().to_pylist())
    found = mark_columns({name: sorted(each) for name, each in values.items()})
    telling = [name for name in found if len({_says_yes(cell) for cell in values[name]}) > 1]
    return found if len(telling) >= FEWEST else []


def _says_yes(cell: str | None) -> bool:
    return (cell or "").strip().casefold() in YES


def _has_one_a_row(part: Part, marks: Sequence[str]) -> bool:
    """Say whether every row has exactly one mark: then it is one label that was written in several columns."""
    return all(
        sum(map(_says_yes, row)) == 1
        for batch in read_batches(part.path)
        for row in zip(*(batch.column(name).to_pylist() for name in marks), strict=True)
    )


def _are_crosses(train: Part, marks: Sequence[str]) -> bool:
    """Say whether labels are marked by an x, so that nothing means no."""
    return all(
        set(batch.column(name).unique().to_pylist()) <= {"x", "X", ""}
        for batch in read_batches(train.path)
        for name in marks
    )


def _names(first: str) -> Sequence[str]:
    return [first, *(f"{first}_{number}" for number in range(2, 1000))]


def _listed(part: Part, marks: Sequence[str], name: str, nothing: str, *, is_one: bool) -> Part:
    """Put the column of lists beside the others; `nothing` stands in a row in which no column says anything."""
    beside = part.path.with_suffix(".listed")
    columns = (*part.columns, name)
    with TableWriter(beside, part.notes, columns) as writer:
        for batch in read_batches(part.path):
            cells = dict(zip(batch.schema.names, batch.columns, strict=True))
            rows = zip(*(cells[each].to_pylist() for each in marks), strict=True)
            lists = [_list(row, marks, is_one=is_one) or nothing for row in rows]
            writer.write(cells | {name: pa.array(lists, pa.string())})
    beside.replace(part.path)
    return replace(part, columns=columns, fingerprint=writer.fingerprint())


def _list(row: Sequence[str], marks: Sequence[str], *, is_one: bool) -> str:
    """Return the names of the marked columns as a JSON list, or the only one; of a row in which nothing is said, nothing."""
    if not any((cell or "").strip() for cell in row):
        return ""
    marked = [name for name, cell in zip(marks, row, strict=True) if _says_yes(cell)]
    return marked[0] if is_one else json.dumps(marked, ensure_ascii=False)
