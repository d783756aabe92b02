"""Finding passages in an index: by meaning (every vector is looked at), by words, or by both, whose ranks are added."""

# P passages, D numbers of a vector

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import numpy as np

from slm_studio.core.errors import StudioError
from slm_studio.core.results import Hit
from slm_studio.core.tasks.search import BOTH, MEANING, WORDS
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring.ranking import FUSED
from slm_studio.engine.models.embedding.texts import QUERY, embed_now, width_of
from slm_studio.engine.retrieval.nearness import bound_of
from slm_studio.engine.retrieval.opening import OpenIndex, known_mark, open_index
from slm_studio.engine.retrieval.sharing import by_both, share_of

BLOCK = 65_536  # vectors that are looked at together
TOP = 10


def found_in(folder: str, question: str, loaded: Loaded | None, options: Mapping[str, object]) -> Iterator[Hit]:
    """Yield what an index holds that fits a question, the best first. Raises StudioError."""
    index = open_index(Path(folder))
    way = str(options.get("way", BOTH))
    if way not in (MEANING, WORDS, BOTH):
        raise StudioError(
            "search-way",
            "One cannot search by “{way}”.",
            "Choose one of: {ways}.",
            way=way,
            ways="both, meaning, words",
        )
    top = cast(int, options.get("top") or TOP)
    if index.vectors_PD is None or loaded is None or way == WORDS:
        if way == MEANING:
            raise StudioError(
                "index-words-only",
                "The index “{index}” was made without a model, so it can be searched by words alone.",
                "Build it again with a model, or search by words.",
                index=index.about.name,
            )
        yield from _by_words(index, question, top)
        return
    _refuse_strange(index, loaded)
    question_D = embed_now(loaded, [question], QUERY)[0]
    if not question_D.any():  # no word of it is known to the model: its meaning is that of every passage
        yield from _by_words(index, question, top) if way == BOTH else ()
        return
    cosines_P = _cosines(index.vectors_PD, question_D)
    words_P = index.words.scores(question) if way == BOTH else np.zeros(len(index), np.float32)
    meant, worded = _best(cosines_P, max(top, FUSED), -math.inf), _best(words_P, max(top, FUSED), 0.0)
    if way == BOTH:
        places, scores = by_both(meant, worded, top, share_of(loaded.facts))
    else:
        places, scores = meant[:top], cosines_P[meant[:top]]
    bound = bound_of(cosines_P, loaded.facts)
    told_K = np.isin(places, _telling(index, question) if way == BOTH else ())
    for place, score, is_told in zip(places.tolist(), scores.tolist(), told_K.tolist(), strict=True):
        meaning, words = float(cosines_P[place]), float(words_P[place]) if way == BOTH else None
        chosen = None if bound is None else meaning >= bound or is_told
        yield _hit(index, place, score, meaning, words, chosen)


def _telling(index: OpenIndex, question: str) -> np.ndarray:
    """Return the passages that hold every word of a question, where these single few of them out: “the” tells nothing."""
    holders = index.words.holders(question)
    return holders if len(holders) <= min(TOP, len(index) // 2) else holders[:0]


def nothing_to_search() -> StudioError:
    """Return what is said where a question comes without documents."""
    return StudioError(
        "nothing-to-search",
        "There is nothing to search: no index was named, and none stands beside the model.",
        "Name documents: slm-studio search MODEL DOCUMENTS --query …; in the window, drop them into the Playground.",
    )


def _by_words(index: OpenIndex, question: str, top: int) -> Iterator[Hit]:
    words_P = index.words.scores(question)
    for place in _best(words_P, top, 0.0).tolist():
        yield _hit(index, place, float(words_P[place]), None, float(words_P[place]), None)


def _hit(
    index: OpenIndex, place: int, score: float, meaning: float | None, words: float | None, chosen: bool | None
) -> Hit:
    cells = index.passage(place)
    row = cast(int, cells["row"])
    return Hit(
        text=str(cells["text"]),
        score=score,
        row=row if row >= 0 else place,
        meaning=meaning,
        words=words,
        chosen=chosen,
        source=str(cells["source"]),
        line=cast(int, cells["line"]),
        heading=str(cells["heading"]),
        page=cast(int, cells.get("page", 0)),
        last_page=cast(int, cells.get("last_page", 0)),
    )


def _cosines(vectors_PD: np.ndarray, question_D: np.ndarray) -> np.ndarray:
    """Return the cosine of every vector with the question's, block by block, so that little is in memory at once."""
    found_P = np.empty(len(vectors_PD), np.float32)
    for start in range(0, len(vectors_PD), BLOCK):
        block = slice(start, start + BLOCK)
        found_P[block] = vectors_PD[block] @ question_D
    return found_P


def _best(scores_P: np.ndarray, most: int, above: float) -> np.ndarray:
    """Return the places of the best scores above a bound, of equals the first."""
    some = np.flatnonzero(scores_P > above) if math.isfinite(above) else np.arange(len(scores_P))
    if len(some) > most:
        least = np.partition(scores_P[some], len(some) - most)[len(some) - most]
        some = some[scores_P[some] >= least]
    return some[np.argsort(-scores_P[some], kind="stable")][:most]


def _refuse_strange(index: OpenIndex, loaded: Loaded) -> None:
    """Refuse vectors that another model made: their likeness to a question of this one would mean nothing."""
    if index.about.width != width_of(loaded):
        raise StudioError(
            "index-dimensions",
            "The vectors of the index “{index}” have {found} numbers, those of this model {wanted}.",
            "Build the index again with this model, or search with “{model}”.",
            index=index.about.name,
            found=index.about.width,
            wanted=width_of(loaded),
            model=index.about.model,
        )
    if index.about.mark != known_mark(loaded):
        raise StudioError(
            "index-other-model",
            "The index “{index}” was made by “{model}” or another state of this model, so meanings do not compare.",
            "Build it again with this model. Words alone can be searched all the same.",
            index=index.about.name,
            model=index.about.model,
        )
