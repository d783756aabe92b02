"""Rows from which nothing can be learnt are refused before anything is built, in a sentence that counts the whole file."""

from collections import Counter
from collections.abc import Sequence

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
    if not any(text.strip() for text in texts):
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
        whole = _labels_of(Rows(rows.table, rows.roles), role)
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
        raise StudioError(
            "too-few-rows",
            "Only {rows} {rows:row has|rows have} a label in column “{column}”.",
            NEEDED,
            rows=total,
            column=column,
            needed=FEWEST,
        )
    for counts in (whole, labels):
        if len(counts) < 2:
            raise StudioError(
                "one-class",
                "All {rows} rows have the same label “{label}”.",
                "Add rows with another label, or choose another column as the label.",
                rows=counts.total(),
                label=next(iter(counts)),
            )
    if is_no_label(len(labels), total):
        raise StudioError(
            "too-many-labels",
            "Column “{column}” has {distinct} different values in {rows} {rows:row|rows}.",
            "Choose a column with a few repeated labels, or pick the task “Write”.",
            column=column,
            distinct=len(whole),
            rows=whole.total(),
        )


def is_no_label(distinct: int, rows: int) -> bool:
    """Say whether a column with so many different values in so many rows cannot be a label."""
    return distinct >= rows or (rows >= 20 and distinct >= ALIKE * rows)


def _labels_of(rows: Rows, role: str) -> Counter[str]:
    return Counter(label for label in rows.column(role) if label.strip())
