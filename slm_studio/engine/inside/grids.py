"""From tensors to tables of numbers that a window can show."""

from collections.abc import Sequence

from torch import Tensor

from slm_studio.core.errors import Value
from slm_studio.core.inside import MOST_UNITS, Grid, Kind

DIGITS = 6  # that matter


def grid(
    title: str,
    rows: Sequence[str],
    numbers: Tensor,
    *,
    kind: Kind = "numbers",
    columns: Sequence[str] = (),
    **values: Value,
) -> Grid:
    """Return a table of numbers [R, C], or [C] for one row; of many columns the first, unless they bear names."""
    numbers_RC = numbers.reshape(-1, numbers.shape[-1])
    shown_RC = numbers_RC if columns else numbers_RC[:, :MOST_UNITS]
    return Grid(
        title=title,
        values=values,
        kind=kind,
        rows=tuple(rows),
        columns=tuple(columns),
        cells=tuple(tuple(map(short, row)) for row in shown_RC.tolist()),
        width=numbers_RC.shape[-1],
    )


def short(number: float) -> float:
    """Return a number to six digits."""
    return float(f"{number:.{DIGITS}g}")
