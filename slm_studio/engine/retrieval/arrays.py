"""Arrays on disk, mapped into memory: .npy without objects, whose size is looked at before a number is."""

from pathlib import Path

import numpy as np

from slm_studio.core import files
from slm_studio.core.errors import StudioError


def save_array(path: Path, array: np.ndarray) -> None:
    """Write an array."""
    np.save(path, np.ascontiguousarray(array), allow_pickle=False)


def new_array(path: Path, kind: type, shape: tuple[int, ...]) -> np.ndarray:
    """Return an array of zeros that is written to a file as it is filled."""
    if 0 in shape:  # nothing can be mapped
        save_array(path, np.zeros(shape, kind))
        return np.zeros(shape, kind)
    return np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape)  # type: ignore[no-any-return,no-untyped-call]


def open_array(path: Path, kind: type, shape: tuple[int, ...]) -> np.ndarray:
    """Map an array that must have a kind and a shape. Raises StudioError where it is another, cut short or missing."""
    try:
        if path.stat().st_size <= 128 and 0 in shape:  # nothing can be mapped
            found = np.load(path, allow_pickle=False)
        else:
            found = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise files.damaged(path, error) from error
    if found.dtype != np.dtype(kind) or found.shape != shape:
        raise StudioError(
            "index-misfit",
            "“{file}” does not belong to the rest of the index: it holds {found} numbers where {wanted} are expected.",
            "Build the index again.",
            file=path.name,
            found=" × ".join(map(str, found.shape)) or "no",
            wanted=" × ".join(map(str, shape)),
        )
    return found
