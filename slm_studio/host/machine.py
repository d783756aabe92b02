"""Machine: what this computer has, for faces that say what fits it without a library that computes."""

import psutil


def memory() -> int:
    """Return the bytes of this computer's memory, free or not."""
    return int(psutil.virtual_memory().total)
