"""Packed: what a zip may hold before a byte of it is unpacked. Sizes are believed only as far as they are bounded."""

import zipfile

from slm_studio.core.errors import StudioError

MOST_MEMBERS = 10_000
MOST_BYTES = 4 << 30
MOST_RATIO = 200  # unpacked to packed
INNOCENT = 1 << 20  # bytes below which the ratio does no harm


def check_member(info: zipfile.ZipInfo, title: str) -> None:
    """Refuse a member that is locked or grows beyond reason. Raises StudioError."""
    if info.flag_bits & 1:
        raise locked(title)
    if info.file_size > MOST_BYTES or (
        info.file_size > INNOCENT and info.file_size > MOST_RATIO * max(1, info.compress_size)
    ):
        raise expands(title)


def check_archive(archive: zipfile.ZipFile, title: str) -> None:
    """Refuse an archive with too many members, or that grows beyond reason as a whole. Raises StudioError."""
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise too_many(title)
    total, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    if total > MOST_BYTES or (total > INNOCENT and total > MOST_RATIO * max(1, packed)):
        raise expands(title)


def locked(title: str) -> StudioError:
    """Return the error for what only its owner's password opens."""
    return StudioError(
        "archive-locked",
        "“{name}” is locked with a password.",
        "Unlock or unpack it yourself, then open what was in it.",
        name=title,
    )


def expands(title: str) -> StudioError:
    """Return the error for what grows beyond reason."""
    return StudioError(
        "expands-too-much",
        "“{name}” grows to more than {times} times its size, or beyond {gigabytes} GB, when it is unpacked.",
        "Unpack it yourself and look at it; if it is what you want, open what was in it.",
        name=title,
        times=MOST_RATIO,
        gigabytes=MOST_BYTES >> 30,
    )


def too_many(title: str) -> StudioError:
    """Return the error for more files than a person would look through."""
    return StudioError(
        "too-many-files",
        "“{name}” holds more than {limit} files.",
        "Choose a folder or zip with fewer files, or write the texts into one table.",
        name=title,
        limit=MOST_MEMBERS,
    )
