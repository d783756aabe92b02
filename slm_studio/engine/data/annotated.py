"""Annotated: records in which stretches of a text are marked become “text” and “spans”, whichever tool wrote them.

Label Studio, doccano, spaCy, Prodigy, {"text", "entities": [[start, end, label]]} and the form of restaurant8k. Spans
keep their places as the file has them; those that do not fit their text or its words are counted, not mended.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from slm_studio.core.spans import Span, fit_spans, words_with_offsets, write_spans
from slm_studio.core.texts import mark
from slm_studio.engine.data import names
from slm_studio.engine.data.headers import free_name
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.records import Number, Record

JUDGED = 1000  # records that say where the spans stand
AGREE = 0.9  # share of the marks that must be spans within their text
TEXT, SPANS = "text", "spans"  # columns
STARTS = ("start", "start_offset", "startIndex", "begin", "start_char", "offset_start")
ENDS = ("end", "end_offset", "endIndex", "stop", "end_char", "offset_end")
LABELS = ("label", "labels", "type", "tag", "slot", "entity", "entity_type", "entity_group", "name", "category")
USUAL = ("entities", "spans", "ents", "label", "labels", "annotations", "slots", "ner")  # keys, the surest first
FLAWS = {
    "misaligned": mark("{count} {count:span begins or ends|spans begin or end} within a word; for learning {count:it is|they are} widened to whole words."),
    "overlapping": mark("{count} {count:span overlaps|spans overlap} a longer one; only the longer one is learnt."),
    "outside": mark("{count} {count:span reaches|spans reach} beyond {count:its|their} text and {count:is|are} not learnt."),
    "empty": mark("{count} {count:span holds|spans hold} no word and {count:is|are} not learnt."),
}  # fmt: skip

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """A span as a record has it, with the text that the tool says it holds ("" where it does not say)."""

    span: Span
    says: str
    is_from_start: bool  # no beginning is named: some tools leave a zero out


Take = Callable[[Record, Notes], "tuple[str, list[Marked], Record] | None"]


def with_spans(records: Iterator[Record], notes: Notes) -> Iterator[Record]:
    """Yield the records; where their texts have marked stretches, with the columns “text” and “spans”."""
    first = list(islice(records, JUDGED))
    take = _judge(first, notes)
    if take is None:
        yield from chain(first, records)
        return
    for row, record in enumerate(chain(first, records)):
        found = take(record, notes)
        if found is None:
            yield record
            continue
        text, marked, rest = found
        spans = [_placed(each, text, row, notes) for each in marked]
        _, flaws = fit_spans(text, spans, words_with_offsets(text) if spans else ())
        for code, count in flaws.items():
            notes.add(f"spans-{code}", FLAWS[code], place=row, count=count)
        yield _record(text, spans, rest)


def _record(text: str, spans: Sequence[Span], rest: Record) -> Record:
    taken = {free_name(key, (TEXT, SPANS)): value for key, value in rest.items()}
    return {TEXT: text, SPANS: write_spans(spans), **taken}  # as text: a list of one object would become columns


def _judge(records: Sequence[Record], notes: Notes) -> Take | None:
    """Return how to take spans from records, or None where they hold none."""
    if any(_studio_marks(record) for record in records):
        notes.add("spans", mark("Marks of Label Studio became the column “spans”, their texts the column “text”."))
        return _from_studio
    paths: dict[Path, None] = {}
    for record in records:
        paths.update(dict.fromkeys(path for path, value in _leaves(record) if isinstance(value, list) and value))
    ordered = sorted(paths, key=lambda path: USUAL.index(path[-1]) if path[-1] in USUAL else len(USUAL))
    for path in ordered:
        where = _text_path(records, path)
        if where is None or not _are_spans(records, path, where):
            continue
        notes.add(
            "spans",
            mark("“{spans}” marks stretches of “{text}”; they became the columns “spans” and “text”."),
            spans=".".join(path),
            text=".".join(where),
        )
        return lambda record, notes: _from_record(record, notes, path, where)
    return None


def _leaves(record: Mapping[str, object]) -> Iterator[tuple[Path, object]]:
    """Yield what stands under each key and under each key of an object in it."""
    for key, value in record.items():
        if isinstance(value, dict):
            yield from (((key, inner), item) for inner, item in value.items())
        else:
            yield (key,), value


def _text_path(records: Sequence[Record], spans: Path) -> Path | None:
    """Return where the texts stand: under a name for texts, else the longest ones."""
    lengths: dict[Path, int] = {}
    for record in records:
        for path, value in _leaves(record):
            if type(value) is str and path != spans:
                lengths[path] = lengths.get(path, 0) + len(value)
    return min(lengths, key=lambda path: (names.rank(path[-1], names.TEXT_NAMES), -lengths[path]), default=None)


def _are_spans(records: Sequence[Record], path: Path, where: Path) -> bool:
    """Say whether nearly all that stands at `path` are spans within the text at `where`."""
    total = right = 0
    for record in records:
        text, items = _at(record, where), _at(record, path)
        for item in items if isinstance(items, list) else ():
            total += 1
            marked = _read(item)
            right += bool(marked) and type(text) is str and all(each.span.end <= len(text) for each in marked)
    return total > 0 and right >= AGREE * total


def _at(record: object, path: Path) -> object:
    for key in path:
        record = record.get(key) if isinstance(record, dict) else None
    return record


def _without(record: Record, path: Path) -> Record:
    key, *rest = path
    if not rest or not isinstance(inner := record.get(key), dict):
        return {name: value for name, value in record.items() if name != key}
    left = {name: value for name, value in inner.items() if name != rest[0]}
    return {name: left if name == key else value for name, value in record.items() if name != key or left}


def _from_record(record: Record, notes: Notes, path: Path, where: Path) -> tuple[str, list[Marked], Record] | None:
    text, items = _at(record, where), _at(record, path)
    if type(text) is not str:
        return None
    marked: list[Marked] = []
    for item in items if isinstance(items, list) else ():
        if found := _read(item):
            marked += found
        else:
            notes.add(
                "spans-unreadable",
                mark("{count} {count:mark is no span and was|marks are no spans and were} left out."),
            )
    return text, marked, _without(_without(record, path), where)


def _read(item: object) -> list[Marked]:
    """Return the spans that one item marks: one for each of its labels; none where it marks nothing."""
    if isinstance(item, list):
        if len(item) == 3 and isinstance(item[0], Number) and isinstance(item[1], Number) and _is_label(item[2]):
            return _marked(item[0], item[1], [item[2]], "")
        return []
    if not isinstance(item, dict):
        return []
    label = next((item[key] for key in LABELS if item.get(key)), None)
    place = next((each for each in item.values() if isinstance(each, dict) and _first(each, ENDS) is not None), item)
    start, end = _first(place, STARTS), _first(place, ENDS)
    labels = label if isinstance(label, list) else [label]
    if not labels or not all(map(_is_label, labels)):
        return []
    says = item.get("text", "")
    if start is None and "endIndex" in place:
        return [Marked(each.span, each.says, True) for each in _marked(Number("0"), end, labels, "")]
    return _marked(start, end, labels, says if type(says) is str else "")


def _is_label(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _first(item: Mapping[str, object], keys: Sequence[str]) -> object:
    return next((item[key] for key in keys if isinstance(item.get(key), Number)), None)


def _marked(start: object, end: object, labels: Sequence[object], says: str) -> list[Marked]:
    if not (isinstance(start, Number) and isinstance(end, Number)):
        return []
    try:
        return [Marked(Span(int(start), int(end), str(label)), says, False) for label in labels]
    except ValueError:  # seconds, or shares of a page
        return []


def _studio_marks(record: Record) -> list[object]:
    """Return the results with labels of the first annotation that was not cancelled."""
    results = _studio_results(record)
    return [each for each in results if isinstance(value := _at(each, ("value",)), dict) and _read(value)]


def _studio_results(record: Record) -> list[object]:
    found = record.get("annotations") or record.get("completions")
    valid = (
        [each for each in found if isinstance(each, dict) and each.get("was_cancelled") is not True]
        if isinstance(found, list)
        else []
    )
    results = valid[0].get("result") if valid and isinstance(record.get("data"), dict) else None
    return results if isinstance(results, list) else []


def _from_studio(record: Record, notes: Notes) -> tuple[str, list[Marked], Record] | None:
    data = record.get("data")
    texts = {key: value for key, value in data.items() if type(value) is str} if isinstance(data, dict) else {}
    if not texts:
        return None
    key = min(texts, key=lambda key: (names.rank(key, names.TEXT_NAMES), -len(texts[key])))
    marks = _studio_marks(record)
    if others := len(_studio_results(record)) - len(marks):
        notes.add("marks-left-out", mark("{count} {count:mark|marks} that {count:is|are} no span, such as a choice, {count:was|were} left out."), count=others)  # fmt: skip
    found = record.get("annotations") or record.get("completions")
    if isinstance(found, list) and len(found) > 1:
        notes.add("annotations-several", mark("{count} {count:text was|texts were} marked more than once; the first that was not cancelled counts."))  # fmt: skip
    marked = [span for each in marks for span in _read(_at(each, ("value",)))]
    rest = {name: value for name, value in record.items() if name not in ("annotations", "completions", "predictions")}
    return texts[key], marked, _without(rest, ("data", key))


def _placed(marked: Marked, text: str, row: int, notes: Notes) -> Span:
    """Return a span in characters. A tool that says what a span holds may have counted an emoji as two."""
    start, end, label = marked.span
    if marked.is_from_start:
        notes.add("spans-from-start", mark("{count} {count:span names|spans name} no beginning and {count:begins|begin} with the text."), place=row)  # fmt: skip
    if not marked.says or text[start:end].split() == marked.says.split() or not 0 <= start <= end:
        return marked.span
    units = text.encode("utf-16-le", "surrogatepass")
    inner = units[2 * start : 2 * end].decode("utf-16-le", "replace")
    if inner.split() == marked.says.split():
        begin = len(units[: 2 * start].decode("utf-16-le", "replace"))
        notes.add("spans-moved", mark("{count} {count:span was|spans were} counted with emoji as two characters each; {count:it was|they were} moved to where the text is that the file names."), place=row)  # fmt: skip
        return Span(begin, begin + len(inner), label)
    notes.add("spans-differ", mark("{count} {count:span holds|spans hold} another text than the file says."), place=row)
    return marked.span
