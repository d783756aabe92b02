"""Read a file at its reader, without keeping it: what the rows hold, for tests over many small files."""

from pathlib import Path
from typing import Any

from slm_studio.core.dataset import ReadOptions
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.opening import pick_reader
from slm_studio.engine.data.source import open_source

Rows = list[tuple[str, ...]]


def read_cells(path: Path, content: bytes, **options: Any) -> tuple[list[str], Rows, Notes]:
    """Write `content` and return the names of the columns, the rows and what was noted."""
    path.write_bytes(content)
    source, notes, settled = open_source(path), Notes(), ReadOptions(**options)
    columns: dict[str, list[str]] = {}
    rows = 0
    for chunk in pick_reader(source, settled, notes).read(source, settled, notes):
        for name, cells in chunk.items():
            column = columns.setdefault(name, [""] * rows)
            column += [cell or "" for cell in cells]
        rows = max(map(len, columns.values()), default=0)
        for column in columns.values():
            column += [""] * (rows - len(column))
    return list(columns), list(zip(*columns.values(), strict=True)), notes
