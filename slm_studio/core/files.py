"""Atomic writes: a reader sees the old file or the new one, never a half."""

import errno
import json
import os
import shutil
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from slm_studio.core.errors import StudioError, disk_full
from slm_studio.core.pointers import refuse_pointer

_STALE = ".partial-"
MOST_NESTED = 100  # brackets within brackets; what we write has a handful, and code that walks deeper ones would break


class PlaceTaken(Exception):
    """Another program has put something where a new folder was to stand."""


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write `content` to `path`: a temporary file beside it, fsync, rename, fsync of the folder."""
    data = encode(content) if isinstance(content, str) else content
    with atomic_file(path) as stream:
        stream.write(data)


def encode(text: str) -> bytes:
    """Return a text as UTF-8. Half a character (a lone surrogate) becomes its escape, which in JSON is the very same."""
    return text.encode("utf-8", "backslashreplace")


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` that takes its place when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{_STALE}{uuid.uuid4().hex[:8]}-{path.name}")
    try:
        with partial.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(partial, path)
        sync_folder(path.parent)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def atomic_folder(folder: Path, *, is_new: bool = False) -> Iterator[Path]:
    """Yield a temporary folder that becomes `folder` when the block ends without an error.

    `folder` must not exist, or is replaced; where it `is_new`, whoever came first keeps it, and PlaceTaken is raised.
    Files inside are fsynced before the rename.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f"{_STALE}{uuid.uuid4().hex[:8]}-{folder.name}")
    partial.mkdir()
    try:
        yield partial
        for path in sorted(partial.rglob("*")):
            sync_file(path) if path.is_file() else sync_folder(path)
        sync_folder(partial)
        (place_new if is_new else replace_folder)(partial, folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def place_new(source: Path, target: Path) -> None:
    """Move `source` to `target`. Raises PlaceTaken where another program has put something there meanwhile."""
    try:
        os.rename(source, target)  # never takes the place of a folder that holds something
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        raise PlaceTaken(str(target)) from error
    sync_folder(target.parent)


def replace_folder(source: Path, target: Path) -> None:
    """Move `source` to `target`; a former `target` is set aside first and removed after.

    An empty `target` in which somebody works is filled instead: replaced, it would be a folder that is no longer there.
    """
    if _is_here(target):
        _fill(source, target)
        return
    aside = target.with_name(f"{_STALE}{uuid.uuid4().hex[:8]}-old-{target.name}")
    had = target.exists()
    if had:
        os.rename(target, aside)
    try:
        os.rename(source, target)
    except OSError:
        if had:
            os.rename(aside, target)
        raise
    sync_folder(target.parent)
    if had:
        shutil.rmtree(aside, ignore_errors=True)


def _is_here(folder: Path) -> bool:
    try:
        return folder.is_dir() and folder.samefile(os.curdir)
    except OSError:
        return False  # the working folder itself is gone


def _fill(source: Path, target: Path) -> None:
    """Move what stands in `source` into the empty folder `target`, what makes it a model of ours (studio.json) last."""
    if any(target.iterdir()):
        raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), str(target))
    for path in sorted(source.iterdir(), key=lambda each: (each.name == "studio.json", each.name)):
        os.rename(path, target / path.name)
    sync_folder(target)
    source.rmdir()


def check_room(folder: Path, needed: int) -> None:
    """Refuse to begin what cannot end: the disk of `folder` must hold `needed` more bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    disk = shutil.disk_usage(folder)
    if disk.total and disk.free < needed:  # without a size it is no disk: a network's or the system's own
        raise disk_full(str(folder), needed - disk.free)


def sync_file(path: Path) -> None:
    """Flush a file's bytes to the disk. (safetensors renames but does not fsync.)"""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk, where the system can do it (Windows cannot)."""
    if os.name == "nt":
        return
    sync_file(folder)


def read_json(path: Path) -> object:
    """Return the JSON value in `path`. Raises StudioError where it is missing or damaged."""
    try:
        raw = path.read_bytes()
        refuse_pointer(raw, path.name)
        return parse_json(raw)
    except FileNotFoundError as error:
        raise StudioError(
            "file-missing", "“{path}” does not exist.", "Check the name, or choose another file.", path=str(path)
        ) from error
    except (ValueError, OSError) as error:
        raise damaged(path, error) from error


def read_object(path: Path) -> dict[str, object]:
    """Return the JSON object in `path`. Raises StudioError where it is missing or damaged."""
    plain = read_json(path)
    if not isinstance(plain, dict):
        raise damaged(path, TypeError("it holds no object"))
    return plain


def parse_json(raw: str | bytes) -> object:
    """Return the JSON value in `raw`. Raises ValueError, also where it nests deeper than MOST_NESTED."""
    try:
        value = json.loads(raw)
    except RecursionError as error:
        raise ValueError("its brackets nest too deeply") from error
    level, depth = [value], 0
    while level := [item for each in level for item in _items(each)]:
        depth += 1
        if depth > MOST_NESTED:
            raise ValueError("its brackets nest too deeply")
    return value


def _items(value: object) -> list[object]:
    """Return what stands in a list or an object and can hold something itself."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in inner if isinstance(item, dict | list)]


def damaged(path: Path, reason: Exception) -> StudioError:
    """Return the error for a file of ours that does not hold what we wrote."""
    return StudioError(
        "file-damaged",
        "“{path}” cannot be read: {reason}.",
        "Restore it from a copy, or make it again.",
        path=str(path),
        reason=str(reason),
    )


def write_json(path: Path, value: object) -> None:
    """Write a JSON value atomically, indented, so that a person can read it."""
    write_atomic(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def clear_stale(folder: Path, keep: Callable[[Path], bool] = lambda path: False) -> None:
    """Remove the temporaries that a killed process left in `folder`."""
    for path in folder.glob(f"{_STALE}*"):
        if keep(path):
            continue
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def free_name(folder: Path, stem: str) -> str:
    """Return `stem`, or `stem-2`, `stem-3` … whichever does not stand in `folder` yet."""
    name, number = stem, 1
    while (folder / name).exists():
        number += 1
        name = f"{stem}-{number}"
    return name


def free_title(wish: str, taken: Collection[str]) -> str:
    """Return `wish`, or “wish 2”, “wish 3” … whichever nobody is called yet."""
    name, number = wish, 1
    while name in taken:
        number += 1
        name = f"{wish} {number}"
    return name


def slug(text: str) -> str:
    """Return a short name that is safe as a folder on every system; letters of any script stay."""
    kept = "".join(character if character.isalnum() or character in "-_" else "-" for character in text.strip())
    return "-".join(part for part in kept.split("-") if part)[:60].lower() or "untitled"


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
