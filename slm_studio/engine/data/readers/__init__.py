"""One file per format. The folder is the registry: each reader has FORMATS, `sniff(head, name)` and `read(source, options, notes)`."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Protocol, cast

from slm_studio.core.dataset import ReadOptions
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.source import Source
from slm_studio.engine.data.table import Chunk

__all__ = ["Chunk", "Reader", "all_readers"]


class Reader(Protocol):
    """What each module in this folder offers."""

    def sniff(self, head: bytes, name: str) -> float:
        """Say how sure (0…1) this reader is of a file that begins with `head`: text arrives as UTF-8."""

    def read(self, source: Source, options: ReadOptions, notes: Notes) -> Iterator[Chunk]:
        """Yield the rows, column by column, and tell `notes` how they were understood."""


def all_readers() -> dict[str, Reader]:
    """Return every reader by the name of its file."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: cast(Reader, importlib.import_module(f"{__name__}.{name}")) for name in names}
