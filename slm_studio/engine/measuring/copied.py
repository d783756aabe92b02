"""Copied: which stretches of some texts stand in a large text word for word, found in one pass over the large one.

The few n-grams of what was written are kept, and the many of the training text go by in blocks: so memory stays flat however
long it is. Every n characters have a hash (Rabin & Karp 1987, IBM J. Res. Dev. 31), doubled up from those of single characters;
a hash that is met is looked at letter by letter.
"""

# W characters of what was written, S of a block of the training text (of both: those at which an n-gram begins)

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from slm_studio.core.copied import LEAST, LEAST_HAN
from slm_studio.core.events import Progress
from slm_studio.core.work import Work
from slm_studio.engine.data.languages import is_han

BLOCK = 1_000_000  # characters that are hashed together
BORDER = "\0"  # between two texts, over which no stretch goes
BASE, MODULUS = 0x9E3779B97F4A7C15, 2**64  # odd, so that no character is lost in it
SIEVE = 20  # bits of a hash by which most of the n-grams are passed over
ALIKE = 32  # places at which the same n-gram is looked for, where a text turns in circles
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
    grams_W = _hashes(_codes(folded), least)
    begins: dict[int, list[int]] = {}
    for place, gram in enumerate(grams_W.tolist()):
        if BORDER not in folded[place : place + least] and len(known := begins.setdefault(gram, [])) < ALIKE:
            known.append(place)
    sieve = np.zeros(1 << SIEVE, bool)
    sieve[_sifted(np.array([*begins], np.uint64))] = True
    met_W = np.zeros(len(folded), np.int64)  # characters of the longest stretch that begins here
    running: dict[int, tuple[int, int]] = {}  # how far the two texts are apart → where a stretch began, and stands now
    total, done, before = sum(map(len, training)), 0, 0
    for block, read in _blocks(training, least):
        hashes_S = _hashes(_codes(block), least)
        for at in np.flatnonzero(sieve[_sifted(hashes_S)]).tolist():
            for place in begins.get(int(hashes_S[at]), ()):
                if folded[place : place + least] == block[at : at + least]:
                    start, last = running.get(before + at - place, (place, -1))
                    start = start if last == place - 1 else place
                    running[before + at - place] = start, place
                    met_W[start] = max(met_W[start], place + least - start)
        done, before = done + read, before + len(hashes_S)
        running = {apart: each for apart, each in running.items() if apart + each[1] == before - 1}
        yield Progress(COMPARING, min(done, total), total)
    return _found(met_W, places, folded)


def _found(met_W: np.ndarray, places: Sequence[tuple[int, int, int]], folded: str) -> Found:
    """Return stretches, those left out that stand within another."""
    found, reach, covered = [], 0, 0
    for place in np.flatnonzero(met_W).tolist():
        end = place + int(met_W[place])
        if end <= reach:
            continue
        covered += end - max(place, reach)
        reach = end
        part, start, _ = places[place]
        found.append(Stretch(part, start, places[end - 1][2]))
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
