"""Rows: a memory-mapped Arrow table seen through the roles of a recipe."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from slm_studio.core import files
from slm_studio.core.dataset import Dataset, Split
from slm_studio.core.errors import StudioError
from slm_studio.core.listed_texts import only_listed
from slm_studio.core.prompt import read_cell
from slm_studio.core.recipe import Recipe, reads_of
from slm_studio.core.tasks.info import Reads

Row = Mapping[str, str]  # role → cell


class Rows(Sequence[Row]):
    """Some rows of a table, role by role. Cells are text, exactly as read, but for lists of lines; a missing cell is ""."""

    def __init__(
        self,
        table: pa.Table,
        roles: Mapping[str, str],
        indices: np.ndarray | None = None,
        name: str = "the table",
        part: Split = "train",
        reads: Mapping[str, Reads] | None = None,
    ) -> None:
        self.roles = {role: column for role, column in roles.items() if column}
        for column in self.roles.values():
            if column not in table.column_names:
                raise StudioError(
                    "no-such-column",
                    "“{dataset}” has no column “{column}”.",
                    "Its columns are: {columns}.",
                    dataset=name,
                    column=column,
                    columns=", ".join(table.column_names),
                )
        self.table, self.part = table, part  # part: which of the dataset's files the table is
        self.reads = reads or {}  # roles whose texts are not kept as they read (see core.listed_texts)
        self.indices = np.arange(table.num_rows) if indices is None else indices  # rows of the table, in order

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204  (int → Row, slice → Rows)
        if isinstance(index, slice):
            return self.take(range(*index.indices(len(self))))
        place = int(self.indices[index])
        return {
            role: self._read(role, [self.table.column(column)[place].as_py()])[0] for role, column in self.roles.items()
        }

    def __iter__(self) -> Iterator[Row]:
        columns = {role: self.column(role) for role in self.roles}
        for values in zip(*columns.values(), strict=True):
            yield dict(zip(columns, values, strict=True))

    def column(self, role: str) -> list[str]:
        """Return all cells of one role, in order. Raises StudioError where no column plays it."""
        if role not in self.roles:
            raise StudioError(
                "role-missing",
                "No column is chosen for “{role}”.",
                "Choose a column: {help}",
                role=role,
                help=", ".join(self.table.column_names),
            )
        cells = self.table.column(self.roles[role]).take(pa.array(self.indices)).to_pylist()
        return self._read(role, cells)

    def whole(self) -> "Rows":
        """Return all rows of the table that these are of."""
        return Rows(self.table, self.roles, part=self.part, reads=self.reads)

    def with_those(self, others: "Rows") -> "Rows":
        """Return these rows and others: of one table in its order, else the others behind these."""
        if self.table is others.table or self.table.equals(others.table):
            return Rows(
                self.table,
                self.roles,
                np.sort(np.concatenate([self.indices, others.indices])),
                part=self.part,
                reads=self.reads,
            )
        joined = pa.concat_tables([each.table.take(pa.array(each.indices)) for each in (self, others)])
        return Rows(joined, self.roles, part=self.part, reads=self.reads)

    def take(self, places: Sequence[int] | np.ndarray) -> "Rows":
        """Return some of these rows; `places` count from 0 within them."""
        indices = self.indices[np.asarray(places, dtype=np.int64)]
        return Rows(self.table, self.roles, indices, part=self.part, reads=self.reads)

    def _read(self, role: str, cells: Sequence[str | None]) -> list[str]:
        reads = self.reads.get(role)
        return [str(read_cell(cell or "", reads)) if reads else cell or "" for cell in cells]


def open_table(path: Path) -> pa.Table:
    """Map an app-owned Arrow file into memory. (Only files the app owns: one cut short under us would be SIGBUS.)

    Raises StudioError where it is damaged or missing.
    """
    try:
        with pa.memory_map(str(path)) as source:
            return pa.ipc.open_file(source).read_all()
    except FileNotFoundError as error:  # which does not name it
        raise StudioError(
            "file-missing", "“{path}” does not exist.", "Restore it from a copy, or make it again.", path=str(path)
        ) from error
    except pa.ArrowInvalid as error:
        raise files.damaged(path, error) from error


def open_part(dataset: Dataset, split: Split = "train") -> pa.Table:
    """Map one part of a dataset; columns that its training rows lack are left out."""
    return open_table(dataset.part(split)).select([column.name for column in dataset.columns])


def open_rows(dataset: Dataset, recipe: Recipe, split: Split = "train") -> Rows:
    """Return all rows of one part of a dataset. Here lists of lines become the texts that they are."""
    known = reads_of(recipe, dataset)
    reads = only_listed({role: known[column] for role, column in recipe.roles.items() if column in known})
    return Rows(open_table(dataset.part(split)), recipe.roles, name=dataset.name, part=split, reads=reads)
