"""What goes on inside a net for one text: the steps from the text to the answer, and the numbers of one of them."""

from dataclasses import dataclass, field
from typing import Literal

from slm_studio.core.errors import Value

MOST_PIECES = 32  # of a text that are looked at: what is behind them the net does not read then
MOST_UNITS = 64  # numbers of a vector that are shown
MOST_HEADS = 24  # of a layer that are shown
# numbers: of either sign · gates: from 0, shut, to 1, open · shares: from 0 on, each row sums to 1 · chances: named
# answers, the output of the net and what is made of it
Kind = Literal["numbers", "gates", "shares", "chances"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """A table of numbers, made to be seen as a picture."""

    title: str  # a template
    values: dict[str, Value] = field(default_factory=dict)
    kind: Kind = "numbers"
    rows: tuple[str, ...]
    columns: tuple[str, ...] = ()  # (): they are counted from 1
    cells: tuple[tuple[float, ...], ...]  # one entry a row
    width: int = 0  # how many columns there are in all


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of the way. Its formula is a line a part, in <i>, <b>, <sub> and <sup>."""

    key: str
    title: str  # a template
    values: dict[str, Value] = field(default_factory=dict)
    about: str  # a template: what happens here, in a sentence or two
    formula: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inside:
    """All steps, and the numbers of one of them."""

    steps: tuple[Step, ...]
    step: str  # the key of the one whose numbers these are
    grids: tuple[Grid, ...]
    cut: int = 0  # pieces of the text that were not looked at
