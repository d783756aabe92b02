"""Spans: named stretches of a text, as characters (start, end, label), as words, and as one tag a word.

Everything is read into one inner form, spans of words, and written from it again. Nothing is mended in silence: each
function that drops or moves something returns what it did as `Flaws`, a count by code:
unopened     a tag goes on with an entity that no tag began; it begins one, as in conlleval
unclosed     an entity of a scheme that closes them was not closed; it ends where it ends
unequal      there are more words than tags, or the other way round
outside      a span reaches beyond its text, and was left out
empty        a span holds no word, and was left out
misaligned   a span begins or ends within a word, and was widened to whole words
overlapping  a span shares words with a longer one, and was left out
"""

import json
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Literal, NamedTuple

Scheme = Literal["BIO", "IOB1", "BIOES", "IO"]
Flaws = Counter[str]


class Span(NamedTuple):
    """A stretch with a name: of characters or of words, `end` is the place behind it."""

    start: int
    end: int
    label: str


class Word(NamedTuple):
    """A word and where it stands: text[start:end] is the word."""

    text: str
    start: int
    end: int


OUTSIDE = ("O", "", "_", "-")  # tags of words that belong to no entity
_PREFIXED = re.compile(r"^([BIESLUMW])(?:[-_](.+))?$", re.DOTALL)
_SAME_AS = {"L": "E", "U": "S", "W": "S", "M": "I"}  # BILOU, BMES and BMEWO are BIOES in other letters
_CJK = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_CLOSE = re.compile(f"[{_CJK}\u3000-\u303f\uff00-\uffef]")  # no blank stands beside these


def split_tag(tag: str) -> tuple[str, str]:
    """Return the place within an entity (B, I, E, S, O, or "" where a tag says none) and the entity's label.

    Example: split_tag("U-PER") == ("S", "PER"), split_tag("O") == ("O", ""), split_tag("PER") == ("", "PER")
    """
    if tag in OUTSIDE:
        return "O", ""
    found = _PREFIXED.match(tag)
    return (_SAME_AS.get(found[1], found[1]), found[2] or "") if found else ("", tag)


def scheme_of(rows: Iterable[Sequence[str]]) -> Scheme:
    """Return the scheme that the tags of all rows are written in.

    BIOES closes entities; IO has labels alone. B begins every entity in BIO, and in IOB1 only those that follow one
    of the same label at once: what most entities of the file do decides. I alone is IOB1, which reads it as IO does.
    """
    begins, goes_on, bare, closes = 0, 0, 0, 0
    for tags in rows:
        before = ("O", "")
        for tag in tags:
            place, label = split_tag(tag)
            follows = before[0] != "O" and before[1] == label
            begins += place == "B" and not follows
            goes_on += place == "I" and not follows
            bare += place == ""
            closes += place in ("E", "S")
            before = (place, label)
    if closes > bare:
        return "BIOES"
    if bare > begins + goes_on:
        return "IO"
    return "IOB1" if goes_on > begins else "BIO"


def spans_of_tags(
    words: Sequence[str], tags: Sequence[str], scheme: Scheme, *, strict: bool = False
) -> tuple[list[Span], Flaws]:
    """Return the entities as spans of words.

    As in conlleval, a tag that goes on with nothing begins an entity; it is counted. `strict` leaves out what the
    scheme forbids instead, as seqeval's strict mode does with IOB2 and IOBES: a BIO entity begins with B, a BIOES
    entity is closed.
    """
    flaws: Flaws = Counter()
    if len(words) != len(tags):
        flaws["unequal"] += 1
    found: list[Span] = []
    start, label, is_sound = -1, "", True  # of the open entity; -1: none is open
    last = ""  # place of the tag before

    def close(end: int) -> None:
        nonlocal start
        if start >= 0:
            is_closed = scheme != "BIOES" or last in ("E", "S")
            flaws["unclosed"] += not is_closed
            if not strict or (is_sound and is_closed):
                found.append(Span(start, end, label))
        start = -1

    for number, tag in enumerate(tags[: len(words)]):
        place, name = split_tag(tag)
        goes_on = start >= 0 and name == label and place not in ("B", "S", "O")
        goes_on = goes_on and not (scheme == "BIOES" and last in ("E", "S"))
        if not goes_on:
            close(number)
        if place != "O" and not goes_on:
            start, label = number, name
            is_sound = place in ("B", "S") or scheme in ("IO", "IOB1")
            flaws["unopened"] += not is_sound
        last = place
    close(min(len(tags), len(words)))
    return found, +flaws


def tags_of_words(spans: Iterable[Span], count: int, scheme: Scheme = "BIO") -> list[str]:
    """Return one tag for each of `count` words from spans of words that do not overlap.

    Example: tags_of_words([Span(1, 3, "LOC")], 4) == ["O", "B-LOC", "I-LOC", "O"]
    """
    tags = ["O"] * count
    found = set(spans)
    ends = {(span.end, span.label) for span in found}
    for start, end, label in found:
        places = ["I"] * (end - start)
        if scheme in ("BIO", "BIOES") or (scheme == "IOB1" and (start, label) in ends):
            places[0] = "B"
        if scheme == "BIOES":
            places[-1] = "E" if len(places) > 1 else "S"
        tags[start:end] = [f"{place}-{label}" if label else place for place in places]
    return tags


def words_with_offsets(text: str) -> list[Word]:
    """Return the words of a text: runs of letters and digits, each CJK character and each other sign alone.

    Marks stay with what they stand on. Between the words is nothing but white space.
    Example: [word.text for word in words_with_offsets("It's 9:30，好")] == ["It", "'", "s", "9", ":", "30", "，", "好"]
    """
    return [Word(found[0], found.start(), found.end()) for found in _word().finditer(text)]


def place_words(words: Sequence[str]) -> tuple[str, list[Word]]:
    """Return the text that words make, a blank between two unless one side of it is Chinese or Japanese.

    Example: place_words(["在", "New", "York", "。"])[0] == "在New York。"
    """
    parts: list[str] = []
    placed: list[Word] = []
    at, before = 0, ""
    for word in words:
        if before and word and not _CLOSE.match(before) and not _CLOSE.match(word):
            parts.append(" ")
            at += 1
        parts.append(word)
        placed.append(Word(word, at, at + len(word)))
        at += len(word)
        before = word[-1:] or before
    return "".join(parts), placed


def fit_spans(text: str, spans: Iterable[Span], words: Sequence[Word]) -> tuple[list[Span], Flaws]:
    """Return spans of characters as spans of words that do not overlap, in order; the longer of two wins.

    White space at the ends of a span does not count. A span within a word is widened to it.
    """
    flaws: Flaws = Counter()
    starts = [word.start for word in words]
    fitted: list[Span] = []
    for start, end, label in spans:
        if start < 0 or end > len(text) or start > end:
            flaws["outside"] += 1
            continue
        inner = text[start:end]
        first, last = start + len(inner) - len(inner.lstrip()), start + len(inner.rstrip())
        begin, stop = _between(words, starts, first, last)
        if first >= last or begin >= stop:
            flaws["empty"] += 1
            continue
        flaws["misaligned"] += (words[begin].start, words[stop - 1].end) != (first, last)
        fitted.append(Span(begin, stop, label))
    taken = bytearray(len(words))
    chosen: list[Span] = []
    for span in sorted(fitted, key=lambda span: (span.start - span.end, span.start)):
        if any(taken[span.start : span.end]):
            flaws["overlapping"] += 1
            continue
        taken[span.start : span.end] = b"\1" * (span.end - span.start)
        chosen.append(span)
    return sorted(chosen), +flaws


def tags_of_spans(
    text: str, spans: Iterable[Span], words: Sequence[Word], scheme: Scheme = "BIO"
) -> tuple[list[str], Flaws]:
    """Return one tag for each word of a text from spans of its characters."""
    fitted, flaws = fit_spans(text, spans, words)
    return tags_of_words(fitted, len(words), scheme), flaws


def characters_of(spans: Iterable[Span], words: Sequence[Word]) -> list[Span]:
    """Return spans of words as spans of the characters of their text."""
    return [Span(words[start].start, words[end - 1].end, label) for start, end, label in spans]


def read_list(cell: str) -> list[str]:
    """Return the items of a cell of words or tags; an empty cell has none. Raises ValueError where it is no list."""
    items = _items(cell)
    if not isinstance(items, list):
        raise ValueError("no list")
    return [item if isinstance(item, str) else json.dumps(item) for item in items]


def read_spans(cell: str) -> list[Span]:
    """Return the spans of a cell; an empty cell has none. Raises ValueError where it holds something else."""
    try:
        return [
            Span(int(each["start"]), int(each["end"]), str(each["label"]))
            for each in _items(cell)  # type: ignore[attr-defined]
        ]
    except (KeyError, TypeError, OverflowError) as error:  # 1e999 is a number without end
        raise ValueError("no spans") from error


def _items(cell: str) -> object:
    try:
        return json.loads(cell) if cell.strip() else []
    except RecursionError as error:
        raise ValueError("lists in lists in lists …") from error


def write_list(items: Sequence[str]) -> str:
    """Return words or tags as a cell."""
    return json.dumps(items, ensure_ascii=False)


def write_spans(spans: Iterable[Span]) -> str:
    """Return spans as a cell: a JSON list of {"start", "end", "label"}."""
    return json.dumps([span._asdict() for span in spans], ensure_ascii=False)


def _between(words: Sequence[Word], starts: Sequence[int], first: int, last: int) -> tuple[int, int]:
    """Return the words that share a character with first … last, as a stretch."""
    begin = bisect_right(starts, first) - 1
    if begin < 0 or words[begin].end <= first:
        begin += 1
    return begin, bisect_left(starts, last)


@cache
def _word() -> re.Pattern[str]:
    """Return the pattern of a word."""
    marks = _marks() + "\u200c\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"  # joiners, and what colours emoji
    letters = f"[^\\W_{_CJK}]"
    return re.compile(
        f"{letters}+(?:[{marks}]+{letters}*)*|[{_CJK}][{marks}]*"
        f"|[\U0001f1e6-\U0001f1ff]{{2}}|\\S(?:[{marks}]|(?<=\u200d)[^\\s\\w])*"
    )


def _marks() -> str:
    """Return the ranges of characters that stand on the one before: re has no class for them."""
    codes = [code for code in range(0x300, 0x20000) if unicodedata.category(chr(code))[0] == "M"]
    firsts = [code for code, before in zip(codes, [0, *codes], strict=False) if code - 1 != before]
    lasts = [code for code, after in zip(codes, [*codes[1:], 0], strict=True) if code + 1 != after]
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in zip(firsts, lasts, strict=True))
