"""Ask the door and look at what came of it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from slm_studio import engine
from slm_studio.core.dataset import Dataset, ReadOptions, Remark, Split
from slm_studio.core.events import Event, Finished
from slm_studio.engine.data.rows import open_table


def result(events: Iterable[Event]) -> Any:
    """Run a verb to its end and return its result."""
    last = list(events)[-1]
    assert isinstance(last, Finished)
    return last.result


def read(path: Path, **options: Any) -> Dataset:
    """Read a file through the door."""
    return result(engine.read(str(path), ReadOptions(**options)))


def write_and_read(path: Path, content: str | bytes, **options: Any) -> Dataset:
    """Read a file with this content."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path, **options)


def rows(dataset: Dataset, split: Split = "train") -> list[dict[str, str]]:
    """Return all rows of a part."""
    return open_table(dataset.part(split)).to_pylist()


def cells(dataset: Dataset, split: Split = "train") -> list[tuple[str, ...]]:
    """Return all rows of a part as tuples in the order of the columns."""
    return [tuple(row.values()) for row in rows(dataset, split)]


def remark(dataset: Dataset, code: str) -> Remark | None:
    """Return the remark of a report, or None."""
    return next((each for each in dataset.report.remarks if each.code == code), None)
