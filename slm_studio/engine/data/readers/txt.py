"""Plain text: each line is one row of the column “text”, empty lines too, exactly as it stands."""

from collections.abc import Iterator

from slm_studio.core.dataset import ReadOptions
from slm_studio.engine.data.encoding import decode_stream
from slm_studio.engine.data.lines import lone_returns_end, split_lines
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.readers import Chunk
from slm_studio.engine.data.source import HEAD, Source

ENDINGS = (".txt", ".text", ".md")


def sniff(head: bytes, name: str) -> float:
    """Any text is plain text if nothing else."""
    return 0.6 if name.lower().endswith(ENDINGS) else 0.2


def read(source: Source, options: ReadOptions, notes: Notes) -> Iterator[Chunk]:
    """Yield the lines."""
    notes.format, notes.header = "txt", False
    head = "".join(decode_stream(iter([source.sample()[:HEAD]]), notes.encoding, Notes()))
    for lines, _ in split_lines(source.text(notes.encoding, notes), lone_returns_end=lone_returns_end(head)):
        yield {"text": lines}
