"""Receive files piece by piece: resumable, checked, and never listed before they are whole.

A file grows as NAME.part beside its final name. What is there is hashed again when the work goes on, in this call or
weeks later, and the rest is asked for with Range; only a file whose checksum is right takes its name.
"""

import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Protocol

from slm_studio.core import paths
from slm_studio.core.errors import StudioError, disk_full
from slm_studio.core.events import Event, Note, Progress
from slm_studio.core.files import check_room, encode
from slm_studio.core.lock import FileLock
from slm_studio.engine.sharing.contents import check_path

_BLOCK = 1024 * 1024
_BEAT = 0.1  # seconds between two events
_SPARE = 64 * 1024 * 1024  # bytes that stay free on the disk


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long to wait for a server, in seconds, and how often to try again."""

    connect: float = 10.0
    read: float = 30.0
    attempts: int = 5  # in a row without a single new byte
    pause: float = 1.0  # before the second try; doubles each time
    longest: float = 20.0  # a server that asks for more is called busy


@dataclass(frozen=True, kw_only=True, slots=True)
class HubFile:
    """A file as the hub lists it. Large ones are known by sha256, small ones by git's blob number (sha1)."""

    path: str
    size: int
    sha256: str = ""
    blob: str = ""


class Dropped(Exception):
    """The connection ended early, or the server was busy: worth another try after `wait` seconds."""

    def __init__(self, error: StudioError, wait: float = 0.0) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


class Source(Protocol):
    """Where bytes come from."""

    def open_file(self, path: str, start: int) -> AbstractContextManager[tuple[int, Iterator[bytes]]]:
        """Return the byte at which the answer really begins, and its blocks. Raises Dropped or StudioError."""


def part_folder(endpoint: str, name: str, commit: str) -> Path:
    """Return where the files of one commit gather until all have come."""
    key = hashlib.sha256(encode("\n".join((endpoint, name, commit)))).hexdigest()[:24]
    return paths.cache() / "downloads" / key


def receive_all(
    source: Source, files: Sequence[HubFile], folder: Path, patience: Patience, total: int = 0
) -> Iterator[Event]:
    """Bring every file into `folder`, small ones first, and yield Progress in bytes of `total` (0: of these files)."""
    needed = sum(file.size for file in files)
    total = total or needed
    check_room(folder, _SPARE + needed - sum(_standing(folder, file) for file in files))
    before = 0
    for file in sorted(files, key=lambda each: (each.size, each.path)):
        check_path(file.path)
        target = folder / file.path
        if not target.is_file() or target.stat().st_size != file.size:
            target.parent.mkdir(parents=True, exist_ok=True)
            yield from _receive(source, file, target, patience, before, total)
            yield _progress(before + file.size, total)
        before += file.size


def _receive(
    source: Source, file: HubFile, target: Path, patience: Patience, before: int, total: int
) -> Iterator[Event]:
    part = target.with_name(target.name + ".part")
    tries = 0
    while True:
        stood = _size(part)
        try:
            yield from _go_on(source, file, part, before, total)
            break
        except Dropped as drop:
            tries = 0 if _size(part) > stood else tries + 1
            if tries >= patience.attempts or drop.wait > patience.longest:
                raise drop.error from drop
            wait = max(drop.wait, patience.pause * 2 ** max(0, tries - 1))
            yield Note("hub-retry", "The connection broke off, or the hub is busy. Trying again …")
        yield from _waiting(wait, before + _size(part), total)
    _sync(part)
    os.replace(part, target)


def _go_on(source: Source, file: HubFile, part: Path, before: int, total: int) -> Iterator[Event]:
    """Append what is missing to `part` and compare its checksum."""
    beat = time.monotonic()
    with part.open("ab", buffering=0) as stream:
        done = stream.tell()
        if done > file.size:
            stream.truncate(0)
            done = 0
        digest = _digest(file)
        yield from _hash_again(part, digest, before, total)
        if done < file.size:
            with source.open_file(file.path, done) as (begins, blocks):
                if begins != done:  # the server gave the whole file instead of the rest
                    stream.truncate(0)
                    done, digest = 0, _digest(file)
                for block in blocks:
                    _write(stream, block, part)
                    digest.update(block)
                    done += len(block)
                    if done > file.size:
                        break
                    if time.monotonic() - beat > _BEAT:
                        beat = time.monotonic()
                        yield _progress(before + done, total)
        if done < file.size:
            raise Dropped(dropped())
    if done > file.size or digest.hexdigest() != (file.sha256 or file.blob):
        part.unlink()
        raise _wrong(file)


def _hash_again(part: Path, digest: "hashlib._Hash", before: int, total: int) -> Iterator[Event]:
    done = 0
    with part.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            done += len(block)
            yield _progress(before + done, total)


def _progress(done: int, total: int) -> Progress:
    return Progress("Fetching the model", done, total)


def _digest(file: HubFile) -> "hashlib._Hash":
    if file.sha256:
        return hashlib.sha256()
    return hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)


def _waiting(seconds: float, done: int, total: int) -> Iterator[Event]:
    """Wait in small steps, so that Stop is heard."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        yield _progress(done, total)
        time.sleep(min(_BEAT, left))


def _write(stream: FileIO, block: bytes, path: Path) -> None:
    view = memoryview(block)
    try:
        while view:
            view = view[stream.write(view) :]
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(str(path.parent), len(view)) from error
        raise


def _standing(folder: Path, file: HubFile) -> int:
    target = folder / file.path
    return min(file.size, max(_size(target), _size(target.with_name(target.name + ".part"))))


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _sync(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def dropped() -> StudioError:
    """Return the error of a connection that ended too early."""
    return StudioError(
        "hub-dropped",
        "The connection broke off.",
        "Try again: what has arrived is kept, and the rest follows.",
    )


def _wrong(file: HubFile) -> StudioError:
    return StudioError(
        "checksum",
        "“{file}” arrived damaged: its checksum is not what the hub says.",
        "Try again. If it returns, the hub's copy or your network changes files.",
        file=file.path,
    )


def forget_old(days: float = 30.0) -> None:
    """Delete what earlier calls left half done and nobody took up again, so that the disk does not fill unseen."""
    for pattern, age in (("downloads/*", days), ("publish-*", 1.0), ("imports/.partial-*", 1.0)):
        for path in paths.cache().glob(pattern):
            newest = max((each.stat().st_mtime for each in (path, *path.glob("*"))), default=0.0)
            if path.is_dir() and time.time() - newest > age * 86400:
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def workplace() -> Iterator[Path]:
    """Make a temporary folder on the disk of the caches, since a model may not fit into the system's."""
    paths.cache().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="publish-", dir=paths.cache()) as place:
        yield Path(place)


@contextmanager
def alone(folder: Path, name: str) -> Iterator[None]:
    """Keep a second fetch of the same files away, in this program or another."""
    lock = FileLock(folder.with_suffix(".lock"))
    if not lock.acquire():
        raise StudioError(
            "hub-twice", "“{name}” is being fetched already.", "Wait until the other one has ended.", name=name
        )
    try:
        yield
    finally:
        lock.release()


@contextmanager
def forgotten_if_refused(folder: Path) -> Iterator[None]:
    """Delete what was fetched where the check refuses it: the same commit will never be better."""
    try:
        yield
    except StudioError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
