"""An index that is open: its passages, vectors and words mapped into memory, nothing of it copied."""

# P passages, D numbers of a vector

import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from slm_studio.core.errors import StudioError
from slm_studio.core.index import GONE, INDEX_FILE, OLD_DOCUMENTS, OTHER_MODEL, Index, read_index
from slm_studio.engine.data.rows import open_table
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.embedding.texts import PREFIXES
from slm_studio.engine.retrieval.arrays import open_array
from slm_studio.engine.retrieval.sources import stamp_of
from slm_studio.engine.retrieval.words import WordIndex

PASSAGES, VECTORS = "passages.arrow", "vectors.npy"
COLUMNS = {"text": pa.large_string(), "source": pa.large_string(), "heading": pa.large_string(), "line": pa.int64(), "row": pa.int64(), "page": pa.int64(), "last_page": pa.int64()}  # fmt: skip
LATER = ("page", "last_page")  # columns that indexes of former versions lack
SAMPLED = 64  # numbers of each tensor that its mark is made of
MOST_OPEN = 4
MARK = "index_mark"  # among the facts of an open model, so that it is made once
SLOW, SELDOM = 0.05, 20.0  # seconds from which on a look at documents is long; so many times as long it holds

_open: "OrderedDict[tuple[str, int], OpenIndex]" = OrderedDict()
_Look = tuple[float, tuple[str, ...]]  # until when it holds, and what it saw
_looks: dict[tuple[str, str], _Look] = {}  # by folder and mark


@dataclass(frozen=True, slots=True)
class OpenIndex:
    """What can be asked."""

    about: Index
    passages: pa.Table
    words: WordIndex
    vectors_PD: np.ndarray | None  # None: it is searched by words alone

    def __len__(self) -> int:
        return self.passages.num_rows

    def passage(self, place: int) -> dict[str, object]:
        """Return the cells of a passage."""
        return {name: self.passages.column(name)[place].as_py() for name in self.passages.column_names}


def open_index(folder: Path) -> OpenIndex:
    """Map an index into memory, or return the one that is mapped already. Raises StudioError where it is damaged."""
    about = read_index(folder)
    key = (str(folder.absolute()), (folder / INDEX_FILE).stat().st_mtime_ns)
    if key not in _open:
        _open[key] = _map(folder, about)
        while len(_open) > MOST_OPEN:
            _open.popitem(last=False)
    _open.move_to_end(key)
    return _open[key]


def forget_indexes() -> None:
    """Let go of all files that are mapped: on some systems they cannot be replaced otherwise."""
    _open.clear()
    _looks.clear()


def looked_at(folder: Path, mark: str = "") -> tuple[str, ...]:
    """Return why an index is no longer true; `mark` is that of the model it shall be searched with ("" : no model)."""
    about = read_index(folder)
    old = []
    if about.kind == "documents" or not about.dataset:
        path = Path(about.source)
        old += [GONE] if not path.exists() else [OLD_DOCUMENTS] if _stamp_now(path) != about.stamp else []
    if mark and about.width and about.mark != mark:
        old.append(OTHER_MODEL)
    return tuple(old)


def lately_looked_at(folder: Path, mark: str = "") -> tuple[str, ...]:
    """Return what `looked_at` does, for whoever asks at every question: what takes long is not looked at each time."""
    key = (str(folder.absolute()), mark)
    until, old = _looks.get(key, (0.0, ()))
    began = time.monotonic()
    if began < until:
        return old
    old = looked_at(folder, mark)
    took = time.monotonic() - began
    if took > SLOW:
        _looks[key] = (time.monotonic() + SELDOM * took, old)
    return old


def known_mark(loaded: Loaded) -> str:
    """Return the mark of an open model, which is made once."""
    if MARK not in loaded.facts:
        loaded.facts[MARK] = mark_of(loaded)
    return str(loaded.facts[MARK])


def mark_of(loaded: Loaded) -> str:
    """Return a mark of a model's numbers and of how it reads texts: other vectors come of another one.

    From some numbers of each tensor, so that half a gigabyte need not be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(repr([loaded.facts.get(name) for name in (PREFIXES, "pooling", "max_length")]).encode())
    for name, tensor in sorted(loaded.net.state_dict().items()):
        flat = tensor.reshape(-1)
        places = spread_places(len(flat))
        # A model may be opened in shorter numbers where memory is scarce.
        sample = flat[places.to(flat.device)].to(torch.bfloat16).view(torch.int16).cpu().numpy()
        digest.update(f"{name}{tuple(tensor.shape)}".encode() + sample.tobytes())
    return digest.hexdigest()


def spread_places(numbers: int) -> Tensor:
    """Return where the numbers stand that speak for all, the first and the last among them.

    In whole numbers: beyond 2^24 a float of 32 bits would round the last place to one behind it.
    """
    count = min(SAMPLED, numbers)
    return torch.arange(count) * (numbers - 1) // max(1, count - 1)


def _stamp_now(path: Path) -> str:
    """Return the stamp of documents; of those of which one vanishes just now, or may not be seen, another than they had."""
    try:
        return stamp_of(path)
    except OSError:
        return ""


def _map(folder: Path, about: Index) -> OpenIndex:
    passages = open_table(folder / PASSAGES)
    kinds = {name: passages.schema.field(name).type for name in passages.column_names}
    if passages.num_rows != about.passages or {name: COLUMNS[name] for name in LATER} | kinds != COLUMNS:
        raise StudioError(
            "index-misfit",
            "“{file}” does not belong to the rest of the index: it holds {found} numbers where {wanted} are expected.",
            "Build the index again.",
            file=PASSAGES,
            found=str(passages.num_rows),
            wanted=str(about.passages),
        )
    vectors = open_array(folder / VECTORS, np.float32, (about.passages, about.width)) if about.width else None
    return OpenIndex(about, passages, WordIndex(folder, about.passages), cast("np.ndarray | None", vectors))
