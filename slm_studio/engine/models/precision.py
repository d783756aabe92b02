"""In which numbers a network is opened: float32 where it fits, which is fastest on most processors and as the weights are.

Measured with SmolLM2-135M on a processor without bfloat16 (AVX2): a token takes 0.39 s of it in float32, 0.53 in bfloat16,
0.71 in float16, and 64 tokens at once 3.3, 5.2 and 6.6 s; answers in bfloat16 were off by up to 1.2 in a logit. So it is for
what would not fit otherwise, and up to a size at which a word still comes within a few seconds.
"""

import psutil

SPARE = 512 * 1024 * 1024  # bytes beside the weights: the program, and what an answer takes
LEAST_SHORT, MOST_SHORT = 1_000_000_000, 4_000_000_000  # parameters between which weights may be halved
BYTES = {"F32": 4, "BF16": 2}


def free_memory() -> int:
    """Return how many bytes programs may still take."""
    return int(psutil.virtual_memory().available)


def precision_for(parameters: int, free: int) -> str:
    """Return F32, BF16, or "" where a network of so many parameters cannot be opened with so much memory.

    Example: precision_for(3_200_000_000, 8 * 1024**3) == "BF16"
    """
    if parameters * BYTES["F32"] + SPARE <= free:
        return "F32"
    fits = parameters * BYTES["BF16"] + SPARE <= free
    return "BF16" if fits and LEAST_SHORT <= parameters <= MOST_SHORT else ""


def most_parameters(free: int) -> int:
    """Return how many parameters a network may have to be opened with so much memory."""
    room = max(0, free - SPARE)
    whole, short = room // BYTES["F32"], min(MOST_SHORT, room // BYTES["BF16"])
    return max(whole, short if short >= LEAST_SHORT else 0)
