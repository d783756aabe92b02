"""Features of a pair of texts, from the hashed features of each: told apart by their side, and by whether both have them."""

import numpy as np

# What turns a hash into another one: of the second text, of both, of one alone, of how alike they are
SECOND, SHARED, ALONE, LIKENESS = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F
STEPS = 10  # of likeness that are told apart


def paired_hashes(one: np.ndarray, other: np.ndarray, hashes: int) -> np.ndarray:
    """Return the hashes of the features of a pair: of each text under its own name, of what both share, of what only one has.

    And how alike they are, in steps: which words these are does not matter then.
    """
    both, either = np.intersect1d(one, other), np.union1d(one, other)
    likeness = int(STEPS * len(both) / max(1, len(either)))
    marks = np.array([(LIKENESS * (step + 1)) % hashes for step in range(likeness + 1)], np.int64)
    streams = (
        one,
        _renamed(other, SECOND, hashes),
        _renamed(both, SHARED, hashes),
        _renamed(np.setxor1d(one, other), ALONE, hashes),
    )
    # In turns: where there is no room for all, none of them is lost as a whole, and the longest loses first.
    turns = np.concatenate([np.arange(len(each)) for each in streams])
    return np.concatenate([marks, np.concatenate(streams)[np.argsort(turns, kind="stable")]])


def _renamed(hashes_N: np.ndarray, factor: int, hashes: int) -> np.ndarray:
    """Return other hashes, always the same for the same ones: odd factors lose none of a power of two."""
    return (hashes_N * factor + (factor >> 7)) % hashes
