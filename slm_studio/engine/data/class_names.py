"""Class names: what the numbers in a Parquet file stand for, as the `datasets` library writes it into the metadata."""

import json
from collections.abc import Mapping, Sequence


def names_of_lists(metadata: Mapping[bytes, bytes] | None) -> dict[str, list[str]]:
    """Return column → names, by their number, for the columns that are lists of numbered classes."""
    try:
        features = json.loads((metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    found = {}
    for column, feature in features.items() if isinstance(features, dict) else ():
        inner = feature[0] if isinstance(feature, list) and feature else _inner(feature)
        names = inner.get("names") if isinstance(inner, dict) and inner.get("_type") == "ClassLabel" else None
        if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
            found[column] = names
    return found


def named(numbers: Sequence[object], names: Sequence[str]) -> tuple[list[str], int]:
    """Return the names of numbers, and how many have none: those stand as they are."""
    known = [isinstance(number, int) and 0 <= number < len(names) for number in numbers]
    cells = [names[number] if is_known else str(number) for number, is_known in zip(numbers, known, strict=True)]  # type: ignore[index]
    return cells, known.count(False)


def _inner(feature: object) -> object:
    return feature.get("feature") if isinstance(feature, dict) else None
