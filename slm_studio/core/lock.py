"""An operating-system lock on a file: it is gone when its process is gone, however that ended."""

import sys
from pathlib import Path
from typing import IO


class FileLock:
    """Hold a lock on `path` as long as this object is held.

    `flock` locks belong to the open file, so two holders in one process exclude each other too.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream: IO[bytes] | None = None

    def acquire(self) -> bool:
        """Take the lock and return True, or return False where somebody else holds it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        stream = self.path.open("ab")
        try:
            _lock(stream)
        except OSError:
            stream.close()
            return False
        self._stream = stream
        return True

    def release(self) -> None:
        """Give the lock back; more than once does no harm."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def is_locked(path: Path) -> bool:
    """Say whether some living process holds the lock on `path`."""
    if not path.exists():
        return False
    lock = FileLock(path)
    free = lock.acquire()
    lock.release()
    return not free


if sys.platform == "win32":
    import msvcrt

    def _lock(stream: IO[bytes]) -> None:
        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(stream: IO[bytes]) -> None:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
