"""Copied: which stretches of some texts stand in a large text word for word, found in one pass over the large one.

The few n-grams of what was written are kept, and the many of the training text go by in blocks: so memory stays flat however
long it is. Every n characters have a hash (Rabin & Karp 1987, IBM J. Res. Dev. 31), doubled up from those of single characters;
where one is met, the text is read letter by letter through all parts of what was written.
"""

# W characters of what was written, S of a block of the training text (of both: those at which an n-gram begins)

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from slm_studio.core.copied import LEAST, LEAST_HAN
from slm_studio.core.events import Progress
from slm_studio.core.work import Work
from slm_studio.engine.data.languages import is_han
from slm_studio.engine.measuring.automaton import Automaton

BLOCK = 1_000_000  # characters that are hashed together
BORDER = "\0"  # between two texts, over which no stretch goes
BASE, MODULUS = 0x9E3779B97F4A7C15, 2**64  # odd, so that no character is lost in it
SIEVE = 20  # bits of a hash by which most of the n-grams are passed over
COMPARING = "Comparing with the training text"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Characters `start` to `end` of the text at `part`."""

    part: int
    start: int
    end: int

    @property
    def length(self) -> int:
        """Return how many characters it has."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Found:
    """The stretches of some texts, as they stand there; none within another."""

    stretches: tuple[Stretch, ...]
    covered: int  # characters of the texts that stand in any of them, as they are compared
    whole: int  # characters of the texts, likewise

    @property
    def share(self) -> float:
        """Return the share of the texts that stands in stretches."""
        return self.covered / self.whole if self.whole else 0.0

    @property
    def longest(self) -> Stretch | None:
        """Return the longest; of equals the first."""
        return max(self.stretches, key=lambda each: each.length, default=None)


def least_for(texts: Sequence[str]) -> int:
    """Return from how many characters on a stretch of such texts is called copied."""
    letters = [each for text in texts for each in text if each.isalpha()]
    return LEAST_HAN if sum(map(is_han, letters)) * 2 > len(letters) else LEAST


def find_copied(written: Sequence[str], training: Sequence[str], least: int) -> Work[Found]:
    """Yield Progress; return the stretches of `least` and more characters of `written` that stand in the training text.

    Case does not count, and blanks in a row count as one.
    """
    folded, places = _fold_with_places(written)
    parts, grams = Automaton(folded), np.unique(_hashes(_codes(folded), least))
    sieve = np.zeros(1 << SIEVE, bool)
    sieve[_sifted(grams)] = True
    total, done, before = sum(map(len, training)), 0, None
    for block, read in _blocks(training, least):
        hashes_S = _hashes(_codes(block), least)
        for first, last in _runs(_among(hashes_S, grams, sieve)):
            going_on = before if first == 0 else None  # of the block's beginning all but the last character was read
            begin = least - 1 if going_on else first
            before = _read(parts, block[begin : last + least], going_on or (0, 0))
            before = before if last == len(hashes_S) - 1 else None
        done += read
        yield Progress(COMPARING, min(done, total), total)
    return _found(parts.longest(), places, folded, least)


def _among(hashes_S: np.ndarray, grams: np.ndarray, sieve: np.ndarray) -> np.ndarray:
    """Return the places of the hashes that are among the sorted `grams`, of which the sieve lets few others pass."""
    maybe = np.flatnonzero(sieve[_sifted(hashes_S)])
    at = np.searchsorted(grams, hashes_S[maybe]).clip(max=max(0, len(grams) - 1))
    return maybe[grams[at] == hashes_S[maybe]]


def _runs(places: np.ndarray) -> list[tuple[int, int]]:
    """Return the first and the last of the places that follow each other. Example: [3, 4, 9] → [(3, 4), (9, 9)]"""
    cuts = np.flatnonzero(np.diff(places) > 1)
    firsts, lasts = [0, *(cuts + 1)], [*cuts, len(places) - 1]
    return (
        [(int(places[one]), int(places[other])) for one, other in zip(firsts, lasts, strict=True)]
        if len(places)
        else []
    )


def _read(parts: Automaton, text: str, state: tuple[int, int]) -> tuple[int, int]:
    """Read on; over a border nothing goes."""
    first, *others = text.split(BORDER)
    state = parts.read(first, *state)
    for each in others:
        state = parts.read(each)
    return state


def _found(longest_W: Sequence[int], places: Sequence[tuple[int, int, int]], folded: str, least: int) -> Found:
    """Return stretches, those left out that stand within another."""
    ends: dict[int, int] = {}  # where a stretch begins → where the longest from there ends
    for last, size in enumerate(longest_W):
        if size >= least:
            ends[last + 1 - size] = last + 1
    found, reach, covered = [], 0, 0
    for start, end in sorted(ends.items()):
        if end <= reach:
            continue
        covered += end - max(start, reach)
        reach = end
        part, begin, _ = places[start]
        found.append(Stretch(part, begin, places[end - 1][2]))
    return Found(tuple(found), covered, len(folded) - folded.count(BORDER))


def _fold_with_places(texts: Sequence[str]) -> tuple[str, list[tuple[int, int, int]]]:
    """Return texts as they are compared, and for each character of that its text, and where it begins and ends there."""
    letters: list[str] = []
    places: list[tuple[int, int, int]] = []
    for part, text in enumerate(texts):
        for at, character in enumerate(text):
            blank = character.isspace()
            if blank and (not letters or letters[-1] in (" ", BORDER)):
                continue
            for each in " " if blank else character.casefold():
                letters.append(each)
                places.append((part, at, at + 1))
        letters.append(BORDER)
        places.append((part, len(text), len(text)))
    return "".join(letters), places


def _blocks(texts: Sequence[str], least: int) -> Iterator[tuple[str, int]]:
    """Yield blocks of the texts as they are compared, and how many characters of the texts each brings.

    The last `least` - 1 characters of a block begin the next: so every `least` in a row stand together once.
    """
    held: list[str] = []
    tail, size = "", 0
    for text in texts:
        for start in range(0, len(text), BLOCK):
            held.append(text[start : start + BLOCK])
            size += len(held[-1])
            if size >= BLOCK:
                folded = _folded(tail + "".join(held))
                yield folded, size
                held, tail, size = [], folded[len(folded) - least + 1 :] if len(folded) >= least else folded, 0
        held.append(BORDER)
    yield _folded(tail + "".join(held)), size


def _folded(text: str) -> str:
    # What begins or ends in the middle of a text keeps the blank there.
    return " " * text[:1].isspace() + " ".join(text.casefold().split()) + " " * text[-1:].isspace()


def _codes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)


def _hashes(codes_S: np.ndarray, least: int) -> np.ndarray:
    """Return the hash of every `least` characters in a row: those of 1, 2, 4 … characters, put together."""
    if len(codes_S) < least:
        return np.zeros(0, np.uint64)
    whole: np.ndarray | None = None
    width, size, power = 0, 1, BASE  # power = BASE ** size
    doubled, left = codes_S, least
    while left:
        if left & 1:
            whole = doubled if whole is None else whole[: len(doubled) - width] * np.uint64(power) + doubled[width:]
            width += size
        left >>= 1
        if left:
            doubled = doubled[:-size] * np.uint64(power) + doubled[size:]
            size, power = size * 2, power * power % MODULUS
    assert whole is not None
    return whole


def _sifted(hashes: np.ndarray) -> np.ndarray:
    return (hashes >> np.uint64(64 - SIEVE)).astype(np.int64)
