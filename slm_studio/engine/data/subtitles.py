"""Subtitles: the cues of SRT and WebVTT, and of several files of one recording which cues belong together by their time."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slm_studio.engine.data.languages import is_han

ENDINGS = (".srt", ".vtt")
OVERLAP = 0.5  # share of the shorter of two cues from which on they belong together
_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
TIMES = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|</?\d\d:[^<>]*>|\{\\[^{}]*\}")
_BLOCKS = ("NOTE", "STYLE", "REGION")


@dataclass(frozen=True, slots=True)
class Cue:
    """What is said between two moments, in seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What several files hold of one stretch of a recording: a text of each, "" where it holds none."""

    start: float
    end: float
    texts: tuple[str, ...]


def cues_in(lines: Iterator[str]) -> Iterator[Cue]:
    """Yield the cues of a file; marks of style are taken out, and lines of a cue are joined."""
    times: tuple[float, float] | None = None
    said: list[str] = []
    skipping = False
    for line in lines:
        if found := TIMES.match(line):
            if times is not None:
                yield from _cue(times, said[:-1] if said and said[-1].strip().isdigit() else said)
            times, said, skipping = _times(found), [], False
        elif not line.strip():
            if times is not None:
                yield from _cue(times, said)
            times, said, skipping = None, [], False
        elif times is not None:
            said.append(line)
        elif line.startswith(_BLOCKS):
            skipping = True
        elif skipping:
            continue
    if times is not None:
        yield from _cue(times, said)


def _cue(times: tuple[float, float], lines: Sequence[str]) -> Iterator[Cue]:
    parts = [part for line in lines if (part := " ".join(_TAG.sub("", line).split()))]
    if parts:
        yield Cue(*times, joined(parts))


def joined(parts: Sequence[str]) -> str:
    """Return texts as one: between Chinese characters nothing stands, else a blank."""
    whole = ""
    for part in filter(None, parts):
        gap = "" if not whole or (is_han(whole[-1]) and is_han(part[0])) else " "
        whole += gap + part
    return whole


def _times(found: re.Match[str]) -> tuple[float, float]:
    numbers = found.groups()
    one, other = (_seconds(*numbers[at : at + 4]) for at in (0, 4))
    return one, max(one, other)


def _seconds(hours: str | None, minutes: str, seconds: str, parts: str) -> float:
    return 3600 * int(hours or 0) + 60 * int(minutes) + int(seconds) + int(parts) / 10 ** len(parts)


def written(seconds: float) -> str:
    """Return a moment as subtitles write it. Example: written(61.5) == "00:01:01.500\""""
    thousandths = round(seconds * 1000)
    return f"{thousandths // 3_600_000:02}:{thousandths // 60_000 % 60:02}:{thousandths // 1000 % 60:02}.{thousandths % 1000:03}"


def align(files: Sequence[Sequence[Cue]], spine: int) -> tuple[list[Heard], int]:
    """Return the stretches that the file `spine` and others share, and how many cues have no partner.

    Cues belong together where they overlap by half of the shorter one. Files cut sentences in different places, so a
    stretch may hold several cues of each.
    """
    owner: dict[tuple[int, int], int] = {}  # (file, cue) → number of the stretch
    stretches: list[list[tuple[int, int]]] = []
    for place in range(len(files[spine])):
        owner[spine, place] = len(stretches)
        stretches.append([(spine, place)])
    for number, cues in enumerate(files):
        if number == spine:
            continue
        for place, cue in enumerate(cues):
            partners = sorted({owner[spine, each] for each in _partners(cue, files[spine])})
            for later in partners[1:]:  # it says at once what the spine says in several cues
                for member in stretches[later]:
                    owner[member] = partners[0]
                stretches[partners[0]] += stretches[later]
                stretches[later] = []
            if partners:
                owner[number, place] = partners[0]
                stretches[partners[0]].append((number, place))
    shared = [each for each in stretches if len({number for number, _ in each}) > 1]
    lone = sum(map(len, files)) - sum(map(len, shared))
    return [_heard(files, each) for each in shared], lone


def _partners(cue: Cue, spine: Sequence[Cue]) -> Iterator[int]:
    """Yield the cues of the spine with which a cue belongs together. (They stand in the order of their beginnings.)"""
    for place, other in enumerate(spine):
        if other.start >= cue.end:
            return
        overlap = min(cue.end, other.end) - max(cue.start, other.start)
        if overlap > 0 and overlap >= OVERLAP * min(cue.end - cue.start, other.end - other.start):
            yield place


def _heard(files: Sequence[Sequence[Cue]], members: Sequence[tuple[int, int]]) -> Heard:
    cues = [files[number][place] for number, place in sorted(members)]
    texts = (
        joined([files[number][place].text for number, place in sorted(members) if number == each])
        for each in range(len(files))
    )
    return Heard(min(cue.start for cue in cues), max(cue.end for cue in cues), tuple(texts))
