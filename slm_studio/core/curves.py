"""curves.bin: the numbers of every step, so that a run of a million steps opens at once.

Numbers only, rebuildable from the history: records of 8 little-endian doubles in the order of COLUMNS.
"""

import struct
from pathlib import Path

from slm_studio.core.events import Step
from slm_studio.core.run import History

COLUMNS = ("n", "epoch", "seconds", "loss", "rate", "gradient_norm", "tokens_per_second", "memory")
RECORD = struct.Struct(f"<{len(COLUMNS)}d")
FILE = "curves.bin"


def append_step(folder: Path, step: Step) -> None:
    """Add one step."""
    with (folder / FILE).open("ab") as stream:
        stream.write(RECORD.pack(*(getattr(step, name) for name in COLUMNS)))


def rebuild(folder: Path) -> None:
    """Write curves.bin anew from the history (after it was cut back to a checkpoint)."""
    with (folder / FILE).open("wb") as stream:
        for line in History(folder).lines():
            if line.get("event") == "step":
                stream.write(RECORD.pack(*(_number(line.get(name)) for name in COLUMNS)))


def read_curves(folder: Path) -> bytes:
    """Return the whole records; numpy.frombuffer(…, "<f8").reshape(-1, len(COLUMNS)) makes a table of them."""
    path = folder / FILE
    data = path.read_bytes() if path.exists() else b""
    return data[: len(data) - len(data) % RECORD.size]


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
