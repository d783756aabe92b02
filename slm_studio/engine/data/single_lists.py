"""Single lists: JSON columns whose every list holds one item at most, such as "label": ["billing"]. The item is the cell."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from slm_studio.core.texts import mark
from slm_studio.engine.data.keeping import Part
from slm_studio.engine.data.table import TableWriter, read_batches

FORMATS = ("json", "jsonl", "parquet")
_ITEM = r'"(?:[^"\\]|\\.)*"|-?\d+'
_FULL = rf"^\[(?:{_ITEM})\]$"
_SINGLE = rf"^\[(?:{_ITEM})?\]$"


def unwrap_single_lists(parts: Mapping[str, Part]) -> dict[str, Part]:
    """Return the parts with such columns as plain cells; what was done stands in the notes of the training part."""
    train = parts["train"]
    if any(part.notes.format not in FORMATS for part in parts.values()):
        return dict(parts)
    names = [name for name in train.columns if all(_is_single(part, name) for part in parts.values())]
    for name in names:
        train.notes.add(
            f"single-lists-{name}",
            mark("Column “{column}” holds lists of one: each cell is its only item."),
            column=name,
        )
    return {split: _unwrapped(part, names) for split, part in parts.items()} if names else dict(parts)


def _is_single(part: Part, name: str) -> bool:
    if name not in part.columns:
        return False
    full = 0
    for batch in read_batches(part.path):
        cells = batch.column(name)
        fits = pc.or_(pc.equal(cells, ""), pc.match_substring_regex(cells, _SINGLE))
        if not pc.all(fits, min_count=0).as_py():
            return False
        full += pc.sum(pc.match_substring_regex(cells, _FULL), min_count=0).as_py()
    return full > 0


def _unwrapped(part: Part, names: list[str]) -> Part:
    plain = part.path.with_suffix(".plain")
    with TableWriter(plain, part.notes, part.columns) as writer:
        for batch in read_batches(part.path):
            cells = dict(zip(batch.schema.names, batch.columns, strict=True))
            writer.write(cells | {name: pa.array(map(_item, cells[name].to_pylist()), pa.string()) for name in names})
    plain.replace(part.path)
    return replace(part, fingerprint=writer.fingerprint())


def _item(cell: str) -> str:
    items = json.loads(cell) if cell else []
    return items[0] if items and isinstance(items[0], str) else cell[1:-1]
