"""JSON lines: one object a line; and what else people write into such files."""

from collections.abc import Iterator

from slm_studio.core.dataset import ReadOptions
from slm_studio.engine.data.encoding import decode_stream
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.readers import Chunk
from slm_studio.engine.data.readers.json import read_values
from slm_studio.engine.data.source import HEAD, Source
from slm_studio.engine.data.values import Values

ENDINGS = (".jsonl", ".ndjson", ".jl")


def sniff(head: bytes, name: str) -> float:
    """Two or more lines that are each an object (or a list) of its own."""
    whole = _whole_lines(head)
    objects = sum(line.startswith(b"{") and line.endswith(b"}") for line in whole[:50])
    if head.lstrip().startswith(b"["):  # an array, unless every line is a list of its own
        return 0.95 if _are_lists(whole) else 0.6 if name.lower().endswith(ENDINGS) else 0.1
    if name.lower().endswith(ENDINGS):
        return 0.9
    if not objects or objects < 0.8 * len(whole[:50]):
        return 0.0
    return 0.95 if len(whole) > 1 else 0.4


def read(source: Source, options: ReadOptions, notes: Notes) -> Iterator[Chunk]:
    """Yield the objects as rows; lines that are none are counted with their numbers."""
    notes.format, notes.header = "jsonl", True
    head = "".join(decode_stream(iter([source.sample()[:HEAD]]), notes.encoding, Notes())).encode("utf-8", "replace")
    values = Values(source.text(notes.encoding, notes), source, notes, lists_are_rows=_are_lists(_whole_lines(head)))
    yield from read_values(values, source, notes)


def _whole_lines(head: bytes) -> list[bytes]:
    """Return the lines without blanks and commas around them; the last one may be cut by the sample."""
    lines = [line.strip().rstrip(b",") for line in head.split(b"\n") if line.strip()]
    return lines[:-1] if len(lines) > 1 and not head.endswith(b"\n") else lines


def _are_lists(whole: list[bytes]) -> bool:
    """Say whether each line is a list that is a row: cells, or the turns of a conversation; not a list of records."""
    return len(whole) > 1 and all(
        line.startswith(b"[")
        and line.endswith(b"]")
        and (line[1:].lstrip()[:1] != b"{" or b'"role"' in line or b'"from"' in line)
        for line in whole[:50]
    )
