"""JSON lines: one object a line."""

from collections.abc import Iterator

from slm_studio.core.dataset import ReadOptions
from slm_studio.core.texts import mark
from slm_studio.engine.data.lines import split_lines
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.readers import Chunk
from slm_studio.engine.data.records import Flattener, parse
from slm_studio.engine.data.source import Source

ENDINGS = (".jsonl", ".ndjson", ".jl")


def sniff(head: bytes, name: str) -> float:
    """Two or more lines that are each an object (or a list) of its own."""
    lines = [line for line in head.split(b"\n") if line.strip()]
    whole = lines[:-1] if len(lines) > 1 and not head.endswith(b"\n") else lines
    objects = sum(line.lstrip().startswith(b"{") and line.rstrip().endswith(b"}") for line in whole[:50])
    if head.lstrip().startswith(b"["):  # an array, unless every line is a list of its own
        lists = sum(line.lstrip().startswith(b"[") and line.rstrip().endswith(b"]") for line in whole[:50])
        return 0.95 if len(whole) > 1 and lists == len(whole[:50]) else 0.1
    if name.lower().endswith(ENDINGS):
        return 0.9
    if not objects or objects < 0.8 * len(whole[:50]):
        return 0.0
    return 0.95 if len(whole) > 1 else 0.4


def read(source: Source, options: ReadOptions, notes: Notes) -> Iterator[Chunk]:
    """Yield the objects as rows; lines that are none are counted with their numbers."""
    notes.format, notes.header = "jsonl", True
    flattener, number = Flattener(notes), 0
    for lines, _ in split_lines(source.text(notes.encoding, notes)):
        records = []
        for line in lines:
            number += 1
            if line.strip():
                record = _record(line, number, notes)
                if record is not None:
                    records.append(record)
        yield flattener.columns(records)


def _record(line: str, number: int, notes: Notes) -> dict[str, object] | None:
    try:
        value = parse(line)
    except (ValueError, RecursionError):
        notes.add(
            "lines-unreadable",
            mark("{count} {count:line is|lines are} no JSON and {count:was|were} skipped."),
            place=number,
        )
        return None
    return value if isinstance(value, dict) else {"text": value}
