"""Labelled lines: fastText files, and lines of a label, a blank and a text. They become the columns “text” and “label”."""

import json
from collections.abc import Iterator, Sequence

from slm_studio.core.dataset import ReadOptions
from slm_studio.core.texts import mark
from slm_studio.engine.data import labelled
from slm_studio.engine.data.delimited import note_blank
from slm_studio.engine.data.encoding import decode_stream
from slm_studio.engine.data.labelled import Line
from slm_studio.engine.data.lines import lone_returns_end, split_lines
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.readers import Chunk
from slm_studio.engine.data.source import HEAD, Source

ENDINGS = (".txt", ".text", ".train", ".valid", ".test", ".ft")
JUDGED = 2000  # lines that say how all are written


def sniff(head: bytes, name: str) -> float:
    """Nearly all lines must hold a label, under a name of plain text; a mark tells more than a blank does."""
    if "." in name and not name.lower().endswith(ENDINGS):
        return 0.0
    lines = _lines(head.decode("utf-8", "replace"))
    if labelled.judge(lines) is None:
        return 0.0
    return 0.85 if labelled.is_marked(lines) else 0.65


def read(source: Source, options: ReadOptions, notes: Notes) -> Iterator[Chunk]:
    """Yield the texts and their labels; where a row may have several, each cell of “label” is a JSON list."""
    notes.format, notes.header = "labelled", False
    sample = "".join(decode_stream(iter([source.sample()]), notes.encoding, Notes()))
    take = labelled.judge(_lines(sample[:HEAD]))
    if take is None:  # the sample of sniff ended elsewhere
        take = labelled.judge(_lines(sample)) or labelled.plain
    several = any(len(line.labels) > 1 for line in map(take, sample.split("\n")) if line)
    notes.add("labelled-lines", mark("Each line holds a label and a text; they became the columns “label” and “text”."))
    row = number = 0
    for lines, _ in split_lines(source.text(notes.encoding, notes), lone_returns_end=lone_returns_end(sample[:HEAD])):
        found = []
        for line in lines:
            number += 1
            if line.strip():
                found.append(take(line) or _unlabelled(line, row + len(found), notes))
            else:
                note_blank(notes, number)
        yield _columns(found, several, row, notes)
        row += len(found)


def _lines(text: str) -> Sequence[str]:
    """Return the first whole lines of a text."""
    groups = split_lines(iter([text]), lone_returns_end=lone_returns_end(text))
    lines = [line for group, _ in groups for line in group]
    return lines[: min(JUDGED, max(1, len(lines) - 1))] if len(text) > 4096 else lines  # the last one may be cut


def _unlabelled(line: str, row: int, notes: Notes) -> Line:
    notes.add(
        "lines-unlabelled",
        mark(
            "{count} {count:line has|lines have} no label and {count:was|were} kept as {count:text|texts} without one."
        ),
        place=row,
    )
    return Line(line, ())


def _columns(lines: Sequence[Line], several: bool, row: int, notes: Notes) -> Chunk:
    for place, line in enumerate(lines):
        if len(line.labels) > 1:
            notes.add(
                "labels-several",
                mark("{count} {count:row has|rows have} several labels; they stand as a list in “label”."),
                place=row + place,
            )
    return {
        "text": [line.text for line in lines],
        "label": [
            json.dumps(line.labels, ensure_ascii=False) if several or len(line.labels) > 1 else "".join(line.labels)
            for line in lines
        ],
    }
