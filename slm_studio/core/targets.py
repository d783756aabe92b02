"""Targets: where a file or folder that somebody named will lie, looked at before the work that fills it."""

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from slm_studio.core import files
from slm_studio.core.errors import StudioError, system_error

MOST_LINKS = 40  # one behind the other, as the systems count


@contextmanager
def target_file(path: Path) -> Iterator[BinaryIO]:
    """Open what takes the place of the file that somebody named when the block ends without an error.

    A link stays, and where it leads is written. (files.atomic_file replaces a link: what is ours lies in no other place.)
    """
    with files.atomic_file(check_file(path)) as stream:
        yield stream


def check_file(path: Path) -> Path:
    """Return the file that writing to `path` fills. Raises StudioError where that is none, or none can be written."""
    target = followed(path)
    try:
        mode = os.stat(target).st_mode
    except (OSError, ValueError):
        mode = stat.S_IFREG  # it is still to come; if it cannot, the folder or the write says why
    if stat.S_ISDIR(mode):
        raise StudioError("is-a-folder", "“{path}” is a folder.", "Add a file name.", path=_shown(path))
    if not stat.S_ISREG(mode):
        raise _no_file(path)
    check_place(target.parent, target)
    return target


def refuse_taken(path: Path, *, overwrite: bool, source: Path | None = None) -> None:
    """Raise StudioError where something stands in the file that somebody named, and nobody said that it may be replaced.

    Of the `source` itself whoever writes says more: it is never replaced.
    """
    if overwrite or not path.is_file() or not path.stat().st_size:
        return
    if source is not None and source.exists() and path.samefile(source):
        return
    raise StudioError(
        "out-exists", "“{path}” exists already.", "Choose another name, or add --overwrite.", path=_shown(path)
    )


def check_place(folder: Path, target: Path) -> None:
    """Raise StudioError where nothing can be written in `folder`, or made on the way to it; `target` is what for.

    It is tried: some places let everybody write and yet take nothing (/proc).
    """
    above = next(each for each in (folder, *folder.parents) if os.path.exists(each))
    try:
        TemporaryDirectory(dir=above, prefix=".slm-studio-").cleanup()
    except OSError as error:
        if error.errno == errno.ENOENT or _stores_nothing(above):
            raise StudioError(
                "takes-no-files",
                "“{path}” cannot be written: “{place}” takes no files.",
                "Choose another place.",
                path=_shown(target),
                place=_shown(above),
            ) from error
        raise system_error(OSError(error.errno, error.strerror, _shown(above))) from error


def followed(path: Path) -> Path:
    """Return where a link leads, through others too, or `path`. Raises StudioError for what a program has open."""
    found = path
    for _ in range(MOST_LINKS):
        found = Path(os.path.realpath(found.parent)) / found.name
        if found.parent.name == "fd" and found.is_relative_to("/proc"):
            raise _no_file(path)  # /dev/stdout and the like: in another process it would be another file
        if not found.is_symlink():
            return found
        found = found.parent / os.readlink(found)
    raise StudioError(
        "link-in-a-circle", "“{path}” is a link that leads nowhere.", "Choose another name.", path=_shown(path)
    )


def _no_file(path: Path) -> StudioError:
    return StudioError(
        "not-a-file",
        "“{path}” is a pipe or a device, not a file.",
        "Choose a file.",
        path=_shown(path),
    )


def _stores_nothing(folder: Path) -> bool:
    """Say whether a folder is the system's own picture of itself: no disk stands behind it."""
    return shutil.disk_usage(folder).total == 0 if folder.is_dir() else False


def _shown(path: Path) -> str:
    """Return a path as text that every encoder takes."""
    return os.fsencode(path).decode("utf-8", "replace")
