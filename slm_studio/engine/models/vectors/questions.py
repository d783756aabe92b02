"""Rows that ask something of vectors instead of teaching them: analogies, and pairs of words that people compared."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slm_studio.core.errors import StudioError
from slm_studio.engine.data.rows import Rows
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


def questions_of(rows: Rows) -> Questions | None:
    """Return what rows ask; None where they are running text."""
    if "text" not in rows.roles:
        return _pairs(rows)
    cells = rows.column("text")
    found = analogies_in(cells) if _may_ask(cells) else None
    return Questions([words for _, words in found], [kind for kind, _ in found], []) if found else None


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


def refuse_to_learn(rows: Rows) -> None:
    """Refuse to learn from rows that ask: they are for scoring. Raises StudioError."""
    if questions_of(rows) is not None:
        raise StudioError(
            "questions-teach-nothing",
            "These rows are questions to word vectors, not text to learn from.",
            "Choose a file of running text; this one can score vectors, under Evaluate.",
        )


def _may_ask(cells: Sequence[str]) -> bool:
    """Say whether it is worth looking at every row: a few tell running text apart."""
    return analogies_in(cells[:50]) is not None or any(cell.startswith(":") for cell in cells[:50])


def _pairs(rows: Rows) -> Questions:
    words, alike = [], []
    for row in rows:
        try:
            value = float(row.get("alike", "").strip().replace(",", "."))
        except ValueError:
            value = float("nan")
        known = row["first"].strip() and row["second"].strip() and np.isfinite(value)
        words.append((row["first"].strip(), row["second"].strip()) if known else ())
        alike.append(value)
    return Questions(words, [""] * len(words), alike)
