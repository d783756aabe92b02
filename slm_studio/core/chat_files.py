"""Chat files: each chat is a file of JSON lines in one folder, the newest first in the list."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from slm_studio.core import files, paths
from slm_studio.core.chat import Chat, from_lines, to_lines

ENDING = ".jsonl"
MOST_BYTES = 50_000_000  # of one chat: what is larger was not written by a person and a small model


@dataclass(frozen=True, slots=True)
class Listed:
    """A chat in the list."""

    path: Path
    name: str  # "" where the file's first line tells none
    changed: float  # seconds since 1970


def list_chats() -> list[Listed]:
    """Return the chats on disk, the one that was changed last first. Only the first line of each is read."""
    found = []
    for path in paths.chats().glob(f"*{ENDING}"):
        try:
            if not path.name.startswith("."):  # a write that a killed process left
                found.append(Listed(path, _name(path), path.stat().st_mtime))
        except OSError:
            continue  # gone since
    return sorted(found, key=lambda each: (each.changed, each.path.name), reverse=True)


def load_chat(path: Path) -> Chat:
    """Read a chat. Raises StudioError."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError("it is far too large")
        text = path.read_bytes().decode("utf-8")
    except (OSError, ValueError) as error:
        raise files.damaged(path, error) from error
    return from_lines(text)


def save_chat(chat: Chat, path: Path) -> None:
    """Write a chat. Raises OSError."""
    files.write_atomic(path, to_lines(chat))


def new_path(chat: Chat) -> Path:
    """Return a file for a chat that has none yet: the day and its name."""
    stem, number = f"{time.strftime('%Y-%m-%d')}-{files.slug(chat.name)}", 1
    path = paths.chats() / f"{stem}{ENDING}"
    while path.exists():
        number += 1
        path = paths.chats() / f"{stem}-{number}{ENDING}"
    return path


def _name(path: Path) -> str:
    with path.open("rb") as stream:
        line = stream.readline(100_000)
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    return str(head.get("name", "")) if isinstance(head, dict) else ""
