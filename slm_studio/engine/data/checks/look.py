"""Look: the rows under examination, and how one thing worth a look is put into words."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import numpy as np
import pyarrow as pa

from slm_studio.core.dataset import EXAMPLES, Dataset, Finding
from slm_studio.core.emptiness import is_empty
from slm_studio.core.errors import Value
from slm_studio.core.label_sets import labels_in
from slm_studio.core.recipe import Recipe, info_of_recipe, reads_of
from slm_studio.core.tasks import Role, TaskInfo
from slm_studio.engine.data.cells import as_read, said
from slm_studio.engine.data.cleaning import row_keys
from slm_studio.engine.data.several import joined_labels

LOOKED_AT = 1_000_000  # rows that are looked at
JUDGED = 10_000  # cells by which it is told how they join labels


@dataclass(frozen=True)
class Look:
    """The rows under examination. Cells and keys are computed once, when first asked for."""

    dataset: Dataset
    recipe: Recipe
    table: pa.Table
    roles: Mapping[str, str] = field(default_factory=dict)

    @property
    def info(self) -> TaskInfo:
        """Return the task that the rows are for, with answers of the kind that their column holds."""
        return info_of_recipe(self.recipe, self.dataset)

    @property
    def asked(self) -> dict[str, str]:
        """Return role → column of what makes a prompt."""
        return {role.name: self.roles[role.name] for role in self.info.asked if role.name in self.roles}

    def needed(self) -> Iterator[tuple[Role, list[str]]]:
        """Yield every role that must be filled, with its cells as they stand."""
        for role in self.info.roles:
            if role.needed and role.name in self.roles and not (role.may_be_blank and not role.asked):
                yield role, self.cells(role.name)

    def cells(self, role: str) -> list[str]:
        """Return the cells of a role as they stand, but texts that are kept as lists as they read."""
        column = self.roles[role]
        return [*as_read(self.table.column(column).to_pylist(), reads_of(self.recipe, self.dataset)[column])]

    @cached_property
    def texts(self) -> list[str]:
        """Return what is asked first, as plain text."""
        role = next((role for role in self.info.asked if role.name in self.roles), None)
        if role is None:
            return []
        cells = self.cells(role.name)
        return cells if role.reads == "text" else [said(cell, role.reads) for cell in cells]

    @cached_property
    def answers(self) -> list[str]:
        """Return the cells of the true answers, as they stand."""
        role = self.info.answer
        return self.cells(role.name) if role and role.name in self.roles else []

    @cached_property
    def sets(self) -> list[tuple[str, ...]]:
        """Return the true answers where each is several labels, or none."""
        if not self.info.answer or self.info.answer.reads != "labels":
            return []
        found = joined_labels([cell for cell in self.answers if cell.strip()][:JUDGED])
        known = self.dataset.column(self.roles[self.info.answer.name]).joins
        return [labels_in(cell, found.separator if found else known) for cell in self.answers]

    @cached_property
    def labels(self) -> list[str]:
        """Return the true answers where each is one label."""
        return self.answers if self.info.answer and self.info.answer.reads == "label" else []

    @cached_property
    def keys(self) -> np.ndarray:
        """Return a key per row over what is asked; rows without a text have key 0."""
        found = row_keys(self.table, tuple(self.asked.values())).copy() if self.asked else np.zeros(0, "<u8")
        found[[place for place, text in enumerate(self.texts) if is_empty(text)]] = 0
        return found

    def asks_alike(self, one: int, other: int) -> bool:
        """Say whether two rows ask about the same: all that a prompt has beside its first part is equal."""
        columns = [self.table.column(column) for column in list(self.asked.values())[1:]]
        return all(column[one] == column[other] for column in columns)

    @cached_property
    def counts(self) -> Counter[str]:
        """Return how often each label that is not empty stands."""
        return Counter(label for label in (*self.labels, *chain(*self.sets)) if not is_empty(label))


Check = Callable[[Look], Iterator[Finding]]


def finding(
    code: str,
    message: str,
    cost: str,
    *,
    fix: str = "",
    places: Iterator[int] | Sequence[int] = (),
    count: int | None = None,
    serious: bool = False,
    **values: Value,
) -> Finding:
    """Return a finding; its count is that of the places unless it is given."""
    rows = list(places)
    number = len(rows) if count is None else count
    return Finding(
        code=code,
        message=message,
        cost=cost,
        count=number,
        rows=tuple(rows[:EXAMPLES]),
        fix=fix,
        values={"count": number} | values,
        serious=serious,
    )
