"""SLM Studio: build and use small language models on your own computer. What programs may use stands in `face`."""

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["Answer", "Model", "Stopped", "StudioError", "load", "resume", "train"]

if TYPE_CHECKING:
    from slm_studio.face import Answer, Model, Stopped, StudioError, load, resume, train


def __getattr__(name: str) -> object:
    """Import the Python face on first use: engine processes, the window and the command line start without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from slm_studio import face

    return getattr(face, name)
