"""Make and look at indexes with an open model, or without one: then they are searched by words."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from slm_studio.core.answers import remarks_json
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Note, Predicted, Progress
from slm_studio.core.index import IndexOptions, place_beside, read_index
from slm_studio.core.knobs import problems
from slm_studio.core.tasks.search import WORDS
from slm_studio.core.texts import mark
from slm_studio.engine.data.keeping import staging_folder
from slm_studio.engine.inference.shelf import Item, old_index, on_shelf
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.embedding.texts import PASSAGE, whole_lengths, width_of
from slm_studio.engine.models.lengths import length_of
from slm_studio.engine.retrieval.building import Maker, build_index, refuse_foreign
from slm_studio.engine.retrieval.finding import found_in
from slm_studio.engine.retrieval.opening import looked_at, mark_of
from slm_studio.engine.retrieval.sources import source_of_dataset, source_of_path

GATHERING = mark("Looking at the documents")


def make_index(handle: str, source: str, dataset: Dataset | None, out: str, options: IndexOptions) -> Iterator[Event]:
    """Index a file, a folder, a zip or a column of a dataset. Ends in Finished(Index)."""
    for problem in problems(options):
        raise problem
    item = _searcher(handle) if handle else None
    name = dataset.name if dataset else str(Path(source).expanduser().absolute())
    target = Path(out).expanduser().absolute() if out else _beside(item, name)
    refuse_foreign(target, name)
    yield Progress(GATHERING, 0, 0)
    with staging_folder() as staging:
        if dataset is not None:
            found = source_of_dataset(dataset, options.column)
        else:
            found = yield from source_of_path(Path(name), options.column, staging)
        if found.kind == "column" and item is not None:  # what a row holds is one passage, as far as the model reads
            options = replace(options, length=max(options.length, length_of(item.loaded)))
        index = yield from build_index(found, _maker(item), target, options)
    yield from (Note(each.code, each.message, each.told) for each in index.remarks)
    yield Finished(index)


def look_at_index(folder: str, handle: str = "") -> Iterator[Event]:
    """Say what is known of an index and why it may be no longer true. Ends in Finished(Index)."""
    item = _searcher(handle) if handle else None
    place = Path(folder).expanduser().absolute()
    index = read_index(place)
    yield Finished(replace(index, old=looked_at(place, mark_of(item.loaded) if item else "")))


def find_words(folder: str, question: str, options: Mapping[str, object]) -> Iterator[Event]:
    """Search an index by words alone."""
    old = old_index(None, folder)
    yield from old
    began = time.perf_counter()
    count = 0
    for hit in found_in(folder, question, None, {**options, "way": WORDS}):
        count += 1
        yield Predicted(hit)
    told = {"count": count, "seconds": time.perf_counter() - began, "device": "cpu"}
    yield Finished(told | remarks_json(old))


def _searcher(handle: str) -> Item:
    """Return an open model that searches. Raises StudioError where it does something else."""
    item = on_shelf(handle)
    if "index" not in item.info.answer_options:
        raise StudioError(
            "no-search",
            "“{model}” does the task “{task}” and cannot search documents.",
            "Choose a model that searches: train one, or import an encoder of sentences.",
            model=item.model.name,
            task=item.model.task,
        )
    return item


def _maker(item: Item | None) -> Maker:
    if item is None:
        return Maker()
    embed = partial(item.task.vectors, item.loaded, are_questions=False)
    return Maker(
        name=item.model.name,
        mark=mark_of(item.loaded),
        width=width_of(item.loaded),
        limit=length_of(item.loaded),
        embed=embed,
        count_cut=partial(_count_cut, item.loaded),
    )


def _count_cut(loaded: Loaded, texts: Sequence[str]) -> int:
    return sum(length > length_of(loaded) for length in whole_lengths(loaded, texts, PASSAGE))


def _beside(item: Item | None, source: str) -> Path:
    if item is None:
        raise StudioError("index-nowhere", "No place is named for the index.", "Name one: --out INDEX")
    return place_beside(item.model.folder, source)
