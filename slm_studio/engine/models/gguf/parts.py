"""Find the model that a person points at: one file, the parts of a split one, or a folder as other tools keep them."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from slm_studio.core.dropped import GGUF, WEIGHTS
from slm_studio.core.errors import StudioError
from slm_studio.engine.models.gguf.header import Header, damaged, is_gguf, read_header
from slm_studio.engine.models.members import MAX_MEMBERS

_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$", re.IGNORECASE)
_NAMED = 5  # files that a sentence names


def holds_gguf(source: Path) -> bool:
    """Say whether this is such a file, or a folder with one that is no Transformers model."""
    if source.is_dir():
        return not any(source.glob(f"*{WEIGHTS}")) and bool(_inside(source))
    return source.is_file() and is_gguf(source)


def read_model(source: Path) -> Header:
    """Return what the file or the one model of a folder says of itself, its parts put together. Reads no weights."""
    if source.is_dir():
        return _pick(source, _inside(source))
    return _whole(source)


def _inside(folder: Path) -> list[Path]:
    """Return the files in a folder, by ending; where none has it (Ollama names files by their hash), by how they begin."""
    try:
        with os.scandir(folder) as entries:
            files = [Path(entry.path) for _, entry in zip(range(MAX_MEMBERS), entries, strict=False) if entry.is_file()]
    except OSError:
        return []
    named = [path for path in files if path.suffix.lower() == GGUF]
    return sorted(named or [path for path in files if is_gguf(path)])


def _pick(folder: Path, paths: Sequence[Path]) -> Header:
    """Return the model of a folder. Several versions of one model are the same to choose from: the least shortened is best."""
    first = [path for path in paths if not (match := _PART.search(path.name)) or int(match[1]) == 1]
    headers = [_whole(path) for path in first or paths[:1]]
    models = [header for header in headers if header.text("general.type") in ("", "model") and not _is_eye(header)]
    models = models or headers
    if len({_identity(header) for header in models}) > 1:
        names = [header.file.name for header in models]
        more = [f"+ {len(names) - _NAMED}"] if len(names) > _NAMED else []
        raise StudioError(
            "gguf-several",
            "“{folder}” holds several models: {names}.",
            "Choose one of these files instead of the folder.",
            folder=folder.name,
            names=", ".join([*names[:_NAMED], *more]),
        )
    return max(models, key=_bytes)


def _whole(path: Path) -> Header:
    """Return a file's header; where it is a part, with the tables of all parts."""
    header = read_header(path)
    match, said = _PART.search(path.name), header.whole("split.count") or 1
    if said <= 1 and (match is None or int(match[2]) <= 1):
        return header
    if match is None or int(match[2]) != said:
        raise damaged(path, f"it is one of {said} parts, but its name says otherwise")
    siblings = [
        path.with_name(_PART.sub(f"-{number:05d}-of-{match[2]}{path.suffix}", path.name))
        for number in range(1, said + 1)
    ]
    if missing := [each for each in siblings if not each.is_file()]:
        raise StudioError(
            "model-incomplete",
            "A part of the weights is missing: “{file}”.",
            "Fetch the model again, or copy all of its files.",
            file=missing[0].name,
        )
    return _joined([read_header(each) for each in siblings])


def _joined(parts: Sequence[Header]) -> Header:
    tables = {}
    for number, part in enumerate(parts):
        if part.whole("split.no") != number:
            raise damaged(part.file, f"it says it is part {part.number('split.no')}, not {number}")
        if doubled := tables.keys() & part.tables.keys():
            raise damaged(part.file, f"“{min(doubled)[:80]}” is in another part too")
        tables |= part.tables
    promised = parts[0].whole("split.tensors.count")
    if promised is not None and promised != len(tables):
        raise damaged(parts[0].file, f"{promised} tables are promised, {len(tables)} are there")
    return Header(parts[0].file, parts[0].fields, tables)


def _is_eye(header: Header) -> bool:
    """Say whether this is only the part that looks at pictures, which lies beside many a model (mmproj)."""
    return header.text("general.architecture") == "clip"


def _identity(header: Header) -> tuple[object, ...]:
    shapes = {name: table.shape for name, table in header.tables.items() if name != "output.weight"}
    return header.text("general.architecture"), tuple(sorted(shapes.items()))


def _bytes(header: Header) -> int:
    return sum(table.end - table.start for table in header.tables.values())
