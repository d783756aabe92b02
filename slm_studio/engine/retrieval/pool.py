"""Which passages a held-out question is asked among, and which of them answer it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from slm_studio.engine.data.splits import fold, text_keys


@dataclass(frozen=True, slots=True)
class Pool:
    """Some questions, each of them once, and the passages they are asked among."""

    passages: list[str]
    questions: list[str]
    right: list[frozenset[int]]  # of each question: places among the passages
    rows: list[int]  # the first row that asks each question

    @property
    def counts(self) -> np.ndarray:
        """Return how many passages answer each question."""
        return np.array([len(each) for each in self.right])


def pool_of(
    queries: Sequence[str], answers: Sequence[str], others: tuple[Sequence[str], Sequence[str]], most: int
) -> Pool:
    """Return the questions of some rows and the passages that all rows of their file hold.

    `others` are questions and passages of the whole file, where rows without a question are passages nobody asks for. Of
    very many passages `most` are taken: those of the rows themselves, and of the rest some from all over.
    """
    asked = {fold(query) for query in queries}
    known: dict[str, set[str]] = {}
    for query, answer in (*zip(queries, answers, strict=True), *zip(*others, strict=True)):
        if answer.strip() and fold(query) in asked:
            known.setdefault(fold(query), set()).add(fold(answer))
    texts = {fold(answer): answer for answer in reversed([*answers, *others[1]]) if answer.strip()}
    wanted = dict.fromkeys(key for each in known.values() for key in each)
    rest = [key for key in reversed(texts) if key not in wanted]
    room = max(0, most - len(wanted))
    if len(rest) > room:
        rest = [rest[place] for place in np.linspace(0, len(rest) - 1, room).astype(int)] if room else []
    kept = {*wanted, *rest}
    ordered = [key for key in reversed(texts) if key in kept]  # as they stand in the file
    place = {key: number for number, key in enumerate(ordered)}
    firsts: dict[str, int] = {}
    for row, query in enumerate(queries):
        firsts.setdefault(fold(query), row)
    return Pool(
        passages=[texts[key] for key in ordered],
        questions=[queries[row] for row in firsts.values()],
        right=[frozenset(place[key] for key in known[query]) for query in firsts],
        rows=list(firsts.values()),
    )


def together(queries: Sequence[str], answers: Sequence[str]) -> np.ndarray:
    """Return a key per row: rows that share a question or a passage, or are linked by others that do, have the same."""
    count = len(queries)
    ends = []
    for texts in (queries, answers):
        _, numbers = np.unique(text_keys(texts), return_inverse=True)
        ends.append(numbers + (ends[0].max() + 1 if ends else 0))
    total = int(ends[1].max()) + 1 if count else 0
    links = coo_array((np.ones(count), (ends[0], ends[1])), shape=(total, total))
    _, groups = connected_components(links, directed=False)
    found: np.ndarray = groups[ends[0]].astype(np.uint64) if count else np.zeros(0, np.uint64)
    return found
