"""The port file: where a server answers and with which key, readable by its owner alone, and gone when the server is.

A lock of the system's stands beside it: where nobody holds it, its server was killed and the file is stale.
"""

import contextlib
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

from slm_studio.core import files, paths
from slm_studio.core.errors import StudioError
from slm_studio.core.lock import FileLock, is_locked

_OWNER_ONLY, _FOLDER_OF_OWNER = 0o600, 0o700
ENDING, LOCK = ".json", ".lock"
TRIES = 100


def folder() -> Path:
    """Return where the files of all servers of this person stand."""
    return paths.home() / "servers"


class PortFile:
    """Belongs to one server from its start to its end."""

    def __init__(self, port: int) -> None:
        self.path = folder() / f"{port}{ENDING}"
        self._lock = FileLock(self.path.with_suffix(LOCK))
        self._has_lock = False

    def write(self, url: str, key: str, models: Sequence[str]) -> None:
        """Write it, or write it anew. Files of servers that were killed go. Raises OSError."""
        folder().mkdir(mode=_FOLDER_OF_OWNER, parents=True, exist_ok=True)
        clear_stale()
        self._take_lock()
        plain = {"url": url, "pid": os.getpid(), "key": key, "models": list(models)}
        partial = self.path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(plain, stream, ensure_ascii=False, indent=1)
        os.replace(partial, self.path)

    def remove(self) -> None:
        """Take it away; more than once does no harm. What does not go is stale, and goes with the next start."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
        self._lock.release()
        self._has_lock = False
        with contextlib.suppress(OSError):
            self._lock.path.unlink(missing_ok=True)

    def _take_lock(self) -> None:
        for _ in range(TRIES):  # somebody may be looking just now whether it is held
            if self._has_lock or self._lock.acquire():
                self._has_lock = True
                return
            time.sleep(0.01)


def clear_stale() -> None:
    """Take away the files of servers that are gone."""
    for path in folder().glob(f"*{ENDING}"):
        lock = path.with_suffix(LOCK)
        if not is_locked(lock):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
                lock.unlink(missing_ok=True)


def standing_at(port: int) -> int:
    """Return the process of ours that serves at a port, or 0."""
    path = folder() / f"{port}{ENDING}"
    if not is_locked(path.with_suffix(LOCK)):
        return 0
    try:
        return int(str(files.read_object(path).get("pid", 0)))
    except (StudioError, ValueError):
        return 0
