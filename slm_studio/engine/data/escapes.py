"""Escapes: quotes behind a backslash, as Spark and MySQL write them into CSV, made the doubled quotes of RFC 4180."""

import re
from collections.abc import Iterator, Sequence

from slm_studio.engine.data.lines import Lines

MARK = '\\"'
_BEFORE_QUOTE = re.compile(r'(\\+)"')


def doubled(lines: Sequence[str]) -> list[str]:
    r"""Return lines whose \" is "". A backslash before a backslash stands for one only where a quote follows them."""
    return [_BEFORE_QUOTE.sub(_as_doubled, line) if MARK in line else line for line in lines]


def doubled_groups(groups: Iterator[Lines]) -> Iterator[Lines]:
    """Do so with groups of lines."""
    for lines, ends in groups:
        yield doubled(lines), ends


def _as_doubled(found: re.Match[str]) -> str:
    count = len(found[1])
    return "\\" * (count // 2) + ('""' if count % 2 else '"')
