"""How much meaning counts beside words where a search is by both: as much as helps held-out questions most.

Two ways that find equally well gain from each other; where one of them finds far less, adding its ranks evenly spoils the
other. Which of the two it is depends on model and texts, so held-out questions tell it.
Source: weighted reciprocal rank fusion, as Elasticsearch and Weaviate have it.
"""

# Q questions, P passages, K passages that are found for each question, best first, D numbers of a vector

from collections.abc import Mapping, Sequence

import numpy as np

from slm_studio.core.events import Progress
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring.nearest import Nearest
from slm_studio.engine.measuring.ranking import FUSED, NOTHING, best_places, fuse, hits_among, reciprocal_ranks
from slm_studio.engine.models.embedding.texts import PASSAGE, QUERY, embed
from slm_studio.engine.retrieval.pool import Pool

SHARE = "meaning_share"  # fact
EVEN = 0.5  # where no held-out questions tell it
SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, EVEN, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
FEWEST = 20  # held-out questions by which it is chosen
STEP = 32  # questions between two signs of life
BY_WORDS, WEIGHING = mark("Searching by words alone"), mark("Weighing meaning and words")


def share_of(facts: Mapping[str, object]) -> float:
    """Return how much meaning counts (0 … 1) where a search is by both."""
    known = facts.get(SHARE)
    return float(known) if isinstance(known, int | float) else EVEN


def by_both(
    meant: Sequence[int] | np.ndarray, worded: Sequence[int] | np.ndarray, most: int, share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the places [most] and scores of what meaning and words found for a question, the best first."""
    return fuse([np.asarray(meant), np.asarray(worded)], most, (share, 1 - share))


def found_by_words(pool: Pool, said: str = BY_WORDS) -> Work[np.ndarray]:
    """Yield Progress; return the places [Q, K] that BM25 finds for each question."""
    nearest, words_QK = Nearest(pool.passages), np.full((len(pool.questions), FUSED), NOTHING)
    for place, question in enumerate(pool.questions):
        hits = nearest.find(question, FUSED)
        words_QK[place, : len(hits)] = [hit.row for hit in hits]
        if place % STEP == 0:
            yield Progress(said, place, len(pool.questions))
    return words_QK


def fused(meant_QK: np.ndarray, words_QK: np.ndarray, share: float) -> np.ndarray:
    """Return the places [Q, K] that both find together."""
    both_QK = np.full(meant_QK.shape, NOTHING)
    for place, ways in enumerate(zip(meant_QK, words_QK, strict=True)):
        found = by_both(*ways, meant_QK.shape[1], share)[0]
        both_QK[place, : len(found)] = found
    return both_QK


def chosen_share(loaded: Loaded, pool: Pool) -> Work[dict[str, object]]:
    """Yield Progress; return as a fact with which share held-out questions find their passages best."""
    if len(pool.questions) < FEWEST:
        return {}
    words_QK = yield from found_by_words(pool, WEIGHING)
    queries_QD = yield from embed(loaded, pool.questions, QUERY, WEIGHING)
    passages_PD = yield from embed(loaded, pool.passages, PASSAGE, WEIGHING)
    return {SHARE: best_share(best_places(queries_QD @ passages_PD.T, FUSED), words_QK, pool)}


def best_share(meant_QK: np.ndarray, words_QK: np.ndarray, pool: Pool) -> float:
    """Return the share with which both together have the highest MRR@10, of equals the one in the middle."""
    scores = np.array(
        [reciprocal_ranks(hits_among(fused(meant_QK, words_QK, share), pool.right)).mean() for share in SHARES]
    )
    best = np.flatnonzero(scores >= scores.max() - 1e-9)
    return SHARES[best[len(best) // 2]]
