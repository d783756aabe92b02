"""Room: the tokens that the answer to a held-out question may take.

A limit near the length of the true answer tells who is brief, not who stops: of ten answers to an FAQ two were cut at 64
tokens that would have ended at 66 and 83.
"""

# N answers

import numpy as np

TIMES, LEAST, LONGEST = 4, 128, 256  # the length of the true answer; tokens at least and at most


def room_for(lengths_N: np.ndarray) -> np.ndarray:
    """Return how many tokens each answer may take whose true one has so many."""
    return np.clip(TIMES * lengths_N, LEAST, LONGEST)
