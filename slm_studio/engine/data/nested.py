"""Nested JSON: find where in a document the records stand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slm_studio.engine.data.records import Record

DEEPEST = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The records of a document, their path ("" = the document itself) and the paths of lists that were left out."""

    records: Sequence[object]
    path: str = ""
    others: tuple[str, ...] = ()


def find_records(value: object) -> Found:
    """Return the longest list of records in a document; columns side by side and records under keys count too.

    Example: find_records({"data": {"items": [{"a": "1"}, …]}}).path == "data.items"
    """
    candidates = list(_candidates(value, "", 0))
    if not candidates:
        return Found(records=[value])
    best = max(candidates, key=lambda each: len(each.records))
    others = tuple(each.path for each in candidates if each is not best and len(each.records) > 1)
    return Found(records=best.records, path=best.path, others=others)


def _candidates(value: object, path: str, depth: int) -> Iterator[Found]:
    if isinstance(value, list):
        if value and sum(isinstance(item, dict) for item in value) >= 0.9 * len(value):
            yield Found(records=value, path=path)
        return
    if not isinstance(value, dict) or depth > DEEPEST:
        return
    if table := _columns(value) or _keyed(value):
        yield Found(records=table, path=path)
        return
    for key, item in value.items():
        yield from _candidates(item, f"{path}.{key}" if path else str(key), depth + 1)


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
