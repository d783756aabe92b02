"""Marking: what a person changes in the marks of a row, and the cell that says so in the form of its column.

A column marks words by a tag each, in a scheme and with letters of its own, or its texts by spans of characters.
Whatever the person did not touch stays as it was written: odd tags, further fields of a span, spans that lie below
longer ones.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from slm_studio.core.errors import StudioError
from slm_studio.core.spans import (
    OUTSIDE,
    Scheme,
    Span,
    characters_of,
    read_list,
    read_spans,
    scheme_of,
    split_tag,
    tags_of_words,
    write_list,
)
from slm_studio.core.tagged import UNNAMED, Sentence, marks_spans, read_marks, sentence_of, spans_of_cell

_SPELLINGS = ("IES", "ILU", "MES", "MEW")  # how BIOES, BILOU, BMES and BMEWO write “inside”, “end” and “single”


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """How a column writes marks."""

    spans: bool = False  # stretches of characters; else a tag for each word
    scheme: Scheme = "BIO"
    spelling: str = "IES"  # the letters of I, E and S
    joint: str = "-"  # stands between the letter and the label
    outside: str = "O"  # the tag of a word that nothing marks
    is_bare: bool = False  # letters alone: what is marked has no label


@dataclass(frozen=True, slots=True)
class Marking:
    """A row that can be marked: its words, its cell, and the spans of words that the cell marks."""

    sentence: Sentence
    cell: str
    spans: tuple[Span, ...]
    form: Form

    @property
    def is_new(self) -> bool:
        """Say whether nobody has marked it yet, nor said that there is nothing to mark."""
        return is_unfilled(self.cell) and not (self.form.spans and self.cell.strip())

    def with_cell(self, cell: str) -> "Marking":
        """Return the row with another cell."""
        return replace(self, cell=cell, spans=tuple(spans_of_cell(self.sentence, cell, self.form.scheme)))

    def settled(self, spans: Iterable[Span]) -> tuple[Span, ...]:
        """Return spans as the column can say them: labels alone cannot part two that touch."""
        return self.with_cell(self.written(spans)).spans

    def written(self, spans: Iterable[Span]) -> str:
        """Return the cell that marks these spans of words, which do not overlap."""
        wanted = tuple(sorted(spans))
        if wanted == self.spans and not self.is_new:
            return self.cell
        return (_with_spans if self.form.spans else _with_tags)(self, wanted)


def marking_of(text: str, cell: str, form: Form) -> Marking:
    """Return a row as it can be marked. Raises StudioError where a cell holds something else, or not a tag for each word."""
    sentence = sentence_of(text)
    if not is_unfilled(cell):
        form = replace(form, spans=marks_spans(cell))
        count = len(sentence.words) if form.spans else len(_tags(cell))
        if count != len(sentence.words):
            raise StudioError(
                "tags-unequal-here",
                "This row has {tags} {tags:tag|tags} for {words} {words:word|words}.",
                "Mend the list of its tags first.",
                tags=count,
                words=len(sentence.words),
            )
    return Marking(sentence, cell, tuple(spans_of_cell(sentence, cell, form.scheme)), form)


def form_of(cells: Sequence[str], *, of_words: bool) -> Form:
    """Return how cells write marks; where none does yet, tags for words (`of_words`) and spans for texts."""
    filled = [cell for cell in cells if not is_unfilled(cell)]
    spans = sum(map(marks_spans, filled))
    if 2 * spans > len(filled) or not (filled or of_words):
        return Form(spans=True)
    rows = [_tags(cell) for cell in filled if not marks_spans(cell)]
    tags = Counter(tag for row in rows for tag in row)
    marking = [(tag, *split_tag(tag), count) for tag, count in tags.items() if tag not in OUTSIDE]
    letters: Counter[str] = Counter()
    joints: Counter[str] = Counter()
    for tag, place, label, count in marking:
        letters[tag[0]] += count if place else 0
        joints[tag[1:2]] += count if place and label else 0
    bare = sum(count for _, place, label, count in marking if place and not label)
    outside = [tag for tag, _ in tags.most_common() if tag in OUTSIDE]
    return Form(
        scheme=scheme_of(rows),
        spelling=max(_SPELLINGS, key=lambda each: sum(letters[letter] for letter in each)),
        joint=joints.most_common(1)[0][0] if +joints else "-",
        outside=outside[0] if outside else "O",
        is_bare=2 * bare > letters.total(),
    )


def is_unfilled(cell: str) -> bool:
    """Say whether a cell holds neither a tag nor a span."""
    return "".join(cell.split()) in ("", "[]")


def mark_words(spans: Iterable[Span], start: int, end: int, label: str) -> tuple[Span, ...]:
    """Return spans with a stretch of words marked; what it touches gives way to it."""
    return tuple(sorted([*unmark_words(spans, start, end), Span(start, end, label)]))


def unmark_words(spans: Iterable[Span], start: int, end: int) -> tuple[Span, ...]:
    """Return spans without those that touch a stretch of words."""
    return tuple(span for span in spans if span.end <= start or span.start >= end)


def check_label(label: str, form: Form) -> None:
    """Raise StudioError where a column's form cannot write a label so that it is read again."""
    tags = _written_tags((Span(0, 1, label),), 1, form)
    place, found = split_tag(tags[0])
    if label.strip() and label == label.strip() and (form.spans or (place != "O" and (found or UNNAMED) == label)):
        return
    raise StudioError(
        "label-form",
        "“{label}” cannot be a label of this column.",
        "Take a word that no tag is written as, for example “PLACE”.",
        label=label,
    )


def _with_tags(row: Marking, wanted: Sequence[Span]) -> str:
    """Return a list of tags in which only the words of other spans got other tags, where that reads right."""
    count = len(row.sentence.words)
    fresh = _written_tags(wanted, count, row.form)
    if row.is_new:
        return write_list(fresh)
    tags = _tags(row.cell)
    for start, end, _ in set(wanted) ^ set(row.spans):
        tags[start:end] = fresh[start:end]
    written = write_list(tags)
    is_right = tuple(spans_of_cell(row.sentence, written, row.form.scheme)) == tuple(wanted)
    return written if is_right else write_list(fresh)


def _written_tags(spans: Sequence[Span], count: int, form: Form) -> list[str]:
    """Return one tag for each word as the column writes them."""
    tags = tags_of_words(spans, count, form.scheme)
    letters = {"B": "B", **dict(zip("IES", form.spelling, strict=True))}
    for at, tag in enumerate(tags):
        place, label = split_tag(tag) if tag != "O" else ("O", "")
        if place == "O":
            tags[at] = form.outside
        elif form.scheme == "IO":
            tags[at] = label
        elif form.is_bare and label == UNNAMED:
            tags[at] = letters[place]
        else:
            tags[at] = f"{letters[place]}{form.joint}{label}"
    return tags


def _with_spans(row: Marking, wanted: Sequence[Span]) -> str:
    """Return a list of spans; those that touch nothing that changed stay as they are."""
    entries = json.loads(row.cell) if row.cell.strip() else []
    before, after = set(row.spans), set(wanted)
    changed = characters_of(before ^ after, row.sentence.words)
    places = read_spans(row.cell)
    kept = [
        entry
        for entry, place in zip(entries, places, strict=True)
        if not any(place.start < end and start < place.end for start, end, _ in changed)
    ]
    was_sorted = all(one.start <= other.start for one, other in pairwise(places))
    kept += [span._asdict() for span in sorted(characters_of(after - before, row.sentence.words))]
    if was_sorted:
        kept.sort(key=lambda entry: int(entry["start"]))
    return json.dumps(kept, ensure_ascii=False)


def _tags(cell: str) -> list[str]:
    return read_marks(read_list, cell)
