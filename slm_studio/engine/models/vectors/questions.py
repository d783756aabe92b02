"""Rows that ask something of vectors instead of teaching them: analogies, and pairs of words that people compared."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slm_studio.core.errors import StudioError
from slm_studio.engine.examples import IDS, Packed, Ragged
from slm_studio.engine.measuring.word_vectors import analogies_in
from slm_studio.engine.models.vectors.vocabulary import UNKNOWN, WordVocabulary

KIND = "asked"  # of an example: how many words it has, as a number beside them


@dataclass(frozen=True, slots=True)
class Questions:
    """Rows that ask: four words each, the last the answer, or two and how alike they are."""

    words: list[tuple[str, ...]]  # () where a row asks nothing
    kinds: list[str]
    alike: list[float]  # of pairs

    @property
    def size(self) -> int:
        """Return the words of a question."""
        return 2 if self.alike else 4

    @property
    def asked(self) -> int:
        """Return how many rows ask something."""
        return sum(bool(words) for words in self.words)


def analogies_of(cells: Sequence[str]) -> Questions | None:
    """Return what lines ask; None where they are running text."""
    if analogies_in(cells[:50]) is None and not any(cell.startswith(":") for cell in cells[:50]):
        return None  # a few lines tell running text apart
    found = analogies_in(cells)
    return Questions([words for _, words in found], [kind for kind, _ in found], []) if found else None


def pairs_of(one: Sequence[str], other: Sequence[str], alike: Sequence[str]) -> Questions:
    """Return pairs of words and how alike people found them; a row that lacks one of these asks nothing."""
    values = [_number(cell) for cell in alike]
    pairs = [(first.strip(), second.strip()) for first, second in zip(one, other, strict=True)]
    known = [all(pair) and np.isfinite(value) for pair, value in zip(pairs, values, strict=True)]
    words = [pair if is_known else () for pair, is_known in zip(pairs, known, strict=True)]
    return Questions(words, [""] * len(words), values)


def packed_questions(asked: Questions, vocabulary: WordVocabulary) -> Packed:
    """Return the questions all of whose words are known. Raises StudioError where none is."""
    places = [[vocabulary.place(word) for word in words] for words in asked.words]
    rows = [row for row, each in enumerate(places) if each and UNKNOWN not in each]
    if not rows:
        raise StudioError(
            "questions-unknown",
            "None of the {asked} questions has all its words among the {words} words of these vectors.",
            "Ask in the language of its texts, or train on more text.",
            asked=asked.asked,
            words=len(vocabulary),
        )
    values = np.array([places[row] for row in rows], np.int32)
    offsets = np.arange(0, values.size + 1, asked.size, dtype=np.int64)
    numbers = {KIND: np.full(len(rows), asked.size)}
    return Packed(
        {IDS: Ragged(values.ravel(), offsets)}, {IDS: 0}, numbers, np.array(rows), np.full(len(rows), asked.size)
    )


def teach_nothing() -> StudioError:
    """Return what is said of rows that ask, where they are to be learnt from."""
    return StudioError(
        "questions-teach-nothing",
        "These rows are questions to word vectors, not text to learn from.",
        "Choose a file of running text; this one can score vectors, under Evaluate.",
    )


def _number(cell: str) -> float:
    try:
        return float(cell.strip().replace(",", "."))
    except ValueError:
        return float("nan")
