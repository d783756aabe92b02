"""From tensors to tables of numbers that a window can show."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from slm_studio.core.errors import Value
from slm_studio.core.inside import MOST_PIECES, MOST_UNITS, Grid, Kind
from slm_studio.core.texts import mark

DIGITS = 6  # that matter
_PIECES = mark("each row a piece, each column a number of its vector")
_GATES = mark("each row a piece, each column a gate")
_VECTOR = mark("each column a number of the vector")


@dataclass(frozen=True, slots=True)
class Pieces:
    """The pieces that the net reads, of which a table shows some: all of them are computed, but a picture has its limits."""

    names: tuple[str, ...]
    first: int = 0  # the place of the first that is shown

    @property
    def shown(self) -> slice:
        """Return which are shown."""
        return slice(self.first, self.first + MOST_PIECES)

    def __len__(self) -> int:
        """Return how many the net reads."""
        return len(self.names)


def pieces_around(names: Sequence[str], place: int) -> Pieces:
    """Return pieces of which those around a place are shown, as many as there may be."""
    return Pieces(tuple(names), max(0, min(place - MOST_PIECES // 2, len(names) - MOST_PIECES)))


def grid(
    title: str,
    rows: Sequence[str] | Pieces,
    numbers: Tensor,
    *,
    kind: Kind = "numbers",
    columns: Sequence[str] | Pieces = (),
    reads: str = "",
    **values: Value,
) -> Grid:
    """Return a table of numbers [R, C], or [C] for one row; of many columns the first, unless they bear names.

    Of pieces those that are shown. `reads` says what rows and columns are where that goes without saying for no pieces.
    """
    numbers_RC = numbers.reshape(-1, numbers.shape[-1])
    shown_RC = numbers_RC[rows.shown] if isinstance(rows, Pieces) else numbers_RC
    if not columns or isinstance(columns, Pieces):
        shown_RC = shown_RC[:, columns.shown if isinstance(columns, Pieces) else slice(MOST_UNITS)]
    if not reads and not columns:
        reads = _VECTOR if not isinstance(rows, Pieces) else _GATES if kind == "gates" else _PIECES
    return Grid(
        title=title,
        values=values,
        kind=kind,
        rows=_names(rows),
        columns=_names(columns),
        cells=tuple(tuple(map(short, row)) for row in shown_RC.tolist()),
        width=numbers_RC.shape[-1],
        reads=reads,
        pieces=next((len(each) for each in (rows, columns) if isinstance(each, Pieces)), 0),
    )


def _names(of: Sequence[str] | Pieces) -> tuple[str, ...]:
    return of.names[of.shown] if isinstance(of, Pieces) else tuple(of)


def short(number: float) -> float:
    """Return a number to six digits."""
    return float(f"{number:.{DIGITS}g}")
