"""Columns: what can be said of each one, gathered in one pass over the rows."""

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from slm_studio.core.dataset import MOST_DISTINCT, Column, Kind
from slm_studio.engine.data.column_kinds import kind_of, measures, settle_words
from slm_studio.engine.data.several import joined_labels
from slm_studio.engine.data.table import read_batches

SAMPLE = 4000  # cells that decide a column's kind
EXAMPLES, EXAMPLE_LENGTH = 3, 200
JOINING: tuple[Kind, ...] = ("label", "list", "text")  # kinds of columns that may hold several labels a cell


def look_at_columns(path: Path, rows: int) -> tuple[Column, ...]:
    """Return what can be said of each column of an Arrow file, read batch by batch (mapped, it would fill the memory)."""
    looks: dict[str, _Looking] = {}
    step, before = max(1, -(-rows // SAMPLE)), 0
    for batch in read_batches(path):
        places = pa.array(
            range(-before % step, batch.num_rows, step), pa.int64()
        )  # every step-th row of the whole file
        for name, cells in zip(batch.schema.names, batch.columns, strict=True):
            looks.setdefault(name, _Looking(name=name)).take_in(cells, places)
        before += batch.num_rows
    kinds = {name: look.kind() for name, look in looks.items()}
    kinds = settle_words(kinds, {name: look.sample for name, look in looks.items()})
    return tuple(look.column(kinds[name]) for name, look in looks.items())


@dataclass(slots=True)
class _Looking:
    """What is known of a column so far."""

    name: str
    filled: int = 0
    seen: set[str] = field(default_factory=set)
    sample: list[str] = field(default_factory=list)

    def take_in(self, cells: pa.Array, places: pa.Array) -> None:
        """Look at the cells of one batch; those at `places` join the sample."""
        self.filled += len(cells) - (pc.sum(pc.equal(cells, "")).as_py() or 0)
        self.sample += [cell for cell in cells.take(places).to_pylist() if cell.strip()]
        if len(self.seen) <= MOST_DISTINCT:
            self.seen.update(pc.unique(cells).to_pylist())

    @property
    def distinct(self) -> int:
        """Return how many different cells that are not empty were seen, capped."""
        return min(len(self.seen - {""}), MOST_DISTINCT)

    def kind(self) -> Kind:
        """Return what the column holds, judged by itself."""
        return kind_of(self.name, self.sample, self.distinct, self.filled)

    def column(self, kind: Kind) -> Column:
        """Return the finished description."""
        examples = tuple(dict.fromkeys(cell[:EXAMPLE_LENGTH] for cell in self.sample))[:EXAMPLES]
        joined = joined_labels(self.sample) if kind in JOINING else None
        return Column(
            name=self.name,
            kind=kind,
            filled=self.filled,
            distinct=self.distinct,
            examples=examples,
            joins=joined.separator if joined else "",
            measures=kind == "number" and measures(self.name, self.sample, self.distinct, self.filled),
        )
