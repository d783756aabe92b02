"""Amounts: numbers as people write them: 1,234.5 and 1.234,5, ４０％, $ 12, 3/5 is none.

Which sign is the decimal mark is told by the whole column: in “1,234” alone it cannot be known.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from slm_studio.core.errors import StudioError

POINT, COMMA = ".", ","
_MARKS = "'’ \u00a0\u202f\u2009_"  # thousands, beside the two
_NUMBER = re.compile(
    r"^([+-]?)([^\d+\-.,]{0,3}?)\s*([+-]?)(\d[\d.,]*|[.,]\d+)((?:[eE][+-]?\d+)?)\s*(%|‰|[^\d.,%\s]{0,3})$"
)
_GROUPS = re.compile(r"^\d{1,3}([.,])\d{3}$")  # thousands or decimals: 1,234
UNITS = {"%", "‰", "$", "€", "£", "¥", "元", "￥", "usd", "eur", "rmb", "cny", "分", "星"}
LOOKED_AT = 10_000  # cells that decide how a column is written


@dataclass(frozen=True, slots=True)
class Writing:
    """How the numbers of a column are written."""

    decimal: str = POINT
    unit: str = ""  # “%” where the cells bear it
    digits: int = 0  # behind the decimal mark, at most

    def read(self, cell: str) -> float | None:
        """Return the number in a cell; None where there is none. A percent sign does not change it: 40 % is 40."""
        parts = _parts(cell)
        if parts is None:
            return None
        sign, figures, power, _ = parts
        whole, mark, decimals = figures.partition(self.decimal)
        groups = whole.split(COMMA if self.decimal == POINT else POINT)
        if not decimals.isdigit() and (decimals or mark):
            return None
        if len(groups) > 1 and not (1 <= len(groups[0]) <= 3 and all(len(each) == 3 for each in groups[1:])):
            return None
        found = float(f"{sign}{''.join(groups) or '0'}.{decimals or '0'}{power}")
        return found if math.isfinite(found) else None

    def write(self, value: float) -> str:
        """Return a number as the column writes it."""
        text = f"{value:.{self.digits}f}".replace(POINT, self.decimal)
        return f"{text} {self.unit}" if self.unit in ("%", "‰") else text


def writing_of(cells: Sequence[str]) -> Writing:
    """Return how a column writes its numbers."""
    found = [parts for cell in cells[:: max(1, len(cells) // LOOKED_AT)] if (parts := _parts(cell)) is not None]
    figures = [parts[1] for parts in found]
    decimal = _decimal_mark(figures)
    units = Counter(parts[3] for parts in found)
    unit = max(units, key=lambda each: units[each], default="")
    digits = max((len(each.rpartition(decimal)[2]) for each in figures if each.count(decimal) == 1), default=0)
    return Writing(decimal, unit if unit in ("%", "‰") else "", min(digits, 6))


def _decimal_mark(figures: Sequence[str]) -> str:
    """Return the sign in front of the decimals: where both stand the later one, never one that stands twice."""
    votes: Counter[str] = Counter()
    for each in figures:
        signs = [sign for sign in (POINT, COMMA) if sign in each]
        if len(signs) == 2:
            votes[max(signs, key=each.rfind)] += 1
        elif signs and each.count(signs[0]) > 1:
            votes[COMMA if signs[0] == POINT else POINT] += 1
        elif signs and (not _GROUPS.match(each) or each.startswith("0")):
            votes[signs[0]] += 1
    return COMMA if votes[COMMA] > votes[POINT] else POINT


def _parts(cell: str) -> tuple[str, str, str, str] | None:
    """Return sign, figures, power of ten and unit of a cell."""
    bare = unicodedata.normalize("NFKC", cell).strip().replace("−", "-")
    for sign in _MARKS:
        bare = re.sub(rf"(?<=\d){re.escape(sign)}(?=\d{{3}}(\D|$))", "", bare)
    found = _NUMBER.match(bare)
    if found is None:
        return None
    outer, before, inner, figures, power, after = found.groups()
    units = [each.casefold() for each in (before.strip(), after) if each]
    if any(each not in UNITS for each in units) or len(units) > 1 or (outer and inner):
        return None
    return outer or inner, figures, power, units[0] if units else ""


def amounts_in(cells: Sequence[str], written: Writing | None = None) -> list[float | None]:
    """Return the number in each cell; None where there is none."""
    writing = written or writing_of(cells)
    known = {cell: writing.read(cell) for cell in set(cells)}
    return [known[cell] for cell in cells]


def refuse_weightless(weights: Sequence[float], column: str) -> None:
    """Refuse rows of which none counts. Raises StudioError."""
    if weights and not any(weights):
        raise StudioError(
            "no-weights",
            "All {rows} rows have the weight 0 in column “{column}”, so nothing would be learnt.",
            "Choose another column for the weight, or none.",
            rows=len(weights),
            column=column,
        )


def weights_in(cells: Sequence[str]) -> tuple[list[float], int]:
    """Return how much each row counts, and how many cells hold no such number: below 0, or no number. These, and empty ones, count 1."""
    found = amounts_in(cells)
    bad = sum(
        (weight is None and bool(cell.strip())) or (weight or 0.0) < 0
        for weight, cell in zip(found, cells, strict=True)
    )
    return [1.0 if weight is None or weight < 0 else weight for weight in found], bad
