"""Labelled lines: a label and a text on each line of a plain text file, without a delimiter that tables know.

fastText marks labels (“__label__billing I was charged twice”, one or several, before the text or behind it); others write
the label, a blank and the text, or the text first. Nearly all lines must agree, else they are just lines.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

AGREE = 0.98  # share of lines that must be written alike
FEWEST = 20  # lines below which blanks are just blanks
MOST_LABELS = 60
MOST_AT_ONCE = 100  # labels of one line
EACH = 3  # lines a label stands on, at least
VARIED = 0.5  # share of lines whose texts differ
SPOKEN = 0.3  # share of texts above which a word that stands in them is no label
MARK = "__label__"

_MARKED = re.compile(rf"^\s*({MARK}\S+(?:\s+{MARK}\S+)*)(\s.*)?$", re.DOTALL)
_COMMA = rf"^\s*({MARK}[^\s,]+(?:[\s,]+{MARK}[^\s,]+)*)"
_MARKED_COMMA = re.compile(rf"{_COMMA},(.*)$", re.DOTALL)
_MARKED_COMMA_APART = re.compile(rf"{_COMMA}\s*,(.*\S.*)$", re.DOTALL)
_BEFORE = re.compile(r"^(\S+)[ \u3000]+(\S.*)$", re.DOTALL)
_BEHIND = re.compile(r"^(.*\S)[ \u3000]+(\S+)\s*$", re.DOTALL)
_LABEL = re.compile(r"^\w[\w\-./&+:]*(?<![.:])$")
_TAG = re.compile(r"^([BIOESLUM]-\S+|O)$")  # of words in a sentence: those lines are no texts
_LETTER = re.compile(r"[^\W\d_]")
_BLANKS = " \t\u3000"


@dataclass(frozen=True, slots=True)
class Line:
    """What one line says."""

    text: str
    labels: tuple[str, ...]


Take = Callable[[str], Line | None]  # None: the line is written in another way


def plain(line: str) -> Line | None:
    """Take every line as a text without a label."""
    return None


def is_marked(lines: Sequence[str]) -> bool:
    """Say whether lines hold fastText's mark."""
    return MARK in "".join(lines[:FEWEST])


def judge(lines: Sequence[str]) -> Take | None:
    """Return the way in which nearly all lines hold their labels, or None where they are just lines."""
    filled = [line for line in lines if line.strip()]
    if not filled:
        return None
    if is_marked(filled):
        # A comma behind a blank may begin a text, which a few lines can have in common; many mean it to part.
        comma = _marked_comma_apart if len(filled) >= FEWEST else _marked_comma
        found = max((comma, _marked, _marked_behind), key=lambda take: _agreeing(filled, take))
        return found if _agreeing(filled, found) >= AGREE else None
    if len(filled) < max(FEWEST, AGREE * len(lines)):  # blank lines part verses and sentences
        return None
    telling = [take for take in (_before, _behind) if _tells(filled, take)]
    return telling[0] if len(telling) == 1 else None


def _agreeing(lines: Sequence[str], take: Take) -> float:
    return sum(take(line) is not None for line in lines) / len(lines)


def _marked(line: str) -> Line | None:
    found = _MARKED.match(line)
    return Line((found[2] or "").lstrip(_BLANKS), _labels(found[1].split())) if found else None


def _marked_comma(line: str, written: re.Pattern[str] = _MARKED_COMMA) -> Line | None:
    found = written.match(line)
    return Line(found[2].lstrip(_BLANKS), _labels(found[1].split())) if found else None


def _marked_comma_apart(line: str) -> Line | None:
    return _marked_comma(line, _MARKED_COMMA_APART)


def _marked_behind(line: str) -> Line | None:
    words: list[str] = []
    rest = line.rstrip()
    while rest and len(words) <= MOST_AT_ONCE:
        begin = max(rest.rfind(blank) for blank in _BLANKS) + 1
        if not rest.startswith(MARK, begin):
            break
        words.insert(0, rest[begin:])
        rest = rest[:begin].rstrip(_BLANKS)
    return Line(rest, _labels(words)) if 0 < len(words) <= MOST_AT_ONCE else None


def _labels(words: Sequence[str]) -> tuple[str, ...]:
    """Return the labels without their marks; some part them by commas."""
    each = (part for word in words for part in word.split("," + MARK))
    return tuple(label.removeprefix(MARK).rstrip(",") for label in each)


def _before(line: str) -> Line | None:
    found = _BEFORE.match(line)
    return Line(found[2], (found[1],)) if found and _may_be_label(found[1]) else None


def _behind(line: str) -> Line | None:
    found = _BEHIND.match(line)
    return Line(found[1], (found[2],)) if found and _may_be_label(found[2]) else None


def _may_be_label(word: str) -> bool:
    return bool(_LABEL.match(word)) and not _TAG.match(word)


def _tells(lines: Sequence[str], take: Take) -> bool:
    """Say whether the words at one end of the lines are labels: a few, on several lines each, and hardly in the texts."""
    found = [line for line in map(take, lines) if line is not None]
    counts = Counter(line.labels[0] for line in found)
    usual = {label for label, count in counts.items() if count >= EACH}
    told = [line for line in found if line.labels[0] in usual]
    if not 2 <= len(usual) <= min(MOST_LABELS, len(lines) // 5) or len(told) < AGREE * len(lines):
        return False
    if len({line.text for line in told}) < VARIED * len(told):
        return False
    words = {label.casefold() for label in usual}
    spoken = sum(not words.isdisjoint(line.text.casefold().split()) for line in told)
    lettered = sum(bool(_LETTER.search(line.text)) for line in told)
    return spoken <= SPOKEN * len(told) and lettered >= 0.9 * len(told)
