"""What a library says of a folder's content is that folder's fault, and is said so."""

from collections.abc import Iterator
from contextlib import contextmanager

from slm_studio.core.errors import StudioError
from slm_studio.engine.advice import advise


@contextmanager
def blaming(name: str) -> Iterator[None]:
    """Turn what libraries raise over the content of the model `name` into a sentence about that model.

    Checks before it (inspect.py) say more; this is for what only the library's own code finds out. What the system lacks
    (memory, room on the disk) is not the model's fault and keeps its own sentence.
    """
    try:
        yield
    except (StudioError, MemoryError):
        raise
    except Exception as error:
        known = advise(error)
        raise known if known.code != "unexpected" else StudioError(
            "model-unreadable",
            "“{model}” cannot be opened: {reason}.",
            "Fetch the model again, or take it from another source.",
            model=name,
            reason=" ".join(str(error).split())[:300] or type(error).__name__,
        ) from error  # fmt: skip
