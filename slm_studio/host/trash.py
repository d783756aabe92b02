"""Trash: what is deleted goes to the system's own where there is one, else to a folder of the app; both ways it can come back."""

import os
import shutil
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from send2trash import send2trash

from slm_studio.core import files, paths
from slm_studio.core.errors import StudioError, system_error

_NOTE = ".json"  # beside each thing in the app's trash: where it stood


@dataclass(frozen=True, kw_only=True, slots=True)
class Thrown:
    """Something that was thrown away: where it stood, and where it lies now (None: only the system knows)."""

    origin: Path
    place: Path | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """Something in the app's own trash."""

    place: Path
    origin: Path
    when: str  # ISO 8601

    @property
    def bytes(self) -> int:
        """Return how much room it takes."""
        return files.size_of(self.place)


def throw_away(path: Path) -> Thrown:
    """Move a file or folder to the trash and say where it lies now. Raises StudioError."""
    path = Path(os.path.abspath(path))
    try:
        before = path.lstat()
        if has_system_trash():
            with suppress(OSError):  # a disk without a trash, or one that may not be written
                send2trash(str(path))
                return Thrown(origin=path, place=_find(path, before))
        return _keep(path)
    except OSError as error:
        raise system_error(error) from error


def bring_back(thrown: Thrown) -> None:
    """Put something back where it stood. Raises StudioError where it is gone, or something else stands there by now."""
    place = thrown.place
    if place is None or not (place.exists() or place.is_symlink()):
        raise StudioError(
            "trash-gone",
            "“{name}” is not where it was put.",
            "Look for it in the trash of your system.",
            name=thrown.origin.name,
        )
    if thrown.origin.exists():
        raise StudioError(
            "out-exists",
            "“{path}” exists already.",
            "Choose another name or an empty folder.",
            path=str(thrown.origin),
        )
    thrown.origin.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(place, thrown.origin)
    for note in _notes(place):
        note.unlink(missing_ok=True)


def list_kept() -> list[Kept]:
    """Return what lies in the app's own trash, the newest first."""
    found = []
    for place in paths.trash().glob("*"):
        if not (place.suffix == _NOTE and place.with_suffix("").exists()):
            found.append(_kept(place))
    return sorted(found, key=lambda kept: kept.when, reverse=True)


def empty_trash() -> None:
    """Delete for good what lies in the app's own trash."""
    for place in paths.trash().glob("*"):
        shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink(missing_ok=True)


def has_system_trash() -> bool:
    """Say whether this system has a trash that somebody sees: every desktop has, a server has none."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("XDG_CURRENT_DESKTOP")) or _home_trash().is_dir()


def _keep(path: Path) -> Thrown:
    """Move something to the app's own trash, with a note of where it stood."""
    folder = paths.trash()
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:4]}-{path.name}"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    files.write_json(place.with_name(place.name + _NOTE), {"origin": str(path), "when": now})
    shutil.move(path, place)
    return Thrown(origin=path, place=place)


def _kept(place: Path) -> Kept:
    """Read the note of something; things of before there were notes go where their kind stands."""
    try:
        note = files.read_json(place.with_name(place.name + _NOTE))
        if isinstance(note, dict):
            return Kept(place=place, origin=Path(str(note["origin"])), when=str(note["when"]))
    except (StudioError, KeyError):
        pass
    name = place.name.split("-", 3)[-1]
    folder = paths.runs() if (place / "recipe.json").is_file() else paths.models()
    return Kept(place=place, origin=folder / name, when=datetime.fromtimestamp(place.lstat().st_mtime, UTC).isoformat())


def _find(path: Path, before: os.stat_result) -> Path | None:
    """Return where the system put something: a move on one disk changes its name and not its number."""
    for folder in _system_bins(path):
        try:
            for place in folder.iterdir():
                now = place.lstat()
                if (now.st_ino, now.st_dev) == (before.st_ino, before.st_dev):
                    return place
        except OSError:
            continue  # not there, or not ours to read
    return None


def _system_bins(path: Path) -> Iterator[Path]:
    mount = next(folder for folder in path.parents if os.path.ismount(folder))
    if sys.platform == "win32":
        yield from (mount / "$Recycle.Bin").glob("*")
    elif sys.platform == "darwin":
        yield from (Path.home() / ".Trash", mount / ".Trashes" / str(os.getuid()))
    else:
        user = str(os.getuid())
        yield from (folder / "files" for folder in (_home_trash(), mount / f".Trash-{user}", mount / ".Trash" / user))


def _notes(place: Path) -> tuple[Path, ...]:
    """Return what a trash keeps beside a thing to say where it stood."""
    beside = place.with_name(place.name + _NOTE)
    if place.parent == paths.trash():
        return (beside,)
    if sys.platform == "win32":
        return (place.with_name("$I" + place.name.removeprefix("$R")),)
    return (place.parent.parent / "info" / f"{place.name}.trashinfo",) if place.parent.name == "files" else ()


def _home_trash() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "Trash"
