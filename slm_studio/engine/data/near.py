"""Near duplicates: texts that share nearly all their five-character pieces, found by MinHash in bounded time."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

LOOKED_AT = 50_000  # texts, and
LONGEST = 2000  # characters of each that are looked at
SHORTEST = 20  # characters; shorter texts are alike by chance
PIECE = 5
HASHES, BAND = 16, 2  # 8 bands of 2: a pair that shares 80 % of its pieces is missed once in 3,000
ENOUGH = 0.8  # share of pieces two texts have in common (Jaccard)
MOST_COMPARED = 200_000  # pairs
_PRIMES = (
    np.array([0x9E3779B97F4A7C15 + 0xBF58476D1CE4E5B8 * number | 1 for number in range(HASHES)], dtype=object) % 2**64
)


def near_duplicates(texts: Sequence[str], keys: np.ndarray) -> list[tuple[int, int]]:
    """Return (earlier, later) places of texts that are nearly but not wholly the same; `keys` tell the wholly same ones.

    Example: near_duplicates(["I lost my new card yesterday", "I lost my new card yesterday!"], …) == [(0, 1)]
    """
    places = _first_of_each(texts, keys)
    if len(places) < 2:
        return []
    pieces = [_pieces(texts[place]) for place in places]
    marks = _minhash(pieces)
    found: dict[int, int] = {}
    compared = 0
    for band in range(0, HASHES, BAND):
        buckets: dict[bytes, list[int]] = defaultdict(list)
        for number, row in enumerate(marks[:, band : band + BAND]):
            buckets[row.tobytes()].append(number)
        for members in buckets.values():
            for later in members[1:]:
                if later in found or compared >= MOST_COMPARED:
                    continue
                for earlier in members[: members.index(later)][:5]:
                    compared += 1
                    if _jaccard(pieces[earlier], pieces[later]) >= ENOUGH:
                        found[later] = earlier
                        break
    return sorted((places[earlier], places[later]) for later, earlier in found.items())


def _first_of_each(texts: Sequence[str], keys: np.ndarray) -> list[int]:
    seen: set[int] = set()
    places = []
    for place, key in enumerate(keys[: 4 * LOOKED_AT].tolist()):
        if key and key not in seen and len(texts[place]) >= SHORTEST:
            seen.add(key)
            places.append(place)
            if len(places) == LOOKED_AT:
                break
    return places


def _pieces(text: str) -> np.ndarray:
    """Return the sorted hashes of a text's five-character pieces, case and spaces folded."""
    folded = " ".join(text[:LONGEST].casefold().split())
    codes = np.frombuffer(folded.encode("utf-32-le", "replace"), "<u4").astype(np.uint64)
    if len(codes) < PIECE:
        codes = np.pad(codes, (0, PIECE - len(codes)))
    windows = np.lib.stride_tricks.sliding_window_view(codes, PIECE)
    weights = np.array([1, 1_000_003, 998_244_353, 4_256_233_981, 7_778_777_771], np.uint64)
    return np.unique((windows * weights).sum(axis=1))


def _minhash(pieces: Sequence[np.ndarray]) -> np.ndarray:
    """Return HASHES smallest hashes per text, each under another mixing."""
    everything = np.concatenate(pieces)
    starts = np.cumsum([0, *(len(each) for each in pieces[:-1])])
    marks = np.empty((len(pieces), HASHES), np.uint64)
    for number, prime in enumerate(_PRIMES):
        mixed = everything * np.uint64(prime)
        mixed ^= mixed >> np.uint64(31)
        marks[:, number] = np.minimum.reduceat(mixed * np.uint64(_PRIMES[-1 - number]), starts)
    return marks


def _jaccard(first: np.ndarray, second: np.ndarray) -> float:
    common = len(np.intersect1d(first, second, assume_unique=True))
    return common / (len(first) + len(second) - common)
