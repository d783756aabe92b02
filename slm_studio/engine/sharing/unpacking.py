"""Look into a foreign folder or zip: which members are there, and may they be read at all?"""

import os
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from slm_studio.core.errors import StudioError
from slm_studio.engine.models.members import MAX_MEMBERS, homes_of

MAX_BYTES = 4 * 1024**3
MAX_RATIO = 200  # unpacked to packed
_SMALL = 1024 * 1024  # below this a high ratio does no harm
_LITTER = ("__MACOSX", ".DS_Store", "Thumbs.db")
_MAC = "__MACOSX"


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside, its size, and how to read it."""

    size: int
    open: Callable[[], IO[bytes]]


def zip_members(archive: zipfile.ZipFile) -> dict[str, Member]:
    """Return the files of a zip by name, without a single folder around them. Nothing is unpacked here."""
    infos = archive.infolist()
    if len(infos) > MAX_MEMBERS:
        raise _too_many()
    if sum(info.file_size for info in infos) > MAX_BYTES:
        raise _too_large()
    found: dict[str, Member] = {}
    for info in infos:
        _check_info(info)
        if not info.is_dir():
            found[info.filename] = Member(info.file_size, partial(archive.open, info))
    return _without_top(found)


def folder_members(folder: Path) -> dict[str, Member]:
    """Return the files of a folder by name. Links may point inside, or into the blobs of a Hugging Face cache."""
    root, allowed = folder.resolve(), homes_of(folder)
    found: dict[str, Member] = {}
    for place, _, names in os.walk(root):
        for name in names:
            path = Path(place) / name
            real = path.resolve()
            if not any(real.is_relative_to(each) for each in allowed):
                raise _outside(name, str(real))
            if not stat.S_ISREG(real.stat().st_mode):
                raise StudioError(
                    "model-device",
                    "“{file}” is no regular file.",
                    "Remove it from the folder, or choose another folder.",
                    file=name,
                )
            found[path.relative_to(root).as_posix()] = Member(real.stat().st_size, partial(_open, real))
            if len(found) > MAX_MEMBERS:
                raise _too_many()
    return _without_top(found)


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


def _check_info(info: zipfile.ZipInfo) -> None:
    name, kind = info.orig_filename, info.external_attr >> 16
    parts = name.rstrip("/").split("/")
    if not name or "\\" in name or "\0" in name or ":" in parts[0] or any(part in ("", ".", "..") for part in parts):
        raise StudioError(
            "unsafe-name",
            "“{name}” is not a name that a file of a model may have.",
            "Do not use this model: no honest program writes that.",
            name=name[:200],
        )
    if stat.S_IFMT(kind) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _outside(name, "a link or a device")
    if info.flag_bits & 1:
        raise StudioError(
            "archive-locked",
            "“{name}” is locked with a password.",
            "Unpack it yourself, then import the folder.",
            name=name,
        )
    if info.file_size > _SMALL and info.file_size > MAX_RATIO * max(1, info.compress_size):
        raise StudioError(
            "archive-bomb",
            "“{name}” would grow more than {ratio} times when unpacked.",
            "Do not use this archive: no model does that.",
            name=name[:200],
            ratio=MAX_RATIO,
        )


def _without_top(found: dict[str, Member]) -> dict[str, Member]:
    """Take away a single folder that holds everything, and what file managers leave behind."""
    kept = {name: member for name, member in found.items() if not _is_litter(name)}
    tops = {name.partition("/")[0] for name in kept}
    if "config.json" in kept or len(tops) != 1 or any("/" not in name for name in kept):
        return kept
    return {name.partition("/")[2]: member for name, member in kept.items()}


def _is_litter(name: str) -> bool:
    return name.startswith(_MAC) or name.rpartition("/")[2] in _LITTER


def _outside(name: str, target: str) -> StudioError:
    return StudioError(
        "model-outside",
        "“{file}” points at “{name}”, which is outside the model's folder.",
        "Copy the real file into the folder.",
        file=name[:200],
        name=target[:200],
    )


def _too_many() -> StudioError:
    return StudioError(
        "model-too-many-files",
        "This folder holds more than {limit} files.",
        "Choose the folder of one model.",
        limit=MAX_MEMBERS,
    )


def _too_large() -> StudioError:
    return StudioError(
        "archive-too-large",
        "This archive holds more than {gigabytes} GB.",
        "Unpack it yourself, then import the folder.",
        gigabytes=MAX_BYTES // 1024**3,
    )
