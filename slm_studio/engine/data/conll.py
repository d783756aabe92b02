"""CoNLL: a word a line with its tag, sentences parted by blank lines. Which column holds what is told by the cells.

Only lines in which one column is nearly always a tag (O, B-PER, I-PER, S-LOC …) are taken for that; a file whose name
ends in .conll, .bio and the like needs less proof than one of plain text.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from slm_studio.core.dropped import CONLL
from slm_studio.core.spans import OUTSIDE, split_tag
from slm_studio.engine.data.shapes import NUMBER, share

FIRST = 60  # lines that tell quickly that a file is something else
MOST_COLUMNS = 60
AGREE, AGREE_BARE = 0.98, 0.3  # share of lines with a tag; share of O where tags are labels alone
SAME_WIDTH = 0.9  # share of lines of one width
MOST_BARE = 60  # different labels without B- and I-
FEWEST_SAME = 20  # lines with one value that make a column say nothing
SAYS_NOTHING = ("", "-", "_", "-X-", "O")
DOCUMENT = "-DOCSTART-"
HEADERS = (
    "tag",
    "tags",
    "ner",
    "ner_tag",
    "ner_tags",
    "label",
    "labels",
    "bio",
    "iob",
    "entity",
    "slot",
    "标签",
    "标注",
)
UNIVERSAL = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")  # CoNLL-U
PHRASES = {"NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP"}  # of a sentence, no names

RANGE, EMPTY = re.compile(r"^\d+-\d+$"), re.compile(r"^\d+\.\d+$")  # numbers of words written as one, and of none
_WHOLE = re.compile(r"^\d+$")
_TAG = re.compile(r"^(?:O|[BIESLUMW][-_]\S+)$")
_LETTERS = ({"B", "I", "E", "S"}, {"B", "M", "E", "S"})  # tags of entities without a label
_BARE = re.compile(r"^[^\W\d_][\w\-./]*$")
_BLANKS = re.compile(r"[ \t]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Which column holds what, from 0."""

    delimiter: str  # a tab, or a blank for any blanks and tabs
    width: int
    word: int
    tag: int
    number: int  # of the word in its sentence; -1: no column holds it
    further: tuple[int, ...]  # columns that are kept beside these
    constant: dict[int, str]  # columns that hold one value and are left out
    names: tuple[str, ...]
    has_header: bool
    is_bare: bool  # tags are labels alone: PER, O

    def cut(self, line: str) -> list[str]:
        """Return the cells of a line."""
        return _cut(line, self.delimiter)

    def is_tag(self, cell: str) -> bool:
        """Say whether a cell is written like the tags of this file."""
        return cell in OUTSIDE or bool(_TAG.match(cell)) or (self.is_bare and bool(_BARE.match(cell)))

    def is_comment(self, line: str) -> bool:
        """Say whether a line that begins with # is a comment and no word, as #fun is one."""
        if not line.startswith("#"):
            return False
        cells = self.cut(line)
        return len(cells) != self.width or not self.is_tag(cells[self.tag])


def is_blank(line: str) -> bool:
    """Say whether a line parts two sentences."""
    return not line or line.isspace()


def judge(lines: Sequence[str], name: str) -> Layout | None:
    """Return how lines hold words and tags, or None where they are something else."""
    is_named = name.lower().endswith(CONLL)
    words = [line for line in lines if not (is_blank(line) or line.startswith(("#", DOCUMENT)))]
    first = words[1 : FIRST + 1] or words
    if not is_named and sum(any(map(_TAG.match, line.split())) for line in first) < AGREE_BARE * len(first):
        return None  # told at once for nearly every other file
    filled = [not is_blank(line) for line in lines]
    has_sentences = is_named or not all(
        filled[filled.index(True) : len(filled) - filled[::-1].index(True)] if words else ()
    )
    for delimiter in ("\t", " "):
        rows = [_cut(line, delimiter) for line in words]
        width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
        usual = [row for row in rows if len(row) == width]
        is_table = 1 < width <= MOST_COLUMNS and len(usual) >= SAME_WIDTH * len(rows)
        if is_table and (found := _layout(usual, delimiter, is_named=is_named, has_sentences=has_sentences)):
            return found
    return None


def _layout(rows: Sequence[Sequence[str]], delimiter: str, *, is_named: bool, has_sentences: bool) -> Layout | None:
    has_header = len(rows) > 1 and any(cell.strip().casefold() in HEADERS for cell in rows[0])
    has_header = has_header and not any(map(_TAG.match, rows[0]))
    header, rows = rows[0], rows[has_header:]
    columns = [list(cells) for cells in zip(*rows, strict=True)]
    tags = [place for place, cells in enumerate(columns) if _are_tags(cells, is_named=is_named)]
    bare = [] if tags or not has_sentences else [p for p, cells in enumerate(columns) if _are_bare(cells)]
    if not tags and not bare:
        return None
    tag = _entities(columns, tags) if tags else bare[-1]
    number = next((place for place, cells in enumerate(columns) if len(columns) > 2 and _count_up(cells)), -1)
    rest = [place for place in range(len(columns)) if place not in (tag, number)]
    word = max(
        rest, key=lambda place: (share(NUMBER, columns[place]) < 0.9, len(set(columns[place])), -place), default=-1
    )
    if word < 0 or (not is_named and sum(" " in cell.strip() for cell in columns[word]) > 0.1 * len(rows)):
        return None  # a text and its label
    constant = {place: columns[place][0] for place in rest if place != word and _says_nothing(columns[place])}
    return Layout(
        delimiter=delimiter,
        width=len(columns),
        word=word,
        tag=tag,
        number=number,
        further=tuple(place for place in rest if place != word and place not in constant),
        constant=constant,
        names=_names(header, has_header=has_header, number=number),
        has_header=has_header,
        is_bare=not tags,
    )


def _cut(line: str, delimiter: str) -> list[str]:
    return line.split("\t") if delimiter == "\t" else _BLANKS.split(line.strip(" \t"))


def _are_tags(cells: Sequence[str], *, is_named: bool) -> bool:
    """Say whether nearly all cells are tags, those of entities among them."""
    values = Counter(cells)
    named = [value for value in values if _TAG.match(value) and value != "O"]
    places = {value[0] for value in named}
    if not named and (letters := values.keys() - {*OUTSIDE}):  # as entities of one sort have them
        return len(letters) > 1 and any(letters <= each for each in _LETTERS) and (is_named or "O" in values)
    known = sum(count for value, count in values.items() if value in OUTSIDE or value in named)
    if known < AGREE * len(cells) or not (named or (is_named and "O" in values)):
        return False
    return is_named or "O" in values or ("B" in places and len(places) > 1)


def _are_bare(cells: Sequence[str]) -> bool:
    """Say whether cells are O and a few labels that come again."""
    values = Counter(cells)
    labels = values.keys() - {"O"}
    few = 0 < len(labels) <= min(MOST_BARE, max(1, len(cells) // 3))
    return (
        few and values["O"] >= AGREE_BARE * len(cells) and all(len(each) > 1 and _BARE.match(each) for each in labels)
    )


def _entities(columns: Sequence[Sequence[str]], tags: Iterable[int]) -> int:
    """Return the column of tags that tells entities: of several no phrases, and the one with most in it."""

    def cost(place: int) -> tuple[bool, int, int]:
        labels = [split_tag(cell)[1] for cell in columns[place] if cell not in OUTSIDE]
        phrases = sum(label in PHRASES for label in labels)
        return phrases > 0.5 * len(labels), -len(labels), -place

    return min(tags, key=cost)


def _count_up(cells: Sequence[str]) -> bool:
    """Say whether cells number the words of each sentence."""
    numbers = [int(cell) for cell in cells if _WHOLE.match(cell) and len(cell) < 9]
    others = sum(bool(RANGE.match(cell) or EMPTY.match(cell)) for cell in cells)
    if not numbers or len(numbers) + others < AGREE * len(cells) or numbers[0] > 1:
        return False
    steps = [after in (0, 1, before + 1) for before, after in pairwise(numbers)]
    return sum(steps) >= AGREE * len(steps)


def _says_nothing(cells: Sequence[str]) -> bool:
    return len(set(cells)) == 1 and (cells[0] in SAYS_NOTHING or len(cells) >= FEWEST_SAME)


def _names(header: Sequence[str], *, has_header: bool, number: int) -> tuple[str, ...]:
    if has_header:
        return tuple(cell.strip() or f"column_{place + 1}" for place, cell in enumerate(header))
    if len(header) == len(UNIVERSAL) and number == 0:
        return UNIVERSAL
    return tuple(f"column_{place + 1}" for place in range(len(header)))
