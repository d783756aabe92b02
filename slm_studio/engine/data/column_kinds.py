"""Kinds: what a column holds, judged by its name, a sample of its cells and how often they repeat."""

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import UnionType

from slm_studio.core.dataset import MOST_DISTINCT, Kind
from slm_studio.core.speakers import are_messages
from slm_studio.engine.data import names
from slm_studio.engine.data.shapes import ADDRESS, CODE, DATE, NUMBER, TAG, TIME, WHOLE, WORD, share

MOST_LABELS = 1000
MOST_GRADES = 20  # different whole numbers beyond which they count something rather than grade or name it
REPEATED = 10  # times that a whole number stands on average, from which on it may name a label
SHORT = 40  # characters of a label, on average
LONGEST_LABEL = 200  # of one that repeats so often that it can be nothing else
MOST_LONG_LABELS = 50


def kind_of(name: str, sample: Sequence[str], distinct: int, filled: int) -> Kind:
    """Return what a column holds. `sample` has cells that are not blank, `filled` counts those of the whole column."""
    if not sample:
        return "text"
    if sample[0].lstrip()[:1] == "[" and (found := _list_kind(sample)):
        return found
    if written := _written_kind(name, sample):
        return written
    named_label = names.is_label(name)
    unique = distinct >= min(0.98 * filled, MOST_DISTINCT) and filled > 2
    if share(NUMBER, sample) > 0.95:
        return _number_kind(name, sample, distinct, filled, unique=unique, named_label=named_label)
    length = sum(map(len, sample)) / len(sample)
    if unique and length <= SHORT and (names.is_id(name) or share(CODE, sample) > 0.95):
        return "id"
    if names.is_id(name) and share(CODE, sample) > 0.9:
        return "id"
    if length > 10 and names.rank(name, names.TEXT_NAMES) < names.STRONG and not named_label:
        return "text"
    return "label" if _repeats(sample, distinct, filled, length, named_label) else "text"


def _written_kind(name: str, sample: Sequence[str]) -> Kind | None:
    """Return the kind that a way of writing gives away, whatever else the column is."""
    if share(ADDRESS, sample) > 0.9:
        return "address"
    if share(DATE, sample) > 0.9:
        return "date"
    if share(TIME, sample) > 0.9:
        return "time"
    length = sum(map(len, sample)) / len(sample)
    if names.folded(name) in names.ADDRESS_NAMES and length <= 3 * SHORT and share(NUMBER, sample) < 0.5:
        return "address"
    return None


def _number_kind(
    name: str, sample: Sequence[str], distinct: int, filled: int, *, unique: bool, named_label: bool
) -> Kind:
    if unique and (names.is_id(name) or _counts_up(sample)):
        return "id"
    if share(WHOLE, sample) <= 0.99:
        return "number"
    if named_label:
        return "label" if distinct <= min(MOST_GRADES, max(2, filled // 2)) else "number"
    grades = 2 <= distinct <= min(MOST_GRADES, filled // 2)
    return "label" if grades and not names.is_id(name) and not names.is_measure(name) else "number"


def measures(name: str, sample: Sequence[str], distinct: int, filled: int) -> bool:
    """Say whether the numbers of a column measure something: they have decimals, or hardly any stands twice.

    Whole numbers that repeat are as likely the numbers of labels, above all where the column is called a label.
    """
    if share(WHOLE, sample) <= 0.99 or names.folded(name) in names.SCORE_NAMES or names.is_measure(name):
        return True
    return names.folded(name) not in names.SURE_LABEL_NAMES and distinct * REPEATED > filled


def _repeats(sample: Sequence[str], distinct: int, filled: int, length: float, named_label: bool) -> bool:
    """Say whether cells repeat as labels do."""
    if length > SHORT:  # “Customer Relations and Complaints Handling Department”
        return length <= LONGEST_LABEL and distinct <= min(MOST_LONG_LABELS, max(1, filled // 10))
    few = distinct <= min(MOST_LABELS, max(1, int(filled * (0.8 if share(WORD, sample) > 0.9 else 0.5))))
    return few or (named_label and (filled <= 20 or distinct <= 0.9 * filled))


def _counts_up(sample: Sequence[str]) -> bool:
    """Say whether whole numbers rise by the same step from row to row: a row number."""
    if not all(WHOLE.match(cell) and len(cell) < 16 for cell in sample):
        return False
    numbers = [int(float(cell)) for cell in sample]
    return len({after - before for before, after in pairwise(numbers)}) == 1


def settle_words(kinds: Mapping[str, Kind], samples: Mapping[str, Sequence[str]]) -> dict[str, Kind]:
    """Return the kinds with lists of words and of their tags told from other lists: they are as long, row by row.

    `samples` holds cells of the same rows for every column. A list of words is told by its name too.
    """
    lists = {name: _lists(samples[name]) for name, kind in kinds.items() if kind in ("list", "tags")}
    texts = [name for name, found in lists.items() if kinds[name] == "list" and _are_all(str, found)]
    lengths = {name: [*map(len, found)] for name, found in lists.items()}
    tags = [
        name for name in lists if kinds[name] == "tags" or (names.is_tags(name) and _are_all(str | int, lists[name]))
    ]
    named = [name for name in texts if names.folded(name) in names.WORDS_NAMES]
    for words in [*named, *(name for name in texts if name not in named)]:
        alike = [name for name in tags if name != words and lengths[name] == lengths[words] and any(lengths[words])]
        if alike and max(lengths[words]) > 1:
            return {**kinds, words: "words", **dict.fromkeys(alike, "tags")}
    return {**kinds, **dict.fromkeys(named, "words")}


def _are_all(kind: type | UnionType, lists: Sequence[list[object]]) -> bool:
    return any(lists) and all(isinstance(item, kind) and not isinstance(item, bool) for each in lists for item in each)


def _lists(sample: Sequence[str]) -> list[list[object]]:
    """Return the cells that are JSON lists among the first."""
    found = []
    for cell in sample[:200]:
        try:
            value = json.loads(cell)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, list):
            found.append(value)
    return found


def _list_kind(sample: Sequence[str]) -> Kind | None:
    """Return the kind of cells that are JSON lists, or None where they are not."""
    found = _lists(sample)
    if len(found) < 0.9 * len(sample[:200]):
        return None
    items = [item for value in found for item in value[:20]]
    dicts = [item for item in items if isinstance(item, dict)]
    if items and len(dicts) == len(items):
        keys = set().union(*dicts)
        if are_messages(keys):
            return "messages"
        if any({start, end} <= keys for start in ("start", "startIndex", "begin") for end in ("end", "endIndex")):
            return "spans"
    words = [item for item in items if isinstance(item, str)]
    if words and len(words) == len(items) and all(TAG.match(word) for word in words):
        return "tags"
    return "list"
