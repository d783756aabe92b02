"""Running heads: what stands at the top or bottom of most pages and belongs to none, such as a title or a page's number."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice, takewhile

from slm_studio.engine.data.paragraphs import Line

EDGE = 3  # lines from the top and from the bottom that may be one
MOST = 0.4  # of the pages: of a book, left and right ones bear different heads
FEWEST = 3  # pages that tell; two where it is but the page's number
LOOKED_AT = 40  # pages of a long file by which heads are known
APART = 1.8  # sizes of a letter between a head and the text: that a text ends in the same words is no head
NEAR = 2  # pages before that may bear the same head
NUMBERS = 4  # of a line that may be the page's
_ANY = "\0\0"  # whatever stands beside a page's number, such as the title of a chapter
_NUMBER, _NOT_DIGITS = re.compile(r"\d{1,5}"), re.compile(r"\D+")
_IS_NUMBER = re.compile(r"\W*\0-?\d+\0\W*")
_BESIDE = re.compile(r"^\d{1,5}(?=\s+[^\W\d])|(?<=[^\d\s.…·]\s)\d{1,5}$")
_ALONE = re.compile(r"\W*\d{1,5}\W*")


def pages_to_look_at(count: int) -> list[int]:
    """Return pages from all over a file, two by two, so that left and right ones are among them."""
    if count <= LOOKED_AT:
        return list(range(count))
    pairs = LOOKED_AT // 2
    return [place * (count - 2) // (pairs - 1) + side for place in range(pairs) for side in (0, 1)]


def running_heads(pages: Mapping[int, Sequence[Line]]) -> frozenset[str]:
    """Return the heads of these pages, as `without_heads` knows them."""
    seen: Counter[str] = Counter()
    for page, lines in pages.items():
        seen.update({key for side in _edges(lines) for line in side[:EDGE] for key in _keys(line, page)})
    count = sum(bool(lines) for lines in pages.values())
    least = max(FEWEST, MOST * count)
    heads = frozenset(
        key for key, times in seen.items() if times >= least or (times == count == 2 and _IS_NUMBER.fullmatch(key))
    )
    emptied = sum(bool(lines) and not without_heads(lines, page, heads) for page, lines in pages.items())
    return heads if 2 * emptied < count else frozenset()  # tickets that differ in their number are no heads


def without_heads(lines: Sequence[Line], page: int, heads: Collection[str]) -> list[Line]:
    """Return the lines of a page without its heads: those at its very edge, and apart from its text."""
    has_number = any(_ALONE.fullmatch(line.text) for side in _edges(lines) for line in side[:EDGE])
    left_out: list[Line] = []
    for side in _edges(lines):
        found = list(takewhile(lambda line: _is_head(line, page, heads, has_number), side[:EDGE]))
        while found and len(found) < len(side) and not _are_apart(found[-1], side[len(found)]):
            found.pop()
        left_out += found
    return [line for line in lines if line not in left_out]


def heads_of(lines: Sequence[Line]) -> set[str]:
    """Return what would be a head if one of the next pages began or ended with the same words in the same place.

    So the title of a chapter is left out of all its pages but the first.
    """
    return {_in_place(line) for side in _edges(lines) for line in side[:EDGE]}


def _is_head(line: Line, page: int, heads: Collection[str], has_number: bool) -> bool:
    keys = set(_keys(line, page))
    if has_number and not _ALONE.fullmatch(line.text):  # then another line's number is that of a chapter
        keys = {key for key in keys if not key.startswith(_ANY)}
    return not heads.isdisjoint(keys)


def _are_apart(head: Line, line: Line) -> bool:
    return abs(head.base - line.base) > APART * max(head.size, line.size)


def _edges(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """Return the lines at the top and at the bottom and the next one, the outermost first."""
    by_height = sorted(lines, key=lambda line: -line.base)
    return by_height[: EDGE + 1], by_height[::-1][: EDGE + 1]


def _in_place(line: Line) -> str:
    return f"{line.text}\0{line.base:.0f}"


def _keys(line: Line, page: int) -> Iterator[str]:
    """Yield a line as it is, and with each of its numbers as it would be on the first page if it counted the pages."""
    text = line.text
    yield from (text, _in_place(line))
    for found in islice(_NUMBER.finditer(text), NUMBERS):
        yield f"{text[: found.start()]}\0{int(found[0]) - page}\0{text[found.end() :]}"
    if found := _ALONE.fullmatch(text) or _BESIDE.search(text):
        yield f"{_ANY}{int(_NOT_DIGITS.sub('', found[0])) - page}"
