"""Paragraphs: lines as they stand on a page are put together to what was one paragraph before it was broken for print.

Where a page has no more than places of letters, the paragraphs are read from what a typesetter does: the last line of one
is short, the next one stands further below or further in.
"""

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# Distances are measured in sizes of the letters.
ALIKE = 1.15  # lines whose letters differ by more belong to different paragraphs
GAP = 1.3  # times the usual distance of two lines: more parts paragraphs
CLOSE = 1.6  # the usual distance of lines where too few of them tell it …
TELLING = 8  # … and how many do
FAR = 3.0  # what lies further below says nothing of the usual distance
INDENT = 0.8  # by which a first line stands further in
SAME = 0.3  # lines that lie less far apart stand beside each other
SLACK, SLACK_UNSPACED = 0.4, 1.2  # of room that a full line may leave: no comma may begin a line of Chinese …
SLACK_UNENDED = 2.0  # … and so much more where no sentence ends in it

_UNSPACED = (
    r"\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"  # Chinese, Japanese
)
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_CLOSING = r"”’」』）)\]】》〉\"'"
_ENDS = re.compile(rf"[.!?…。！？:：;；][{_CLOSING}]*$")
_LEADS = re.compile(r"(?:[.·…․‥]\s?){4,}\s*\S{0,8}$")  # a line of a table of contents
_SPLIT = re.compile(r"[^\W\d_][-\u2010\u00ad]$")
_TIED = re.compile(r"\w[-\u2010]$")
_BULLET = re.compile(r"[•▪◦‣●○■□◆∙\uf0b7\uf0a7]")
_ITEM = re.compile(
    r"(?:\d{1,2}[.)、．）]|[（(]\d{1,2}[)）]|[（(]?[一二三四五六七八九十]{1,3}[、)）]|第[\d一二三四五六七八九十百]{1,5}[章节條条款编]|[*–—-]\s)"
)
_BELOW, _APART, _ELSEWHERE = "below", "apart", "elsewhere"  # where a line stands, seen from the one before


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page and its place, in points from the page's lower left."""

    text: str
    left: float
    right: float
    base: float  # on which its letters stand
    size: float  # of its letters
    word: float  # how wide its first word is, or its first character where words are not spaced


@dataclass(slots=True)
class Paragraphs:
    """Paragraphs that grow line by line; one may go on in the next column or on the next page."""

    _text: str = ""
    _last: Line | None = None
    _count: int = 0  # lines of the paragraph that grows
    _margin: float = 0.0  # where the longest line of the last block ends
    _is_column: bool = False  # the last block has more than one line

    def add(self, lines: Sequence[Line]) -> list[str]:
        """Take in the lines of a page and return the paragraphs that are complete with them."""
        done = []
        for block, how in _blocks(lines):
            for line in block:
                if self._last is not None and not self._goes_on(self._last, line, how):
                    done.append(self._text)
                    self._text, self._count = "", 0
                self._text = joined(self._text, line.text)
                self._last, self._count, how = line, self._count + 1, _BELOW
                self._margin, self._is_column = max(each.right for each in block), len(block) > 1
        return done

    def end(self) -> list[str]:
        """Return the paragraph that was still growing."""
        done = [self._text] if self._text else []
        self._text, self._last, self._count = "", None, 0
        return done

    def _goes_on(self, last: Line, line: Line, how: str) -> bool:
        """Say whether the paragraph that ends in `last` so far goes on in `line`."""
        if how == _APART or _LEADS.search(last.text) or _BULLET.match(line.text):
            return False
        if _SPLIT.search(last.text) and line.text[0].islower():
            return True
        is_ended = _ENDS.search(last.text) is not None
        if _ITEM.match(line.text) and (is_ended or _ITEM.match(self._text)):
            return False
        if not _are_alike(last, line) or _is_short(last, line, self._margin, 0.0 if is_ended else SLACK_UNENDED):
            return False
        if how == _ELSEWHERE:
            return self._is_column and not is_ended
        further_in = (line.left - last.left) / last.size
        if further_in > INDENT:
            return not is_ended
        return further_in > -INDENT or self._count == 1


def is_unspaced(character: str) -> bool:
    """Say whether a character is of a script that puts no spaces between words: Chinese or Japanese."""
    return _IS_UNSPACED.match(character) is not None


def joined(text: str, line: str) -> str:
    """Return a text with its next line: a word that was split is made whole, and no space stands beside Chinese."""
    if not text:
        return line
    if _SPLIT.search(text) and line[0].islower():
        return text[:-1] + line
    if _TIED.search(text) or is_unspaced(text[-1]) or is_unspaced(line[0]):
        return text + line
    return f"{text} {line}"


def _blocks(lines: Sequence[Line]) -> list[tuple[list[Line], str]]:
    """Return lines that stand below each other in one column, and how each such block follows the one before."""
    furthest = GAP * _usual_distance(lines)
    found: list[tuple[list[Line], str]] = []
    for place, line in enumerate(lines):
        how = _step(lines[place - 1], line, furthest) if place else _ELSEWHERE
        if found and how == _BELOW:
            found[-1][0].append(line)
        else:
            found.append(([line], how))
    return found


def _step(last: Line, line: Line, furthest: float) -> str:
    if not _is_under(last, line):
        return _ELSEWHERE
    if not _are_alike(last, line) or (last.base - line.base) / last.size > furthest:
        return _APART
    return _BELOW


def _usual_distance(lines: Sequence[Line]) -> float:
    """Return how far a page goes down from line to line."""
    steps = [(last.base - line.base) / last.size for last, line in pairwise(lines) if _is_under(last, line)]
    near = [step for step in steps if step < FAR]
    usual = statistics.median(near) if near else CLOSE
    return usual if len(near) >= TELLING else min(usual, CLOSE)


def _is_under(last: Line, line: Line) -> bool:
    is_lower = last.base - line.base > SAME * last.size
    return is_lower and line.left < last.right and line.right > last.left


def _are_alike(last: Line, line: Line) -> bool:
    return max(last.size, line.size) <= ALIKE * min(last.size, line.size)


def _is_short(last: Line, line: Line, margin: float, slack: float) -> bool:
    """Say whether there was room for the first word of the next line: then it was put there on purpose."""
    slack += SLACK_UNSPACED if is_unspaced(line.text[0]) else SLACK
    return last.right + line.word + slack * last.size < margin
