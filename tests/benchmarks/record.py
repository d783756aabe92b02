"""What was measured stays: a part that has its lines in results.md is not measured again, so a long table may be stopped.

Each line tells its day, the minutes that its part took, and the processor.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.sheet import Line, print_table, processor

RESULTS = Path(__file__).with_name("results.md")
HEAD = ("part", "what", "measured", "target or peer", "how they stand", "day", "minutes", "processor")
TITLE = "# What the tasks reach\n\nWritten by `python -m tests.benchmarks.tasks`, which tells more; one line stays until its part is measured `--again`.\n"
Part = Callable[[], Sequence[Line]]


def measure(parts: Mapping[str, Part], *, again: bool = False) -> None:
    """Measure the parts that have no lines yet, or all of them `again`; write down each as soon as it is known."""
    for name, part in parts.items():
        rows = rows_of(name)
        if again or not rows:
            began = time.perf_counter()
            lines = part()
            rows = [_row(name, line, (time.perf_counter() - began) / 60) for line in lines]
            if all(line.is_whole for line in lines):
                _keep(name, rows)
        print_table([Line(*row[1:5]) for row in rows])


def rows_of(name: str = "") -> list[list[str]]:
    """Return what stands in the file: of one part, or of all."""
    lines = RESULTS.read_text("utf-8").splitlines() if RESULTS.exists() else []
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")][2:]
    return [row for row in rows if name in ("", row[0])]


def _row(name: str, line: Line, minutes: float) -> list[str]:
    cells = (
        name,
        line.what,
        line.measured,
        line.target,
        line.ratio,
        f"{datetime.now(UTC):%Y-%m-%d}",
        f"{minutes:.0f}",
        processor(),
    )
    return [cell.replace("|", "/") for cell in cells]


def _keep(name: str, rows: Iterable[list[str]]) -> None:
    """Put the lines of a part where its old ones were not, all of them by their names."""
    kept = sorted([*(row for row in rows_of() if row[0] != name), *rows], key=lambda row: row[0])
    table = "".join(f"| {' | '.join(row)} |\n" for row in (HEAD, ["---"] * len(HEAD), *kept))
    RESULTS.write_text(f"{TITLE}\n{table}", "utf-8")
