"""Rewritten rows, to be looked at one by one."""

# A answers

from collections.abc import Sequence

import numpy as np

from slm_studio.engine.data.rows import Rows
from slm_studio.engine.measuring import dialogues, rewriting


def cases_of(
    rows: Rows,
    rows_A: np.ndarray,
    back_A: np.ndarray,
    sources: Sequence[str],
    true: Sequence[str],
    answers: Sequence[str],
    judged: bool,
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Return columns and rows: what was asked, what is right and what was written, the least alike first.

    `judged`: they are right or wrong.
    """
    likeness_A = dialogues.chrf_each(answers, true)
    right_A = rewriting.right_each(answers, true)
    columns = ("row", "place", "text", "rewritten", "predicted", "likeness", "back", *(("right",) if judged else ()))
    order = np.lexsort((likeness_A, right_A)) if judged else np.argsort(likeness_A, kind="stable")
    cells: list[tuple[object, ...]] = []
    for at in order:
        row = int(rows_A[at])
        scored = (sources[at], true[at], answers[at], round(float(likeness_A[at]), 4), bool(back_A[at]))
        cells.append((row, int(rows.indices[row]), *scored, *((bool(right_A[at]),) if judged else ())))
    return columns, cells
