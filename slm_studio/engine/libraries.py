"""Transformers, loaded by one thread at a time.

Its modules import each other in circles. Where two threads begin at different ends of a circle, Python hands one of them a
module that is half made, rather than let both wait for ever: “cannot import name 'PreTrainedModel' from 'transformers'”.
"""

import threading

_LOADING = threading.Lock()


def load_transformers() -> None:
    """Load what all of it stands on; a thread that comes second waits for the first."""
    with _LOADING:
        from transformers import PreTrainedModel  # noqa: F401
