"""Findings: the rows under examination, and how one thing worth a look is put into words."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

from slm_studio.core.dataset import EXAMPLES, Dataset, Finding
from slm_studio.core.errors import Value
from slm_studio.core.recipe import Recipe
from slm_studio.engine.data.cleaning import row_keys


@dataclass(frozen=True)
class Look:
    """The rows under examination. Cells and keys are computed once, when first asked for."""

    dataset: Dataset
    recipe: Recipe
    table: pa.Table
    roles: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def texts(self) -> list[str]:
        """Return the cells of the text role."""
        return self.table.column(self.roles["text"]).to_pylist() if "text" in self.roles else []

    @cached_property
    def labels(self) -> list[str]:
        """Return the cells of the label role."""
        return self.table.column(self.roles["label"]).to_pylist() if "label" in self.roles else []

    @cached_property
    def keys(self) -> np.ndarray:
        """Return a key per row over its text; empty texts have key 0."""
        found = (
            row_keys(self.table, {"text": self.roles["text"]}).copy() if "text" in self.roles else np.zeros(0, "<u8")
        )
        found[[place for place, text in enumerate(self.texts) if not text.strip()]] = 0
        return found

    @cached_property
    def counts(self) -> Counter[str]:
        """Return how often each label that is not empty stands."""
        return Counter(label for label in self.labels if label.strip())


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
