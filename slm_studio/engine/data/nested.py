"""Nested JSON: find where in a document the records stand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from slm_studio.core.texts import mark
from slm_studio.engine.data.elements import as_records
from slm_studio.engine.data.names import SPLIT_VALUES, is_known_name
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.records import Record

DEEPEST = 6
FEWEST_ROWS = 4  # rows of a list of lists below which it is no table
LANGUAGES = {
    "ar", "cs", "da", "de", "el", "en", "es", "fi", "fr", "he", "hi", "hu", "id", "it", "ja", "ko", "nl", "no", "pl", "pt", "ro",
    "ru", "src", "sv", "tgt", "th", "tr", "uk", "vi", "zh",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The records of a document, their path ("" = the document itself) and the paths of lists that were left out."""

    records: Sequence[object]
    path: str = ""
    others: tuple[str, ...] = ()


def find_records(value: object, notes: Notes) -> Found:
    """Return the longest list of records in a document; columns side by side and records under keys count too.

    Example: find_records({"data": {"items": [{"a": "1"}, …]}}).path == "data.items"
    """
    if isinstance(value, dict) and (found := _splits(value, notes)):
        return found
    candidates = list(_candidates(value, "", 0, notes))
    if not candidates:
        return Found(records=[value])
    best = max(candidates, key=lambda each: len(each.records))
    others = tuple(each.path for each in candidates if each is not best and len(each.records) > 1)
    return Found(records=best.records, path=best.path, others=others)


def _candidates(value: object, path: str, depth: int, notes: Notes) -> Iterator[Found]:
    if isinstance(value, list):
        is_records = value and sum(isinstance(item, dict) for item in value) >= 0.9 * len(value)
        if is_records or _is_table(value) or _are_texts_with_marks(value):
            yield Found(records=value, path=path)
        return
    if not isinstance(value, dict) or depth > DEEPEST:
        return
    if table := _by_label(value, notes) or _columns(value) or _keyed(value):
        yield Found(records=table, path=path)
        return
    if isinstance(names := value.get("columns"), list) and _is_table(rows := value.get("data")):  # as pandas splits it
        yield Found(records=[dict(zip(map(str, names), row, strict=False)) for row in rows], path=path)  # type: ignore[attr-defined]
        return
    for key, item in value.items():
        yield from _candidates(item, f"{path}.{key}" if path else str(key), depth + 1, notes)


def _is_table(value: object) -> bool:
    """Say whether this is a list of rows that are lists of one width, such as [[text, label], …]."""
    if not isinstance(value, list) or len(value) < FEWEST_ROWS:
        return False
    widths = {len(row) if isinstance(row, list) else 0 for row in value}
    return (
        len(widths) == 1
        and 2 <= widths.pop() <= 100
        and not any(isinstance(c, list | dict) for row in value for c in row)
    )


def _are_texts_with_marks(value: Sequence[object]) -> bool:
    """Say whether this is a list of [text, {"entities": …}], as spaCy learns from it."""
    pairs = [item for item in value if item is not None]
    return bool(pairs) and all(
        isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], dict)
        for item in pairs
    )


def _splits(value: Record, notes: Notes) -> Found | None:
    """Return the records of {"train": …, "val": …, "test": …}, each with the name of its split."""
    named = {key: SPLIT_VALUES[key.strip().casefold()] for key in value if key.strip().casefold() in SPLIT_VALUES}
    if "train" not in named.values() or len(set(named.values())) < 2:
        return None
    records: list[object] = []
    for key in named:
        part = value[key]
        inner = part if isinstance(part, list) else find_records(part, notes).records
        records += [record | {"split": named[key]} for record in as_records(inner, notes)]
    others = tuple(key for key in value if key not in named and isinstance(value[key], list | dict) and value[key])
    return Found(records=records, others=others)


def _by_label(value: Mapping[str, object], notes: Notes) -> list[Record]:
    """Return the rows of {label: [texts]}. Lists of one length under names of columns or languages are columns instead."""
    if len(value) < 2 or not all(isinstance(part, list) and part for part in value.values()):
        return []
    if not all(isinstance(text, str) for part in value.values() for text in part):  # type: ignore[attr-defined]
        return []
    lengths = {len(part) for part in value.values()}  # type: ignore[arg-type]
    texts = [text for part in value.values() for text in part]  # type: ignore[attr-defined]
    if len(lengths) == 1 and (
        any(is_known_name(key) or key.casefold().partition("-")[0] in LANGUAGES for key in value)
        or len(set(texts)) < 0.9 * len(texts)
        or len(texts) == len(value)
    ):
        return []
    notes.add("keys-as-labels", mark("The keys of the document are the labels of the texts below them."))
    return [{"text": text, "label": key} for key, part in value.items() for text in part]  # type: ignore[attr-defined]


def _columns(value: Record) -> list[Record]:
    """Return the rows of {"text": […], "label": […]} or {"text": {"0": …}, "label": {"0": …}}."""
    parts = list(value.values())
    if len(parts) < 1 or not parts:
        return []
    if all(isinstance(part, dict) for part in parts) and len(parts) > 1:
        first = list(parts[0])  # type: ignore[call-overload]
        numbered = first and all(key.isdigit() for key in first)
        if not numbered or any(list(part) != first for part in parts):  # type: ignore[call-overload]
            return []
        parts = [list(part.values()) for part in parts]  # type: ignore[attr-defined]
    if not all(isinstance(part, list) and part for part in parts):
        return []
    if len({len(part) for part in parts}) > 1:  # type: ignore[arg-type]
        return []
    if any(isinstance(item, dict) for part in parts for item in part):  # type: ignore[attr-defined]
        return []
    return [dict(zip(value, cells, strict=True)) for cells in zip(*parts, strict=True)]


def _keyed(value: Record) -> list[Record]:
    """Return the rows of {"a1": {"text": …}, "a2": {"text": …}}; the keys become a column."""
    parts = list(value.values())
    if len(parts) < 3 or not all(isinstance(part, dict) and part for part in parts):
        return []
    common = set.intersection(*(set(part) for part in parts))  # type: ignore[call-overload]
    if not common or "key" in common:
        return []
    return [{"key": key} | part for key, part in value.items()]  # type: ignore[operator]
