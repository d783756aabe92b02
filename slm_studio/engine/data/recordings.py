"""Recordings: subtitles of one recording by several recognisers, dropped together, become lists of candidates, by their time."""

import json
from collections.abc import Generator, Sequence
from pathlib import Path

from rapidfuzz.fuzz import ratio

from slm_studio.core.candidate_columns import LISTED, RIGHT
from slm_studio.core.dataset import ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event
from slm_studio.core.texts import mark
from slm_studio.engine.data.keeping import Part
from slm_studio.engine.data.opening import read_part
from slm_studio.engine.data.rows import open_table
from slm_studio.engine.data.source import shown
from slm_studio.engine.data.subtitles import ENDINGS, TIMES, Cue, Heard, align, written
from slm_studio.engine.data.table import TableWriter

SURE = ("reference", "ref", "truth", "gold", "human", "manual", "correct", "corrected", "参考", "标准", "人工", "正确")
APART = mark("The files do not tell of one recording at the same times: their cues stand one behind the other.")
ALIKE, LOOKED_AT = (
    35.0,
    300,
)  # percent of letters in common from which on two files tell of one recording; stretches looked at
PAIRED = 0.2  # share of the shorter file's cues that must have a partner


def are_recordings(paths: Sequence[Path]) -> bool:
    """Say whether several files of subtitles were dropped together."""
    return len(paths) > 1 and all(path.suffix.lower() in ENDINGS and path.is_file() for path in paths)


def read_recordings(
    paths: Sequence[Path], options: ReadOptions, staging: Path
) -> Generator[Event, None, dict[str, Part] | None]:
    """Read files of subtitles and align their cues; None where they are not of one recording. Raises StudioError."""
    parts = []
    for number, path in enumerate(paths):
        parts.append((yield from read_part(path, options, staging / f"heard-{number}.arrow")))
    files = [_cues(part) for part in parts]
    right = next((number for number, path in enumerate(paths) if _is_right(path)), None)
    spine = right if right is not None else max(range(len(files)), key=lambda number: len(files[number]))
    heard, lone = align(files, spine)
    names = [shown(Path(path.name)) for path in paths]
    if not heard or len(heard) < PAIRED * min(map(len, files)) or not _are_alike(heard):
        return None
    out = staging / "train.arrow"
    notes = parts[0].notes
    others = [number for number in range(len(paths)) if number != right]
    columns = ("start", "end", LISTED, *((RIGHT,) if right is not None else ()))
    with TableWriter(out, notes, columns) as writer:
        chunk = {
            "start": [written(each.start) for each in heard],
            "end": [written(each.end) for each in heard],
            LISTED: [
                json.dumps([each.texts[at] for at in others if each.texts[at]], ensure_ascii=False) for each in heard
            ],
        }
        writer.write(chunk | ({RIGHT: [each.texts[right] for each in heard]} if right is not None else {}))
    notes.add(
        "cues-aligned",
        mark("The cues of {files} files were put together by their time: {count} {count:list|lists} of candidates. {lone} {lone:cue has|cues have} no partner and {lone:was|were} left out."),
        count=len(heard),
        files=len(paths),
        lone=lone,
    )  # fmt: skip
    if right is not None:
        notes.add("cues-right", mark("“{name}” holds the right texts, as its name says."), name=names[right])
    else:
        notes.add("cues-unanswered", mark("No file is called a reference, so there is no column of right texts: candidates can be put in order, but nothing can be learnt from them yet."))  # fmt: skip
    title = " + ".join(names)
    return {
        "train": Part(
            title=title, path=out, columns=columns, rows=writer.rows, fingerprint=writer.fingerprint(), notes=notes
        )
    }


def _is_right(path: Path) -> bool:
    """Say whether a file's name says that it holds what was really said."""
    words = path.stem.casefold().replace("-", " ").replace("_", " ").replace(".", " ").split()
    return any(word in SURE for word in words) or any(word in path.stem for word in SURE if not word.isascii())


def _cues(part: Part) -> list[Cue]:
    """Return the cues of a file in the order of their beginnings."""
    table = open_table(part.path)
    if "start" not in part.columns:
        raise StudioError(
            "no-cues",
            "“{name}” holds no cues: no line says from when to when something is heard.",
            "Export it again as SRT or WebVTT.",
            name=part.title,
        )
    cells = zip(*(table.column(name).to_pylist() for name in ("start", "end", "text")), strict=True)
    return sorted((_cue(*each) for each in cells), key=lambda cue: (cue.start, cue.end))


def _cue(start: str, end: str, text: str) -> Cue:
    found = TIMES.match(f"{start} --> {end}")
    assert found is not None, "written by the reader of subtitles"
    numbers = [int(each or 0) for each in found.groups()]
    one, other = (3600 * h + 60 * m + s + ms / 1000 for h, m, s, ms in (numbers[:4], numbers[4:]))
    return Cue(one, other, text)


def _are_alike(heard: Sequence[Heard]) -> bool:
    """Say whether what is heard at one time is much the same: else these are several films, and no candidates."""
    pairs = [(one, other) for each in heard[:LOOKED_AT] for one, other in [[text for text in each.texts if text][:2]]]
    return sum(ratio(one, other) for one, other in pairs) >= ALIKE * len(pairs)
