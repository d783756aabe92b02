"""What lies in a model folder: files, and links that stay at home."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from slm_studio.core.errors import StudioError

MAX_MEMBERS = 10_000


def check_members(folder: Path) -> None:
    """Refuse links that leave the folder, and anything that is neither a file nor a folder."""
    homes, count = homes_of(folder), 0
    for place, folders, names in os.walk(folder):
        for name in folders + names:
            path = Path(place) / name
            count += 1
            mode = path.lstat().st_mode
            if count > MAX_MEMBERS:
                raise StudioError(
                    "model-too-many-files",
                    "This folder holds more than {limit} files.",
                    "Choose the folder of one model.",
                    limit=MAX_MEMBERS,
                )
            if stat.S_ISLNK(mode):
                mode = _follow(path, homes)
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise StudioError(
                    "model-device",
                    "“{file}” is no regular file.",
                    "Remove it from the folder, or choose another folder.",
                    file=name,
                )


def homes_of(folder: Path) -> list[Path]:
    """Return where a model's files may really stand: in its folder, or in the blobs of the hub cache it is a part of."""
    root = folder.resolve()
    repository = root.parent.parent
    if root.parent.name != "snapshots":
        return [root]
    # Files that several repositories hold stand in a store beside them, at which the repository's blobs point.
    shared = [repository.parent / "blobs"] if repository.name.startswith("models--") else []
    return [root, repository / "blobs", *shared]


def _follow(path: Path, homes: Sequence[Path]) -> int:
    """Return the mode of what a link points at. Raises StudioError where that is elsewhere, or nowhere."""
    try:
        real = path.resolve(strict=True)
        if any(real.is_relative_to(home) for home in homes):
            return real.stat().st_mode
    except (OSError, RuntimeError):  # it points at nothing, or at itself
        pass
    raise StudioError(
        "model-outside",
        "“{file}” points at “{name}”, which is outside the model's folder.",
        "Copy the real file into the folder.",
        file=path.name[:200],
        name=str(os.readlink(path))[:200],
    )
