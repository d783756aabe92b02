"""Hard negatives: beside each question a passage that shares its words and does not answer it."""

from collections.abc import Mapping, Sequence

from slm_studio.core.events import Progress
from slm_studio.core.work import Work
from slm_studio.engine.measuring.nearest import Nearest

WHAT = "Looking for passages that are easily mistaken"
MOST = 20_000  # questions for which one is looked for; the others are told from the passages beside them
TRIED = 30  # passages that are looked at for each question
STEP = 64  # questions between two signs of life


def hard_negatives(
    queries: Sequence[str], passages: Sequence[str], positives: Mapping[str, frozenset[str]]
) -> Work[list[str]]:
    """Yield Progress; return for each question the passage that BM25 finds first and that is not known to answer it.

    "" where no other passage shares a word with it. `positives` are the passages that answer each question.
    """
    different = list(dict.fromkeys(passages))
    nearest = Nearest(different)
    found: list[str] = []
    known: dict[str, str] = {}
    for place, query in enumerate(queries[:MOST]):
        if query not in known:
            right = positives[query]
            hits = nearest.find(query, TRIED)
            known[query] = next((hit.text for hit in hits if hit.text not in right), "")
        found.append(known[query])
        if place % STEP == 0:
            yield Progress(WHAT, place, min(MOST, len(queries)))
    return found + [""] * (len(queries) - len(found))
