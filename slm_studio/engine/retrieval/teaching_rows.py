"""Rows that teach: questions with their passages, or pairs with a score, as examples with numbers for their texts."""

# N rows

import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Progress
from slm_studio.core.work import Work
from slm_studio.engine.data.splits import fold
from slm_studio.engine.examples import IDS, Packed, Packer
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.embedding.teaching import NONE
from slm_studio.engine.models.embedding.texts import PASSAGE, QUERY, encode_side
from slm_studio.engine.retrieval.mining import hard_negatives

PASSAGE_IDS, NEGATIVE_IDS, POSITIVES = "passage_ids", "negative_ids", "positives"
PASSAGE_NUMBER, NEGATIVE_NUMBER, SCORE = "passage_number", "negative_number", "score"
READING = "Turning text into tokens"
PART = 256  # rows between two signs of life
MOST_POSITIVES = 64  # passages of a question that are known not to be wrong


def number_of(text: str) -> int:
    """Return a number for a text (0 … 2³¹ - 1); texts that fold alike have the same, in every run."""
    return zlib.crc32(fold(text).encode("utf-8", "surrogatepass")) & 0x7FFFFFFF


def pack_pairs(
    loaded: Loaded, queries: Sequence[str], passages: Sequence[str], negatives: Sequence[str] | None, mines: bool
) -> Work[Packed]:
    """Yield Progress; return questions, their passages and a wrong one beside each where there is one.

    `negatives` are those that the rows bring; where one brings none and `mines` is set, one is looked for.
    """
    answers = _answers_of(queries, passages)
    found = list(negatives) if negatives is not None else [""] * len(queries)
    if mines and not all(found):
        mined = yield from hard_negatives(queries, passages, answers)
        found = [own or other for own, other in zip(found, mined, strict=True)]
    positives = {query: sorted(map(number_of, known))[:MOST_POSITIVES] for query, known in answers.items()}
    packer = Packer(**{IDS: loaded.padding, PASSAGE_IDS: loaded.padding, NEGATIVE_IDS: loaded.padding, POSITIVES: NONE})
    for start in range(0, len(queries), PART):
        part = slice(start, min(start + PART, len(queries)))
        wrong = found[part]
        encoded = iter(encode_side(loaded, [text for text in wrong if text.strip()], PASSAGE))
        packer.add(
            range(part.start, part.stop),
            **{
                IDS: encode_side(loaded, queries[part], QUERY),
                PASSAGE_IDS: encode_side(loaded, passages[part], PASSAGE),
                NEGATIVE_IDS: [next(encoded) if text.strip() else [] for text in wrong],
                POSITIVES: [positives[query] for query in queries[part]],
                PASSAGE_NUMBER: [number_of(text) for text in passages[part]],
                NEGATIVE_NUMBER: [number_of(text) if text.strip() else NONE for text in wrong],
            },
        )
        yield Progress(READING, part.stop, len(queries))
    return _paid(packer.packed())


def pack_scored(loaded: Loaded, firsts: Sequence[str], seconds: Sequence[str], scores: Sequence[float]) -> Work[Packed]:
    """Yield Progress; return pairs with their scores. Both sides ask alike, so both bear the prefix of questions."""
    packer = Packer(**{IDS: loaded.padding, PASSAGE_IDS: loaded.padding})
    for start in range(0, len(firsts), PART):
        part = slice(start, min(start + PART, len(firsts)))
        packer.add(
            range(part.start, part.stop),
            **{
                IDS: encode_side(loaded, firsts[part], QUERY),
                PASSAGE_IDS: encode_side(loaded, seconds[part], QUERY),
                SCORE: np.array(scores[part], np.float32),
            },
        )
        yield Progress(READING, part.stop, len(firsts))
    return _paid(packer.packed())


def refuse_hopeless(passages: Sequence[str], scores: Sequence[float] | None, columns: Sequence[str]) -> None:
    """Raise StudioError where nothing can be learnt: no pair, one passage for all questions, or one score for all pairs."""
    if not passages:
        raise StudioError(
            "pairs-none",
            "No row holds text in both “{first}” and “{second}”.",
            "Choose other columns, or fill these.",
            first=columns[0],
            second=columns[1],
        )
    if scores is not None and len(set(scores)) < 2:
        raise StudioError(
            "scores-alike",
            "All {rows} rows to learn from have the same likeness in column “{column}”, so no order can be learnt.",
            "Choose a column with different numbers, or leave the role empty: then each row is a pair that belongs together.",
            rows=len(scores),
            column=columns[-1],
        )
    if scores is None and len({fold(text) for text in passages}) < 2:
        raise StudioError(
            "passages-alike",
            "All rows to learn from have the same passage in column “{column}”, so there is nothing to tell apart.",
            "Choose another column for the passages, or add rows with other ones.",
            column=columns[1],
        )


def _answers_of(queries: Sequence[str], passages: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return the passages that answer each question, however it is spelled."""
    known: dict[str, set[str]] = {}
    for query, passage in zip(queries, passages, strict=True):
        known.setdefault(fold(query), set()).add(passage)
    return {query: frozenset(known[fold(query)]) for query in queries}


def _paid(packed: Packed) -> Packed:
    """Return examples whose work is that of all their texts."""
    names = [name for name in (IDS, PASSAGE_IDS, NEGATIVE_IDS) if name in packed.sequences]
    work_N = cast(np.ndarray, sum(packed.sequences[name].lengths for name in names))
    return replace(packed, work_N=work_N)
