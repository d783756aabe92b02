"""Message lines: the little Markdown that models write, line by line, so that a line that stands is never read again.

Every run knows where it stands in the source, so that each letter on the screen still knows its token.
"""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "blank", "heading", "item", "quote", "rule", "fence", "code"]

_FENCE = re.compile(r"\s{0,3}(```+|~~~+)\s*([\w+#.-]*)[^`]*$")
_PERHAPS_FENCE = re.compile(r"\s{0,3}(`{1,2}|~{1,2}|```+[^`]*|~~~+[^~]*)$")
_HEADING = re.compile(r"(#{1,6})\s+")
_ITEM = re.compile(r"(\s*)([-*+]|\d{1,3}[.)])\s+")
_QUOTE = re.compile(r"\s{0,3}>\s?")
_RULE = re.compile(r"\s{0,3}([-*_])(\s*\1){2,}\s*$")
_INLINE = re.compile(
    r"(?P<code>`+)(?P<coded>.+?)(?P=code)(?!`)"
    r"|(?P<strong>\*\*|__)(?=\S)(?P<bold>.+?)(?<=\S)(?P=strong)"
    r"|(?<![\w*])(?P<slant>[*_])(?=[^\s*_])(?P<slanted>.+?)(?<=[^\s*_])(?P=slant)(?![\w*])"
)


@dataclass(frozen=True, slots=True)
class Run:
    """Letters of one look; the first stands at `start` of the line, the others behind it."""

    text: str
    start: int
    strong: bool = False
    slanted: bool = False
    code: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is shown: its kind, the depth of a heading or item, what stands before it, and its words."""

    kind: Kind
    runs: tuple[Run, ...] = ()
    level: int = 0
    sign: str = ""  # of an item: • or 3. — of a fence: the language


class LineReader:
    """Reads lines in order; knows whether they stand in a block of code."""

    def __init__(self) -> None:
        self._fence = ""

    @property
    def in_code(self) -> bool:
        """Say whether the next line is code."""
        return bool(self._fence)

    def read(self, line: str) -> Line:
        """Return a finished line; a fence opens or closes a block of code."""
        found = _FENCE.match(line)
        if self._fence:
            if found and found[1].startswith(self._fence) and not found[2]:
                self._fence = ""
                return Line("fence")
            return Line("code", (Run(line, 0),))
        if found:
            self._fence = found[1]
            return Line("fence", sign=found[2])
        return read_line(line)

    def may_be_fence(self, line: str) -> bool:
        """Say whether a line that is still being written may become a fence: then it is not shown yet."""
        return bool(_PERHAPS_FENCE.match(line))


def read_line(line: str) -> Line:
    """Return a line outside of code. Example: read_line("- **a**").runs[0] == Run("a", 4, strong=True)"""
    if not line.strip():
        return Line("blank")
    if _RULE.match(line):
        return Line("rule")
    heading = _HEADING.match(line)
    if heading:
        return Line("heading", tuple(runs(line, heading.end())), len(heading[1]))
    quote = _QUOTE.match(line)
    if quote:
        return Line("quote", tuple(runs(line, quote.end())))
    item = _ITEM.match(line)
    if item:
        sign = item[2] if item[2][0].isdigit() else "•"
        return Line("item", tuple(runs(line, item.end())), min(6, len(item[1].expandtabs(4)) // 2), sign)
    return Line("text", tuple(runs(line)))


def runs(line: str, start: int = 0) -> list[Run]:
    """Return the words of a line; marks that are not closed (yet) are words."""
    found: list[Run] = []
    for match in _INLINE.finditer(line, start):
        if match.start() > start:
            found.append(Run(line[start : match.start()], start))
        for group, look in (("coded", "code"), ("bold", "strong"), ("slanted", "slanted")):
            if match[group] is not None:
                found.append(Run(match[group], match.start(group), **{look: True}))
        start = match.end()
    if start < len(line):
        found.append(Run(line[start:], start))
    return found
