"""What goes on inside a net for one text: the steps from the text to the answer, and the numbers of one of them."""

from dataclasses import dataclass, field
from typing import Literal

from slm_studio.core.errors import Value

MOST_READ = 1024  # pieces of a text that are computed: the attention of longer ones takes too much memory
MOST_PIECES = 32  # of those that are shown
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
    reads: str = ""  # a template: what rows and columns are, where their names do not say it
    pieces: int = 0  # how many pieces there are in all, where rows or columns are pieces


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
    read: int  # pieces of the text that went through the net
    cut: int = 0  # pieces of the text that did not
