"""Quotes: the true answers of a row as its cells hold them, and where in the passage they stand.

Places are characters. A place at which another text stands is not believed: the answer is looked for, and the nearest place
counts. An answer that stands nowhere in its passage cannot be learnt; whoever reads rows counts such ones.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Fate = Literal["placed", "moved", "lost", "none"]  # lost: there are answers, but none stands in the passage
EVEN = 0.5  # share of “nothing” from which on it is the answer, where held-out rows did not say another
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Characters start…end of a passage (end excluded)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Truth:
    """What is right for a row: the texts as the file has them, and those that stand in the passage with their places."""

    texts: tuple[str, ...]  # () : nothing in the passage answers the question
    places: tuple[Stretch, ...]
    fate: Fate


def truth_of(passage: str, answer: str, start: str = "") -> Truth:
    """Return the true answers of a row from its cells; `start` holds the place of each answer, or nothing.

    Example: truth_of("Ada was born in London.", "London", "16").places == (Stretch(16, 22),)
    """
    texts, starts = texts_in(answer), starts_in(start)
    if not texts:
        return Truth((), (), "none")
    places, moved = [], False
    for at, text in enumerate(texts):
        said = starts[at] if at < len(starts) else None
        found = place_of(passage, text, said)
        if found is None:
            continue
        moved = moved or (said is not None and found.start != said + len(text) - len(text.lstrip()))
        places.append(found)
    kept = tuple(dict.fromkeys(places))
    return Truth(tuple(dict.fromkeys(texts)), kept, "lost" if not kept else "moved" if moved else "placed")


def texts_in(cell: str) -> list[str]:
    """Return the answers that a cell holds: a text, or a JSON list of texts; none where no word stands there."""
    plain = _plain(cell)
    if isinstance(plain, list) and all(isinstance(each, str) for each in plain):
        return [each for each in plain if each.strip()]
    return [cell] if cell.strip() else []


def starts_in(cell: str) -> list[int | None]:
    """Return the places that a cell holds: a number, or a JSON list of numbers, which a file may have as texts."""
    plain = _plain(cell)
    return [_whole(each) for each in plain] if isinstance(plain, list) else [_whole(cell)]


def place_of(passage: str, text: str, start: int | None = None) -> Stretch | None:
    """Return where an answer stands: at its place, or the nearest to it; None where it stands nowhere.

    Where it is not found letter by letter, case and the width of blanks do not count. Without a place the first counts.
    """
    stripped = text.strip()
    if not stripped:
        return None
    lead = len(text) - len(text.lstrip())
    wanted = None if start is None else start + lead
    if wanted is not None and wanted >= 0 and passage.startswith(stripped, wanted):
        return Stretch(wanted, wanted + len(stripped))
    exact = [Stretch(found.start(), found.end()) for found in re.finditer(re.escape(stripped), passage)]
    loose = exact or [Stretch(found.start(), found.end()) for found in _loosely(stripped).finditer(passage)]
    return min(_whole_words(passage, loose), key=lambda each: abs(each.start - (wanted or 0)), default=None)


def _whole_words(passage: str, found: Sequence[Stretch]) -> Sequence[Stretch]:
    """Return those of some stretches that do not begin or end within a word: “art” stands in “start”, too."""
    whole = [each for each in found if not (_cuts(passage, each.start) or _cuts(passage, each.end))]
    return whole or found


def _cuts(passage: str, at: int) -> bool:
    pair = passage[at - 1 : at + 1] if at else ""
    return len(pair) == 2 and pair.isascii() and bool(_WORD.fullmatch(pair))


def _loosely(text: str) -> re.Pattern[str]:
    return re.compile(r"\s+".join(map(re.escape, text.split())), re.IGNORECASE)


def _plain(cell: str) -> object:
    if not cell.lstrip().startswith("["):
        return None
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return None


def _whole(value: object) -> int | None:
    try:
        return int(str(value).strip())
    except ValueError:
        return None
