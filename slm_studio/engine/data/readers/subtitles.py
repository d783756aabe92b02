"""SRT and WebVTT: each cue is a row with its beginning, its end and what is said."""

from collections.abc import Iterator

from slm_studio.core.dataset import ReadOptions
from slm_studio.core.texts import mark
from slm_studio.engine.data.encoding import decode_stream
from slm_studio.engine.data.lines import lone_returns_end, split_lines
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.readers import Chunk
from slm_studio.engine.data.source import HEAD, Source
from slm_studio.engine.data.subtitles import ENDINGS, TIMES, Cue, cues_in, written

GROUP = 1000  # cues of a chunk
FIRST = 8  # lines among which the first cue begins


def sniff(head: bytes, name: str) -> float:
    """Two moments and an arrow between them, near the beginning."""
    lines = head.decode("utf-8", "replace").lstrip("\ufeff").splitlines()
    if any(TIMES.match(line) for line in lines[:FIRST]):
        return 0.98
    is_named = name.lower().endswith(ENDINGS)
    return 0.9 if is_named and any(map(TIMES.match, lines)) else 0.0


def read(source: Source, options: ReadOptions, notes: Notes) -> Iterator[Chunk]:
    """Yield the cues."""
    notes.format, notes.header = "subtitles", True
    notes.add("subtitles", mark("Each cue is a row: when it begins, when it ends, what is said."))
    cues: list[Cue] = []
    for cue in cues_in(_lines(source, notes)):
        cues.append(cue)
        if len(cues) == GROUP:
            yield _chunk(cues)
            cues = []
    if cues:
        yield _chunk(cues)


def _lines(source: Source, notes: Notes) -> Iterator[str]:
    head = "".join(decode_stream(iter([source.sample()[:HEAD]]), notes.encoding, Notes()))
    for group, _ in split_lines(source.text(notes.encoding, notes), lone_returns_end=lone_returns_end(head)):
        yield from group


def _chunk(cues: list[Cue]) -> Chunk:
    return {
        "start": [written(cue.start) for cue in cues],
        "end": [written(cue.end) for cue in cues],
        "text": [cue.text for cue in cues],
    }
