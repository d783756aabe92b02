"""The words that vectors stand for, the most frequent first, and how texts are cut into them."""

# S words of all texts

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path
from typing import Self

import numpy as np

from slm_studio.core.prompt import Cell
from slm_studio.engine.models.foreign_vocabulary import VECTOR_WORDS
from slm_studio.engine.models.vectors.cutting import Cutting

FILE = VECTOR_WORDS
UNKNOWN = -1  # of a word without a vector, and the end of a text among the ids of many
LOOKED_THROUGH = 50_000  # most frequent words among which those like an unknown one are looked for


class WordVocabulary:
    """Turn texts into the ids of known words, 0 … len - 1; others are left out."""

    model_input_names = ("input_ids",)

    def __init__(self, cutting: Cutting, names: Iterable[str], counts: Iterable[int]) -> None:
        """Take how texts are cut, the words, and how often each stood in the texts to learn from (0: not known)."""
        self.cutting = cutting
        self.names = list(names)
        self.counts = np.fromiter(counts, np.int64, len(self.names))
        self._ids = {name: place for place, name in enumerate(self.names)}

    @classmethod
    def learn(cls, counts: Counter[str], cutting: Cutting, *, least: int, most: int | None = None) -> Self:
        """Return the words that stand at least `least` times, at most `most` of them."""
        kept = [word for word, count in counts.items() if count >= least]
        kept.sort(key=lambda word: (-counts[word], word))
        kept = kept[:most]
        return cls(cutting, kept, (counts[word] for word in kept))

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self.names)

    def ids(self, words: Sequence[str]) -> np.ndarray:
        """Return the ids of some words, UNKNOWN for those without one."""
        get = self._ids.get
        return np.fromiter((get(word, UNKNOWN) for word in words), np.int32, len(words))

    def encode(self, cell: Cell) -> np.ndarray:
        """Return the ids of the known words of a text."""
        found_S = self.ids(self.cutting.words(cell))
        return found_S[found_S != UNKNOWN]

    def place(self, word: str) -> int:
        """Return the id of a word as a person writes it: as it stands, else in small, capital or title letters; or UNKNOWN."""
        plain = "_".join(unicodedata.normalize("NFKC", word).split())
        for each in (word, plain, plain.lower(), plain.capitalize(), plain.upper(), plain.title()):
            if each in self._ids:
                return self._ids[each]
        return UNKNOWN

    def like(self, word: str, most: int = 3) -> list[str]:
        """Return frequent words that are written almost like one that is not known."""
        return get_close_matches(word.lower(), self.names[:LOOKED_THROUGH], n=most, cutoff=0.6)

    def add(self, counts: Counter[str], *, least: int) -> int:
        """Take in words that are not known yet, and return how many; the counts of the others grow."""
        self.counts = self.counts + np.fromiter((counts.get(name, 0) for name in self.names), np.int64, len(self))
        fresh = type(self).learn(
            Counter({word: n for word, n in counts.items() if word not in self._ids}), self.cutting, least=least
        )
        self._ids |= {name: place for place, name in enumerate(fresh.names, start=len(self))}
        self.names += fresh.names
        self.counts = np.concatenate([self.counts, fresh.counts])
        return len(fresh)

    def save_pretrained(self, folder: str | Path, **_: object) -> tuple[str]:
        """Write the words into `folder`."""
        path = Path(folder) / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        plain = asdict(self.cutting) | {"names": self.names, "counts": self.counts.tolist()}
        path.write_text(json.dumps(plain, ensure_ascii=False) + "\n", encoding="utf-8")
        return (str(path),)

    @classmethod
    def from_pretrained(cls, folder: str | Path, **_: object) -> Self:
        """Open what `save_pretrained` wrote."""
        plain = json.loads((Path(folder) / FILE).read_text(encoding="utf-8"))
        names, counts = plain.pop("names"), plain.pop("counts")
        return cls(Cutting(**plain | {"dictionary": tuple(plain["dictionary"])}), names, counts)


def count_words(cells: Iterable[Cell], cutting: Cutting) -> Counter[str]:
    """Return how often each word stands in some texts."""
    counts: Counter[str] = Counter()
    for cell in cells:
        counts.update(cutting.words(cell))
    return counts


def stream_of(cells: Sequence[Cell], vocabulary: WordVocabulary) -> np.ndarray:
    """Return the ids of the known words of some texts behind one another, UNKNOWN at the end of each text with any."""
    end = np.array([UNKNOWN], np.int32)
    return np.concatenate([np.zeros(0, np.int32), *_parts(cells, vocabulary, end)])


def _parts(cells: Sequence[Cell], vocabulary: WordVocabulary, end: np.ndarray) -> Iterator[np.ndarray]:
    for cell in cells:
        ids_S = vocabulary.encode(cell)
        if len(ids_S):
            yield ids_S
            yield end
