"""Rows from which nothing can be learnt are refused before anything is built, in a sentence that counts the whole file."""

from collections import Counter
from collections.abc import Sequence

from slm_studio.core.emptiness import is_empty
from slm_studio.core.errors import StudioError
from slm_studio.core.texts import mark
from slm_studio.engine.data.rows import Rows

FEWEST = 4  # rows without which nothing can be learnt
ALIKE = 0.9  # share of rows with a label of their own above which a column holds no labels
NEEDED = mark(
    "At least {needed} are needed to learn from, besides those that are held out; from 50 rows a label on, results become useful."
)


def refuse_empty(texts: Sequence[str], column: str) -> None:
    """Refuse rows of which none holds a text. Raises StudioError."""
    if not texts:
        raise StudioError("no-rows", "There are no rows to learn from.", "Choose a file with rows in it.")
    if all(map(is_empty, texts)):
        raise StudioError(
            "no-text",
            "Column “{column}” is empty.",
            "Choose the column that holds the texts.",
            column=column,
        )


def refuse_labels(rows: Rows, role: str) -> None:
    """Refuse rows whose labels cannot be learnt: too few, one only, one a row. Raises StudioError."""
    labels = whole = _labels_of(rows, role)
    if len(rows) < rows.table.num_rows:  # a part of the file: what was held out is no lack of labels
        whole = _labels_of(rows.whole(), role)
    total, column = labels.total(), rows.roles[role]
    if whole.total() >= FEWEST > total:
        raise StudioError(
            "too-few-rows",
            "{total} rows have a label in column “{column}”, but only {rows} of them {rows:is|are} left to learn from: {held} {held:is|are} held out.",
            NEEDED,
            total=whole.total(),
            column=column,
            rows=total,
            held=whole.total() - total,
            needed=FEWEST,
        )
    if total < FEWEST:
        raise _too_few(whole.total(), column)
    if len(whole) < 2:
        raise StudioError(
            "one-class",
            "All {rows} rows have the same label “{label}”.",
            "Add rows with another label, or choose another column as the label.",
            rows=whole.total(),
            label=next(iter(whole)),
        )
    if len(labels) < 2:
        raise _all_others_held_out(total, next(iter(labels)))
    if is_no_label(len(labels), total):
        raise StudioError(
            "too-many-labels",
            "Column “{column}” has {distinct} different values in {rows} {rows:row|rows}.",
            "Choose a column with a few repeated labels, or pick the task “Write”.",
            column=column,
            distinct=len(whole),
            rows=whole.total(),
        )


def refuse_label_sets(rows: Rows, role: str, sets: Sequence[Sequence[str]]) -> None:
    """Refuse rows with sets of labels of which nothing can be learnt. Raises StudioError."""
    column, counts = rows.roles[role], Counter(label for each in sets for label in each)
    if len(sets) < FEWEST:
        raise _too_few(len(sets), column)
    if len({frozenset(each) for each in sets}) < 2:
        if _differ(rows.whole(), role):
            raise _all_others_held_out(len(sets), ", ".join(sets[0]))
        raise StudioError(
            "one-class",
            "All {rows} rows have the same label “{label}”."
            if counts
            else "None of the {rows} rows has a label in column “{column}”.",
            "Add rows with another label, or choose another column as the label.",
            rows=len(sets),
            label=", ".join(sets[0]),
            column=column,
        )
    if is_no_label(len(counts), counts.total()):
        raise StudioError(
            "too-many-labels",
            "Column “{column}” has {distinct} different values in {rows} {rows:row|rows}.",
            "Choose a column with a few repeated labels, or pick the task “Write”.",
            column=column,
            distinct=len(counts),
            rows=len(sets),
        )


def refuse_amounts(rows: Rows, role: str, amounts: Sequence[float | None]) -> None:
    """Refuse rows with too few numbers, and numbers that are all the same. Raises StudioError."""
    column, known = rows.roles[role], [amount for amount in amounts if amount is not None]
    if len(known) < FEWEST:
        raise StudioError(
            "too-few-rows",
            "Only {rows} {rows:row has|rows have} a number in column “{column}”.",
            NEEDED,
            rows=len(known),
            column=column,
            needed=FEWEST,
        )
    if len(set(known)) < 2:
        if _differ(rows.whole(), role):
            raise _all_others_held_out(len(known), f"{known[0]:g}")
        raise StudioError(
            "one-number",
            "All {rows} rows have the same number {number} in column “{column}”.",
            "Add rows with other numbers, or choose another column.",
            rows=len(known),
            number=f"{known[0]:g}",
            column=column,
        )


def _differ(rows: Rows, role: str) -> bool:
    return len({cell for cell in rows.column(role) if cell.strip()}) > 1


def _all_others_held_out(rows: int, value: str) -> StudioError:
    """Say that a split left nothing to tell apart: of a file in which few texts come again and again, and of a tiny one."""
    return StudioError(
        "others-held-out",
        "All {rows} rows that are left to learn from say “{value}”: every row that says something else is held out.",
        "Add rows with other texts: rows with the same text are held out together.",
        rows=rows,
        value=value,
    )


def _too_few(rows: int, column: str) -> StudioError:
    return StudioError(
        "too-few-rows",
        "Only {rows} {rows:row has|rows have} a label in column “{column}”.",
        NEEDED,
        rows=rows,
        column=column,
        needed=FEWEST,
    )


def is_no_label(distinct: int, rows: int) -> bool:
    """Say whether a column with so many different values in so many rows cannot be a label."""
    return distinct >= rows or (rows >= 20 and distinct >= ALIKE * rows)


def _labels_of(rows: Rows, role: str) -> Counter[str]:
    return Counter(label for label in rows.column(role) if label.strip())
