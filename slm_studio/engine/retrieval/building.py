"""Building an index: documents are read, cut, counted and turned into vectors, in memory that does not grow with them.

Vectors are the slow part: what was made of them when somebody stops stays in a folder beside, and the same build goes on
there.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from slm_studio.core import codec, files
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Note, Progress
from slm_studio.core.index import INDEX_FILE, Index, IndexOptions, is_index, is_of, read_index
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.data.rows import open_table
from slm_studio.engine.data.splits import text_keys
from slm_studio.engine.retrieval.cutting import Passage, cut
from slm_studio.engine.retrieval.opening import COLUMNS, PASSAGES, VECTORS, forget_indexes, open_index
from slm_studio.engine.retrieval.sources import Source, documents_of
from slm_studio.engine.retrieval.words import WordCounts

STATE = "state.json"
UNFINISHED = ".unfinished-"  # before the name of a folder in which a build stopped
CUTTING, READING = mark("Cutting documents into passages"), mark("Reading passages")
CUT = mark(
    "Of {passages} {passages:passage|passages} {count} {count:is|are} longer than the {limit} tokens that the model reads: what stands behind is found by its words alone."
)
PART = 512  # passages that are written, counted and embedded together
MOST = 5_000_000  # passages of an index

Embed = Callable[[Sequence[str]], Work[np.ndarray]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """The model that makes the vectors; none where an index is searched by words alone."""

    name: str = ""
    mark: str = ""
    width: int = 0
    limit: int = 0  # tokens of a passage that it reads
    embed: Embed | None = None
    count_cut: Callable[[Sequence[str]], int] | None = None  # how many of some texts are longer than the model reads


def build_index(source: Source, maker: Maker, out: Path, options: IndexOptions) -> Work[Index]:
    """Yield Progress, and a Note on passages that are cut; write an index of a source to `out`, in whose place it stands when it is whole, and return it.

    One that stands there and is of the same source and model is returned as it is. Closed on its way, it keeps what it has made, and the same build goes on from there.
    """
    began = time.perf_counter()
    refuse_foreign(out, source.name)
    if (known := _standing(source, maker, out, options)) is not None:
        return known
    place = out.with_name(f"{UNFINISHED}{out.name}")
    key = f"{source.stamp}:{maker.mark}:{options.length}:{source.column}"
    about = _begun(place, key)
    if about is None:
        about = yield from _cut_all(source, place, options, key, maker)
    cut = 0
    if maker.embed is not None:
        cut = yield from _embed_all(place, about.passages, maker)
    (place / STATE).unlink(missing_ok=True)
    size = files.size_of(place)
    seconds = time.perf_counter() - began
    created = datetime.now(UTC).isoformat(timespec="microseconds")
    about = replace(about, cut=cut, bytes=size, seconds=seconds, created=created, folder="", name=out.name)
    codec.write(place / INDEX_FILE, codec.to_json(about))
    forget_indexes()
    files.replace_folder(place, out)
    if cut:
        yield Note("passages-cut", CUT, {"count": cut, "passages": about.passages, "limit": maker.limit})
    return replace(about, folder=str(out))


def _standing(source: Source, maker: Maker, out: Path, options: IndexOptions) -> Index | None:
    """Return the index that stands there already, where a new one would be the same."""
    if not is_index(out):
        return None
    try:
        known = open_index(out).about
    except StudioError:
        return None  # damaged: it is made anew
    made = (known.stamp, known.mark, known.width, known.length, known.column)
    return known if made == (source.stamp, maker.mark, maker.width, options.length, source.column) else None


def refuse_foreign(out: Path, source: str) -> None:
    """Refuse to write over anything but an index of the same source. Raises StudioError."""
    if out.exists() and not (out / INDEX_FILE).is_file() and not (out.is_dir() and not any(out.iterdir())):
        raise StudioError(
            "out-no-index",
            "“{out}” exists and is no index.",
            "Choose another folder for the index.",
            out=str(out),
        )
    if is_index(out) and not is_of(out, source):
        raise StudioError(
            "out-other-index",
            "“{out}” holds the index of “{source}”.",
            "Choose another folder for the index, or delete that one first.",
            out=str(out),
            source=read_index(out).source,
        )


def _begun(place: Path, key: str) -> Index | None:
    """Return what is known of an index whose passages were all cut when its build stopped, where it is the same build."""
    try:
        state = files.read_object(place / STATE)
        if state.get("key") == key:
            return codec.from_json(Index, state["about"])
    except (StudioError, KeyError):
        pass  # there is none, or half of one
    shutil.rmtree(place, ignore_errors=True)
    return None


def _cut_all(source: Source, place: Path, options: IndexOptions, key: str, maker: Maker) -> Work[Index]:
    """Write the passages and their words."""
    place.mkdir(parents=True)
    counts, sources, repeated, total = WordCounts(place), 0, 0, 0
    seen: set[int] = set()
    schema = pa.schema(list(COLUMNS.items()))
    with pa.OSFile(str(place / PASSAGES), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        passages = _passages(source, options.length)
        while part := list(islice(passages, PART)):
            sources += sum(first for _, first in part)
            keys = text_keys([each.read for each, _ in part]).tolist()
            kept = []
            for (each, _), text_key in zip(part, keys, strict=True):
                if text_key not in seen:
                    seen.add(text_key)
                    kept.append(each)
            repeated += len(part) - len(kept)
            total += len(kept)
            _refuse_many(total)
            _write(writer, schema, kept)
            counts.add(each.read for each in kept)
            yield Progress(CUTTING, total, 0)
    if not total:
        raise StudioError(
            "no-passages",
            "“{source}” holds no text that could be searched.",
            "Choose other documents, or another column.",
            source=Path(source.name).name,
        )
    counts.save()
    about = Index(
        folder="", name="", source=source.name, kind=source.kind, column=source.column, dataset=source.dataset,
        stamp=source.stamp, documents=sources, passages=total, left_out=source.left_out, repeated=repeated, width=maker.width,
        model=maker.name, mark=maker.mark, length=options.length, remarks=source.notes.report().remarks,
    )  # fmt: skip
    files.write_json(place / STATE, {"key": key, "done": 0, "about": codec.to_json(about)})
    return about


def _passages(source: Source, length: int) -> Iterator[tuple[Passage, bool]]:
    """Yield every passage, and whether it is the first of its document."""
    for document in documents_of(source):
        for place, passage in enumerate(cut(document, length)):
            yield passage, place == 0


def _write(writer: pa.ipc.RecordBatchFileWriter, schema: pa.Schema, passages: Sequence[Passage]) -> None:
    columns = [pa.array([getattr(each, name) for each in passages], kind) for name, kind in COLUMNS.items()]
    writer.write_batch(pa.record_batch(columns, schema=schema))


def _embed_all(place: Path, passages: int, maker: Maker) -> Work[int]:
    """Write the vectors, from where a build was stopped; return how many passages the model did not read whole."""
    assert maker.embed is not None
    state = files.read_object(place / STATE)
    done, cut_ones = int(str(state["done"])), int(str(state.get("cut", 0)))
    table = open_table(place / PASSAGES)
    shape = (passages, maker.width)
    files.check_room(place, passages * maker.width * 4 * (not done))
    mode = "r+" if done else "w+"
    vectors_PD = np.lib.format.open_memmap(place / VECTORS, mode=mode, dtype=np.float32, shape=shape)  # type: ignore[no-untyped-call]
    try:
        while done < passages:
            part = table.slice(done, PART).to_pylist()
            texts = [Passage(**cells).read for cells in part]
            yield from _told(maker.embed(texts), vectors_PD, done, passages)
            cut_ones += maker.count_cut(texts) if maker.count_cut is not None else 0
            done += len(part)
            yield Progress(READING, done, passages)
    finally:
        vectors_PD.flush()
        files.write_json(place / STATE, state | {"done": done, "cut": cut_ones})
        del vectors_PD
    return cut_ones


def _told(work: Work[np.ndarray], vectors_PD: np.ndarray, done: int, passages: int) -> Iterator[Progress]:
    """Pass on how far a part is, as a part of the whole, and keep its vectors."""
    try:
        while True:
            event = next(work)
            if isinstance(event, Progress):
                yield Progress(READING, done + event.done, passages)
    except StopIteration as end:
        vectors_PD[done : done + len(end.value)] = end.value
    finally:
        work.close()


def _refuse_many(passages: int) -> None:
    if passages > MOST:
        raise StudioError(
            "too-many-passages",
            "These documents have more than {most} passages, which is more than can be searched here.",
            "Index a part of them, or choose longer passages.",
            most=MOST,
        )
