"""Room: the tokens that a text may take which is written while a model learns and is scored.

A limit near the length of the true answer tells who is brief, not who stops: of ten answers to an FAQ two were cut at 64
tokens that would have ended at 66 and 83.
"""

# N answers

import numpy as np

SAMPLED_TEXT, SAMPLED_ANSWER = 80, 48  # of a writer and of a chat, while they learn
COMPARED = 128  # a text that is compared with the training text
TIMES, LEAST, LONGEST = 4, 128, 256  # an answer to a held-out question: times the true one, at least, at most


def room_for(lengths_N: np.ndarray) -> np.ndarray:
    """Return how many tokens each answer may take whose true one has so many."""
    return np.clip(TIMES * lengths_N, LEAST, LONGEST)
