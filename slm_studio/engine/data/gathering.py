"""Gathering: a folder, a zip or several files dropped together become a list of files that may be read.

Only regular files count: links, pipes and devices are passed over, archives within are not opened, and nothing of a zip is
written under a name of its own choosing.
"""

import os
import re
import stat
import zipfile
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from slm_studio.core import files
from slm_studio.core.dropped import CONFIG, PACKED, TABLES, TEXTS, WEIGHTS, ZIP_DAMAGE, model_folders, open_zip
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Progress
from slm_studio.core.texts import mark
from slm_studio.engine.data import encoding
from slm_studio.engine.data.kinds import is_archive
from slm_studio.engine.data.notes import Note, Notes
from slm_studio.engine.data.packed import MOST_MEMBERS, check_archive, check_member, too_many
from slm_studio.engine.data.source import shown

LITTER = {"__MACOSX", "Thumbs.db", "desktop.ini", "$RECYCLE.BIN"}
NOT_DATA = {"readme", "read_me", "license", "licence", "copying", "notice", "changelog", "citation", "说明", "读我"}
DEEPEST = 32
UNREADABLE = "files-unreadable"  # the note that names files which could not be read
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """One file: where it lies, and what it is called within what was dropped."""

    path: Path
    name: str  # with “/” between folders

    @property
    def ending(self) -> str:
        """Return the ending that says what it is, .gz aside."""
        return PurePosixPath(self.name.lower().removesuffix(".gz")).suffix

    @property
    def folders(self) -> tuple[str, ...]:
        """Return the folders it lies in."""
        return PurePosixPath(self.name).parent.parts


@dataclass(slots=True)
class Gathered:
    """The files of what was dropped, and what was left out."""

    title: str
    members: list[Member] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def say(self, notes: Notes) -> None:
        """Tell what was left out."""
        if self.links:
            notes.add(
                "links-left-out",
                mark("{count} {count:link or device was|links or devices were} left out: {names}."),
                count=len(self.links),
                names=some(self.links),
            )
        if self.others:
            notes.add(
                "files-left-out",
                mark("{count} {count:file was|files were} left out: {names}."),
                count=len(self.others),
                names=some(self.others),
            )


def files_in(folder: Path) -> list[Path]:
    """Return the files below a folder that are read as rows."""
    found = Gathered(shown(folder))
    return [member.path for member in _without_models(_walk(folder, found), found) if _is_data(member)]


def some(names: Sequence[str]) -> str:
    """Return the first names of many, for a sentence."""
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")


def say_unreadable(failed: Mapping[str, StudioError], notes: Notes) -> None:
    """Name the files that could not be read; of each kind of failure the first one's own sentence says why."""
    if not failed:
        return
    notes.add(
        UNREADABLE,
        mark("{count} {count:file|files} could not be read: {names}."),
        count=len(failed),
        names=some(list(failed)),
    )
    for error in failed.values():
        notes.found.setdefault(f"{UNREADABLE}-{error.code}", Note(error.message, 1, values=dict(error.values)))


def gather(paths: Sequence[Path], staging: Path) -> Generator[Event, None, Gathered]:
    """Return the files of what was dropped; a zip is unpacked below `staging`. Raises StudioError."""
    found = Gathered(shown(Path(paths[0].absolute().name)))
    listed: list[Member] = []
    for number, path in enumerate(paths):
        within = "" if len(paths) == 1 else f"{shown(Path(path.stem))}/"
        if path.is_dir():
            listed += [Member(each.path, within + each.name) for each in _walk(path, found)]
        elif is_archive(path):
            unpacked = yield from _unpack(path, staging / f"unpacked-{number}", found)
            listed += [Member(each.path, within + each.name) for each in unpacked]
        else:
            found.members.append(Member(path, shown(Path(path.name))))  # whatever it is: it was named
    listed = _without_models(listed, found)
    for member in _without_top(listed) if len(paths) == 1 else listed:
        if _is_data(member):
            found.members.append(member)
        else:
            found.others.append(member.name)
    if not found.members:
        raise StudioError(
            "no-files",
            "“{name}” holds no file that can be read.",
            "These are read: {endings}.",
            name=found.title,
            endings=" ".join((*TABLES, *TEXTS)),
        )
    return found


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """Return what orders names as a person does: ch2 before ch10."""
    parts = re.findall(r"([0-9]+)|([^0-9]+)", name)
    return [(not digits, int(digits[:18] or 0), digits + words) for digits, words in parts]


def _walk(root: Path, found: Gathered) -> list[Member]:
    """Return the regular files below a folder, in the order of their names."""
    listed: list[Member] = []
    waiting = [(root, "", 0)]
    while waiting:
        folder, prefix, depth = waiting.pop()
        with os.scandir(folder) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
        for entry in ordered:
            name = prefix + shown(Path(entry.name))
            if _is_litter(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False) and depth < DEEPEST:
                waiting.append((Path(entry.path), f"{name}/", depth + 1))
            elif entry.is_file(follow_symlinks=False):
                listed.append(Member(Path(entry.path), name))
            else:
                found.links.append(name)
            if len(listed) + len(waiting) + len(found.links) > MOST_MEMBERS:
                raise too_many(found.title)
    return sorted(listed, key=lambda member: _natural(member.name))


def _unpack(path: Path, place: Path, found: Gathered) -> Generator[Event, None, list[Member]]:
    """Write the readable files of a zip below `place`, under numbers, and return them by their names."""
    try:
        with open_zip(path) as archive:
            check_archive(archive, found.title)
            wanted = _wanted(archive, found)
            total = sum(info.file_size for info, _ in wanted)
            files.check_room(place.parent, total)
            place.mkdir()
            listed, done = [], 0
            for number, (info, name) in enumerate(wanted):
                target = place / f"{number}{''.join(PurePosixPath(name).suffixes[-2:])[:20]}"
                with archive.open(info) as stream, target.open("wb") as sink:
                    while block := stream.read(_BLOCK):
                        sink.write(block)
                        done += len(block)
                        yield Progress(mark("Unpacking"), done, total)
                listed.append(Member(target, name))
    except ZIP_DAMAGE as error:
        raise StudioError(
            "archive-damaged",
            "“{file}” is damaged: {reason}.",
            "Copy or download it again.",
            file=found.title,
            reason=str(error)[:200],
        ) from error
    return sorted(listed, key=lambda member: _natural(member.name))


def _wanted(archive: zipfile.ZipFile, found: Gathered) -> list[tuple[zipfile.ZipInfo, str]]:
    """Return the members to unpack with their names; unsafe names end it, links and other kinds are passed over."""
    names = _names(archive)
    wanted = []
    for info, name in zip(archive.infolist(), names, strict=True):
        parts = name.rstrip("/").split("/")
        if (
            "\0" in info.orig_filename
            or ":" in parts[0]
            or any(part in ("", "..") for part in parts)
            or len(name) > 4096
        ):
            raise StudioError(
                "unsafe-name",
                "“{file}” in “{name}” is no name that a file may have: it points outside the zip.",
                "Do not use this zip: no honest program writes that.",
                file=name[:200],
                name=found.title,
            )
        if info.is_dir() or any(map(_is_litter, parts)):
            continue
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            found.links.append(name)
            continue
        check_member(info, found.title)
        ending = Member(Path(), name).ending
        if ending in (*TABLES, *TEXTS) or parts[-1] == CONFIG or ending == WEIGHTS:
            wanted.append((info, name))
        else:
            found.others.append(name)
    return wanted


def _names(archive: zipfile.ZipFile) -> list[str]:
    """Return the members' names. Where no flag says UTF-8, old programs wrote them in their system's encoding."""
    infos = archive.infolist()
    old = [info.filename.encode("cp437", "replace") for info in infos if not info.flag_bits & 0x800]
    guessed = encoding.guess(b"\n".join(old)).name if old else "utf-8"
    return [
        (
            info.filename
            if info.flag_bits & 0x800
            else info.filename.encode("cp437", "replace").decode(guessed, "replace")
        ).replace("\\", "/")
        for info in infos
    ]


def _without_top(members: list[Member]) -> list[Member]:
    """Take away a single folder that holds everything."""
    while members and all(member.folders for member in members) and len({member.folders[0] for member in members}) == 1:
        members = [Member(member.path, member.name.partition("/")[2]) for member in members]
    return members


def _is_data(member: Member) -> bool:
    stem = PurePosixPath(member.name).name.partition(".")[0].casefold()
    return member.ending in (*TABLES, *TEXTS) and stem not in NOT_DATA and member.path.stat().st_size > 0


def _is_litter(name: str) -> bool:
    return name in LITTER or name.startswith((".", "~$"))


def _without_models(members: list[Member], found: Gathered) -> list[Member]:
    """Take away models that lie among data, such as one that was learnt from it. Raises StudioError where nothing else is there."""
    folders = sorted(model_folders(member.name for member in members))
    kept = [each for each in members if not any(PurePosixPath(each.name).is_relative_to(folder) for folder in folders)]
    if folders and not any(map(_is_data, kept)) and not found.members:
        is_packed = found.title.lower().endswith(PACKED)
        raise StudioError(
            "is-a-model",
            "“{name}” is a model, not rows to learn from.",
            "Import it: drop it into the window, or: slm-studio import {name}",
            name=found.title if is_packed else str(PurePosixPath(found.title, folders[0])),
        )
    found.others += [f"{folder}/" for folder in folders]
    return kept
