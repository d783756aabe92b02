"""What a model folder gives away and what it keeps: names that travel, and texts freed of this computer's paths.

Rows of the person, run paths, the home folder and half files stay here. The list is of names that may go, not of names
that may not: a file that nobody thought of stays.
"""

import json
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from slm_studio.core import files, paths
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Note
from slm_studio.core.saved import REPORT_FOLDER, STUDIO_FILE
from slm_studio.core.texts import mark
from slm_studio.engine.models.known_pairs import FILE as PAIRS

CARD = "README.md"
REPORT = f"{REPORT_FOLDER}/report.json"
STAY = "pairs-stay"  # a note
_STAY_HERE = mark(
    "The pairs that this model learnt stay here: whoever opens the copy gets the model's own answers alone."
)
_STAY_THERE = mark("The pairs that this model learnt stay where they are: they are rows of a person, and what is taken in answers by itself alone.")  # fmt: skip
_TRAVELS = re.compile(
    r"(config|generation_config|adapter_config|tokenizer|bag_tokenizer|word_features|word_vocabulary|text_words|tokenizer_config|special_tokens_map|added_tokens|vocab|studio"
    r"|preprocessor_config|modules|sentence_bert_config|config_sentence_transformers|model\.safetensors\.index)\.json"
    r"|((adapter_)?model|pointing)\.safetensors|model-\d{5}-of-\d{5}\.safetensors|vocab\.txt|merges\.txt|[\w.-]{1,60}\.model"
    r"|chat_template\.(jinja|json)|README\.md|LICEN[SC]E[\w.-]{0,20}|NOTICE[\w.-]{0,20}"
)
_POOLING = re.compile(r"\d{1,2}_[A-Za-z]{1,40}/config\.json")  # sentence-transformers say there how vectors are pooled
_PLAIN = re.compile(r"[\w .+@()=,-]{1,120}")
_WINDOWS = re.compile(r"^[A-Za-z]:[\\/]")
_PATH_KEYS = {"dataset", "run", "folder"}  # fields of studio.json that name places on this computer


@dataclass(frozen=True, slots=True)
class Item:
    """One file that travels: as it stands on disk, or with other bytes."""

    name: str
    path: Path | None
    content: bytes = b""

    @property
    def size(self) -> int:
        """Return its bytes."""
        return self.path.stat().st_size if self.path else len(self.content)

    def read(self) -> Iterator[bytes]:
        """Yield what travels, block by block."""
        if self.path is None:
            yield self.content
            return
        with self.path.open("rb") as stream:
            while block := stream.read(1024 * 1024):
                yield block


def travels(name: str) -> bool:
    """Say whether a file of this name (relative, with /) belongs to a model that is fetched or given away."""
    return bool(_TRAVELS.fullmatch(name) or _POOLING.fullmatch(name))


def on_pairs_here(folder: Path) -> Iterator[Note]:
    """Say that a model which is given away leaves the pairs that it learnt behind, where it keeps any."""
    if (folder / PAIRS).is_file():
        yield Note(STAY, _STAY_HERE)


def on_pairs_there(names: Collection[str]) -> Iterator[Note]:
    """Say that the pairs among the files of a model which is taken in are not taken in."""
    if PAIRS in names:
        yield Note(STAY, _STAY_THERE)


def check_path(name: str) -> None:
    """Refuse a name from outside that is absolute, climbs, hides or would mean a device somewhere."""
    parts = name.split("/")
    reserved = any(PureWindowsPath(part).stem.upper() in _DEVICES for part in parts)
    plain = all(_PLAIN.fullmatch(part) and part.strip(". ") == part.strip() for part in parts)
    if not plain or reserved or len(parts) > 8:
        raise StudioError(
            "unsafe-name",
            "“{name}” is not a name that a file of a model may have.",
            "Do not use this model: no honest program writes that.",
            name=name[:200],
        )


_DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10))}


def files_to_publish(folder: Path) -> list[Item]:
    """Return what would travel, in the order of the names; every text is free of this computer's paths."""
    names = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()
    )
    return [_item(folder, name) for name in names if travels(name)]


def report_item(folder: Path) -> Item | None:
    """Return the report with its figures and without its rows, or None where there is none."""
    if not (folder / REPORT).is_file():
        return None
    plain = files.read_json(folder / REPORT)
    if not isinstance(plain, dict):
        return None
    return Item(REPORT, None, _dump(scrub(plain | {"cases": "", "folder": ""})))


def _item(folder: Path, name: str) -> Item:
    path = folder / name
    if name == STUDIO_FILE:
        return Item(name, None, _dump(scrub(_without_places(files.read_json(path)))))
    if path.suffix == ".json":
        return _json_item(name, path)
    if path.suffix in (".md", ".txt", ".jinja") and any(home.encode() in path.read_bytes() for home in _homes()):
        return Item(name, None, forget(path.read_text(encoding="utf-8", errors="replace")).encode())
    return Item(name, path)


def _json_item(name: str, path: Path) -> Item:
    """Rewrite a JSON file only where it holds a path of this computer: untouched bytes keep their checksum."""
    raw = path.read_bytes()
    if name.startswith(("vocab", "tokenizer.json")):  # pieces such as “/usr” are no paths
        return Item(name, path)
    try:
        plain = files.parse_json(raw)
    except ValueError as error:
        raise StudioError(
            "model-damaged",
            "“{file}” is damaged: {reason}.",
            "Fetch the model again, or take it from another source.",
            file=name,
            reason=str(error),
        ) from error
    scrubbed = scrub(plain)
    return Item(name, path) if scrubbed == plain else Item(name, None, _dump(scrubbed))


def _without_places(plain: object) -> object:
    if not isinstance(plain, dict):
        return plain
    return {key: "" if key in _PATH_KEYS else value for key, value in plain.items()}


def scrub(value: object) -> object:
    """Return a JSON value in which paths of this computer are shortened to their last name."""
    if isinstance(value, dict):
        return {forget(key): scrub(item) for key, item in value.items()}
    if isinstance(value, list):
        return [scrub(item) for item in value]
    if not isinstance(value, str):
        return value
    if _is_path(value):
        return PureWindowsPath(value).name if _WINDOWS.match(value) else PurePosixPath(value).name
    return forget(value)


def _is_path(text: str) -> bool:
    """Say whether a text is a path of this computer. A label such as “/r/news” is none: it does not exist here."""
    if "\n" in text or len(text) > 4096:
        return False
    return bool(_WINDOWS.match(text)) or (text.startswith(("/", "~")) and _stands_here(text))


def _stands_here(text: str) -> bool:
    if any(text.startswith(home) for home in _homes()):
        return True
    try:
        return text.count("/") > 1 and (os.path.lexists(os.path.expanduser(text)) or text.startswith("~"))
    except ValueError:
        return False


def forget(text: str) -> str:
    """Take the person's folders out of a text."""
    for home in _homes():
        text = text.replace(home, "…")
    return text


def _homes() -> list[str]:
    """Return the folders that tell who the person is, longest first; a home that is the root tells nothing."""
    candidates = {str(paths.home()), str(Path.home()), os.path.realpath(Path.home())}
    return sorted((each for each in candidates if len(each) > 4), key=len, reverse=True)


def _dump(value: object) -> bytes:
    return files.encode(json.dumps(value, ensure_ascii=False, indent=1) + "\n")
