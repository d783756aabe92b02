"""Sampling: some rows from all over a dataset, a few columns of them, without reading the rest."""

from collections.abc import Iterable

import pyarrow as pa

from slm_studio.core.dataset import Dataset
from slm_studio.engine.data.rows import open_table


def sample_rows(dataset: Dataset, columns: Iterable[str], most: int) -> dict[str, list[str]]:
    """Return at most `most` rows of the training part, evenly spread and in order: column → cells."""
    names = list(dict.fromkeys(columns))
    table = open_table(dataset.part()).select(names)
    step, before = max(1, -(-table.num_rows // most)), 0
    found: dict[str, list[str]] = {name: [] for name in names}
    for batch in table.to_batches():
        places = pa.array(range(-before % step, batch.num_rows, step), pa.int64())
        for name in names:
            found[name] += [cell or "" for cell in batch.column(name).take(places).to_pylist()]
        before += batch.num_rows
    return found
