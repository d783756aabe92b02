"""Gaps in a text, as people write them: [MASK], <mask>, ___ or ＿＿. A run of lines is one gap, whatever its length."""

import re
from collections.abc import Sequence

GAP = re.compile(r"\[mask\]|<mask>|_{2,}|＿+", re.IGNORECASE)
WRITTEN = "[MASK]"  # how the studio writes one


def gaps_in(text: str) -> list[tuple[int, int]]:
    """Return where the gaps of a text stand, as characters. Example: gaps_in("a ___ b") == [(2, 5)]"""
    return [match.span() for match in GAP.finditer(text)]


def around_gaps(text: str) -> list[str]:
    """Return what stands before, between and after the gaps: one part more than there are gaps."""
    return GAP.split(text)


def filled(text: str, fillers: Sequence[tuple[str, bool]]) -> str:
    """Return a text with its gaps filled, one after the other; gaps without a filler stay.

    A filler that goes on with the word before it stands there without a blank.
    Example: filled("two [MASK] ___ left", [("cat", False), ("s", True)]) == "two cats left"
    """
    done, parts = 0, []
    for (start, end), (filler, joins) in zip(gaps_in(text), fillers, strict=False):
        before = text[done:start]
        parts += [before.rstrip(" ") if joins else before, filler]
        done = end
    return "".join([*parts, text[done:]])
