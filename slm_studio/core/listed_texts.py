"""Listed texts: a poem kept as the list of its lines, a sentence as that of its words, and which columns are read so."""

import re
from collections.abc import Mapping

from slm_studio.core.dataset import Column
from slm_studio.core.tasks.info import Reads, Role

LISTED: dict[str, Reads] = {"list": "lines", "words": "sentence"}  # kinds of columns of lists → how a text stands there
_PART = re.compile(r'"((?:[^"\\]|\\.)*)"')
_LINE = re.compile(r"\s|[.,:;!?。，、：；！？…]$")  # what a line has, and a word has not


def read_as(role: Role, column: Column) -> Reads:
    """Return how a role reads a column: a text that is kept as a list is its lines, or its words put together.

    A role that takes lists reads them itself. What takes words takes a list for these, unless its parts are lines.
    """
    if role.reads == "text" and not role.takes_lists:
        return LISTED.get(column.kind, "text")
    if role.reads == "words" and column.kind == "list" and _are_lines(column):
        return "lines"
    return role.reads


def only_listed(reads: Mapping[str, Reads]) -> dict[str, Reads]:
    """Return those of some ways to read that put a text together from a list."""
    return {name: each for name, each in reads.items() if each in LISTED.values()}


def _are_lines(column: Column) -> bool:
    parts = [part for cell in column.examples for part in _PART.findall(cell)]
    return sum(bool(_LINE.search(part)) for part in parts) * 2 > len(parts)
