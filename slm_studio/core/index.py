"""Index: passages on disk that can be searched: where they came from, whose vectors they have, whether they are still true."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from slm_studio.core import codec, files
from slm_studio.core.dataset import Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Note
from slm_studio.core.knobs import knob
from slm_studio.core.saved import INDEX_FILE
from slm_studio.core.texts import mark

INDEXES = "indexes"  # below a model's folder; they hold rows of the person and never travel with it
OLD_DOCUMENTS, GONE, OTHER_MODEL = "documents", "gone", "model"  # why an index is no longer true
WHY_OLD = {
    OLD_DOCUMENTS: mark("“{source}” has changed since the index was made. What is new in it is not found."),
    GONE: mark("“{source}” is no longer where it was. The index still holds what stood in it."),
    OTHER_MODEL: mark("The index was made by another model, or another state of this one: meanings do not compare."),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexOptions:
    """How documents become passages."""

    length: int = knob(
        120,
        "Passage length",
        "About how many tokens a passage of a document has. It ends with a sentence.",
        low=16,
        high=8192,
    )
    column: str = knob("", "Column", "Which column of a table holds the texts. Empty: the one that looks like it.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """What is known of an index."""

    folder: str
    name: str
    source: str  # a file or folder, or the name of a dataset
    kind: str  # documents | column
    column: str = ""
    dataset: str = ""  # the id of the dataset whose column it holds
    stamp: str = ""  # of what it was made of: another stamp is another content
    documents: int = 0
    passages: int = 0
    left_out: int = 0  # files that hold no text that is read here; the remarks name them
    repeated: int = 0  # passages that stand there again
    cut: int = 0  # passages that are longer than the model reads
    width: int = 0  # numbers of a vector; 0: it is searched by words alone
    model: str = ""  # the name of the model that made its vectors
    mark: str = ""  # of the model's numbers
    length: int = 0
    bytes: int = 0
    seconds: float = 0.0
    created: str = ""
    remarks: tuple[Remark, ...] = ()  # on what was not read of the documents
    old: tuple[str, ...] = ()  # why it is no longer true, by the keys of WHY_OLD: found out when it is looked at

    @property
    def source_name(self) -> str:
        """Return the last part of where it came from."""
        return Path(self.source).name or self.source


def old_notes(index: Index, old: Sequence[str]) -> tuple[Note, ...]:
    """Return what is said where an index is no longer true, for each reason by its key of WHY_OLD."""
    return tuple(Note(f"index-{why}", WHY_OLD[why], {"source": index.source_name}) for why in old)


def is_index(folder: Path) -> bool:
    """Say whether a folder holds an index."""
    return (folder / INDEX_FILE).is_file()


def read_index(folder: Path) -> Index:
    """Return what an index says of itself. Raises StudioError where a folder is none."""
    if not is_index(folder):
        raise StudioError(
            "not-an-index",
            "“{folder}” holds no index.",
            "Make one: slm-studio index MODEL DOCUMENTS --out INDEX",
            folder=str(folder),
        )
    found = codec.read(Index, folder / INDEX_FILE)
    return replace(found, folder=str(folder))


def indexes_of(model: str) -> list[Index]:
    """Return the indexes that stand beside a model, newest first; damaged ones are left out."""
    found = []
    for path in (Path(model) / INDEXES).glob(f"*/{INDEX_FILE}"):
        if path.parent.name.startswith("."):
            continue
        try:
            found.append(read_index(path.parent))
        except StudioError:
            continue
    return sorted(found, key=lambda index: index.created, reverse=True)


def titles_of(indexes: Sequence[Index]) -> dict[str, str]:
    """Return what each index is called, by its folder: after its source, with the folders above it that tell it from others."""
    return {each.folder: _title(each, [other for other in indexes if other is not each]) for each in indexes}


def _title(index: Index, others: Sequence[Index]) -> str:
    depths = range(1, len(Path(index.source).parts) + 1)
    alone = (depth for depth in depths if _named(index, depth) not in [_named(other, depth) for other in others])
    return _named(index, next(alone, 1))


def _named(index: Index, depth: int) -> str:
    name = "/".join(Path(index.source).parts[-depth:])
    return f"{name} · {index.column}" if index.column else name


def place_beside(model: str, source: str) -> Path:
    """Return where the index of something stands beside a model: the same source has the same place, another one its own."""
    name = files.slug(Path(source).name or source)
    places = (Path(model) / INDEXES / (name if number == 1 else f"{name}-{number}") for number in count(1))
    return next(place for place in places if is_of(place, source) or not is_index(place))


def is_of(folder: Path, source: str) -> bool:
    """Say whether a folder holds an index of this source."""
    try:
        return is_index(folder) and read_index(folder).source == source
    except StudioError:
        return True  # damaged: it is made anew, whatever it was of
