"""Make the numbers of a .gguf file whole and write them as model.safetensors, a piece at a time: memory stays flat."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gguf import quants
from gguf.constants import GGML_QUANT_SIZES
from gguf.constants import GGMLQuantizationType as Kind

from slm_studio.core.events import Event, Progress
from slm_studio.engine.models.gguf.header import Header, Table, damaged, unreadable_kind
from slm_studio.engine.models.gguf.shapes import Place, Shape

_KEPT = {Kind.F32: "F32", Kind.F16: "F16", Kind.BF16: "BF16"}  # as the file has them
_ITEMS = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_PIECE = 8 * 1024 * 1024  # numbers made whole together


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decides how tables are written. `precision` (F32 | BF16) is for those that the file has shortened."""

    header: Header
    shape: Shape
    places: Mapping[str, Place]
    heads: int  # that ask
    asked_heads: int
    precision: str

    def dtype(self, table: Table) -> str:
        """Return in which form a table will be."""
        return "F32" if self.is_raised(table) else _KEPT.get(table.kind, self.precision)

    def is_raised(self, table: Table) -> bool:
        """Say whether a table holds 1 + weight."""
        return self.shape.raised and self.places[table.name].short.endswith("norm")

    def is_turned(self, table: Table) -> bool:
        """Say whether the rows of a table are columns here."""
        return len(table.shape) == 2 and self.places[table.name].short in self.shape.turned

    def tables(self) -> list[Table]:
        """Return the tables that are written, in their order."""
        return [self.header.tables[name] for name in self.places]

    def size(self, table: Table) -> int:
        """Return how many bytes a table takes when it is written."""
        return table.count * np.dtype(_ITEMS[self.dtype(table)]).itemsize


def check_kinds(plan: Plan) -> None:
    """Refuse numbers that nothing here can make whole, before the first is read."""
    for kind, table in {table.kind: table for table in plan.tables()}.items():
        if kind == Kind.F64:
            continue
        try:
            quants.dequantize(np.zeros((1, GGML_QUANT_SIZES[kind][1]), np.uint8), kind)
        except NotImplementedError as error:
            raise unreadable_kind(table.file, table.name, kind.name) from error


def write_tables(plan: Plan, path: Path) -> Iterator[Event]:
    """Write the tables under their names here."""
    tables = plan.tables()
    total, done = sum(map(plan.size, tables)), 0
    with path.open("wb") as sink:
        sink.write(_head(plan, tables))
        for table in tables:
            for numbers in _pieces(plan, table):
                sink.write(np.ascontiguousarray(numbers).data)
                done += numbers.nbytes
                yield Progress("Making the weights whole", done, total)


def _head(plan: Plan, tables: Sequence[Table]) -> bytes:
    """Return what stands at the beginning of a safetensors file."""
    entries: dict[str, object] = {"__metadata__": {"format": "pt"}}
    at = 0
    for table in tables:
        end = at + plan.size(table)
        sizes = table.shape[::-1] if plan.is_turned(table) else table.shape
        name = plan.places[table.name].name
        entries[name] = {"dtype": plan.dtype(table), "shape": list(sizes), "data_offsets": [at, end]}
        at = end
    raw = json.dumps(entries).encode()
    raw += b" " * (-len(raw) % 8)
    return len(raw).to_bytes(8, "little") + raw


def _pieces(plan: Plan, table: Table) -> Iterator[np.ndarray]:
    """Yield a table's numbers from the first to the last, in the form in which they are written."""
    rows, length = _grid(table)
    raw = np.memmap(table.file, np.uint8, "r", table.start, (rows, length))
    short, dtype = plan.places[table.name].short, plan.dtype(table)
    if short in plan.shape.paired:
        raw = raw[_order(table, rows, plan.heads if short == "attn_q" else plan.asked_heads)]
    if plan.is_raised(table):
        yield _floats(raw, table.kind) - np.float32(1)
    elif plan.is_turned(table):
        yield _numbers(raw, table.kind, dtype).T
    else:
        step = max(1, _PIECE * rows // table.count)
        for row in range(0, rows, step):
            yield _numbers(raw[row : row + step], table.kind, dtype)


def _numbers(raw: np.ndarray, kind: Kind, dtype: str) -> np.ndarray:
    if _KEPT.get(kind) == dtype:
        return raw.view(_ITEMS[dtype])
    floats = _floats(raw, kind)
    if dtype == "F32":
        return floats
    bits = np.ascontiguousarray(floats).view("<u4")
    # To the nearest, halves to even, as torch rounds.
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2")


def _floats(raw: np.ndarray, kind: Kind) -> np.ndarray:
    if kind == Kind.F64:
        return raw.view("<f8").astype("<f4")
    return quants.dequantize(raw, kind)


def _order(table: Table, rows: int, heads: int) -> np.ndarray:
    """Return the rows in the order of Transformers: converters put the two halves of a head between each other."""
    if rows % (2 * heads):
        raise damaged(table.file, f"“{table.name[:80]}” cannot be cut into {heads} heads")
    order: np.ndarray = np.arange(rows).reshape(heads, rows // heads // 2, 2).swapaxes(1, 2).reshape(-1)
    return order


def _grid(table: Table) -> tuple[int, int]:
    """Return how many rows a table has and how many bytes a row; of a list of whole numbers each is a row."""
    is_list = len(table.shape) == 1 and GGML_QUANT_SIZES[table.kind][0] == 1
    rows = table.count if is_list else table.count // table.shape[-1]
    return rows, (table.end - table.start) // rows
