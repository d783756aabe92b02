"""How fast a file becomes rows, and in how much memory: `python -m tests.benchmarks.reading [megabytes]`.

Ours reads text as text, counts what it repairs and writes an Arrow file of its own; pyarrow (every column a string)
and the csv module only read. Each reader has a process of its own.
"""

import csv
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.sheet import (
    DATA,
    Line,
    answer,
    best_of,
    home,
    in_process,
    peak_memory,
    print_machine,
    print_table,
    times,
)

MEMORY = 1_000_000_000  # bytes, at most
ROUNDS = 3
WORDS = [
    "parcel",
    "refund",
    "the",
    "my",
    "where",
    "lost",
    "again",
    "money",
    "kettle",
    "which",
    "colour",
    "courier",
    "account",
    "password",
    "wrong",
    "late",
    "please",
    "order",
    "快递",
    "退款",
]


def main(megabytes: int = 100) -> None:
    """Print the table."""
    print_machine("A CSV file into rows")
    with home(), tempfile.TemporaryDirectory() as folder:
        big = Path(folder) / "big.csv"
        _generate(big, megabytes * 1_000_000)
        paths = [path for path in (DATA / "banking77" / "train.csv", big) if path.is_file()]
        for path in paths:
            print(f"{path.name}, {path.stat().st_size / 1e6:.1f} MB, best of {ROUNDS}")
            print_table(_compare(path))


def _compare(path: Path) -> list[Line]:
    found = {reader: _measure(reader, path) for reader in READERS}
    ours = found["ours"]
    lines = []
    for reader, figures in found.items():
        if figures is None:
            lines.append(Line(reader, "–", "", "not installed"))
            continue
        rate, memory = figures["rows"] / figures["seconds"], figures["memory"]
        ratio = (
            ""
            if reader == "ours"
            else f"ours {times(ours['rows'] / ours['seconds'], rate, 1.0 if reader == 'pandas' else 0.0)}"
        )
        target = f"RSS ≤ {MEMORY / 1e9:g} GB" if reader == "ours" else ""
        verdict = ("met" if memory <= MEMORY else "NOT met") if reader == "ours" else ratio
        shown = f"{rate:>11,.0f} rows/s · {figures['seconds']:.2f} s · RSS {memory / 1e6:,.0f} MB"
        lines.append(Line(f"{reader} ({figures['rows']:,} rows)", shown, target, verdict))
    return lines


def _measure(reader: str, path: Path) -> dict | None:
    found = best_of(ROUNDS, lambda: in_process("tests.benchmarks.reading", "--reader", reader, str(path)), "seconds")
    return found if found["rows"] else None


def _generate(path: Path, size: int) -> None:
    """Write a CSV of messages: quotes, commas, line breaks and Chinese among them."""
    dice = random.Random(7)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("id", "text", "label", "note"))
        number = 0
        while stream.tell() < size:
            for _ in range(2000):
                number += 1
                text = " ".join(dice.choices(WORDS, k=dice.randint(3, 40)))
                note = ("", "007", "NA", 'he said "no", twice', "two\nlines")[number % 5]
                writer.writerow((number, text, dice.choice(("delivery", "refund", "account")), note))


def _ours(path: Path) -> int:
    from slm_studio import engine

    return list(engine.read(str(path)))[-1].result.rows  # type: ignore[attr-defined]


def _pyarrow(path: Path) -> int:
    from pyarrow import csv as arrow
    from pyarrow import string

    with path.open(encoding="utf-8", newline="") as stream:
        names = next(csv.reader(stream))
    kinds = arrow.ConvertOptions(column_types=dict.fromkeys(names, string()), null_values=[], strings_can_be_null=False)
    return arrow.read_csv(
        path, parse_options=arrow.ParseOptions(newlines_in_values=True), convert_options=kinds
    ).num_rows


def _csv(path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as stream:
        return len(list(csv.reader(stream))) - 1


def _pandas(path: Path) -> int:
    try:
        import pandas
    except ImportError:
        return 0
    return len(pandas.read_csv(path, dtype=str, keep_default_na=False))


READERS = {"ours": _ours, "pyarrow.csv": _pyarrow, "csv module": _csv, "pandas": _pandas}


def read(reader: str, path: Path) -> None:
    """Read in this process and tell rows, seconds and memory. Imports count for nobody: the engine is warm by then."""
    if reader == "ours":
        from slm_studio import engine

        list(engine.warm(torch=False))
    elif reader == "pyarrow.csv":
        import pyarrow.csv  # noqa: F401
    began = time.perf_counter()
    rows = READERS[reader](path)
    answer({"rows": rows, "seconds": time.perf_counter() - began, "memory": peak_memory()})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--reader"]:
        read(sys.argv[2], Path(sys.argv[3]))
    else:
        main(*map(int, sys.argv[1:2]))
