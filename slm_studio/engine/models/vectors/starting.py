"""Word vectors as where another net begins: its words are those of the vectors, its table their numbers."""

# V words, D numbers of a vector

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import nn

from slm_studio.core.dataset import Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.saved import local_folder, open_saved
from slm_studio.core.texts import mark
from slm_studio.engine.data.languages import is_han
from slm_studio.engine.models.features import BagTokenizer
from slm_studio.engine.models.inspect import inspect_folder
from slm_studio.engine.models.opening import open_net, open_tokenizer
from slm_studio.engine.models.vectors.net import SLMForWordVectors
from slm_studio.engine.models.vectors.text_words import TextWords
from slm_studio.engine.models.vectors.vocabulary import UNKNOWN, WordVocabulary, count_words
from slm_studio.engine.models.word_features import WordTokenizer

SPREAD = 0.1  # standard deviation of the numbers that a table begins with, as if they were drawn
KNOWN = mark(
    "Your vectors know {known} of the {all} different words of these texts. The others begin with random numbers."
)
STARTED = "vectors"  # among the facts of a net: [known, words]


@dataclass(frozen=True, slots=True)
class Start:
    """Vectors to begin with."""

    name: str
    vocabulary: WordVocabulary
    vectors_VD: np.ndarray

    @property
    def width(self) -> int:
        """Return the numbers of a vector."""
        return int(self.vectors_VD.shape[1])


def open_start(named: str, width: int | None = None) -> Start:
    """Return the vectors of a model, named by its folder or name. Raises StudioError where it is none, or of another `width`."""
    folder = local_folder(named)
    if folder is None:
        raise StudioError(
            "vectors-missing",
            "“{name}” is no model on this computer.",
            "Name a model of word vectors: its folder, or what it is called in the Hub.",
            name=named,
        )
    model = open_saved(folder)
    inspect_folder(folder)
    vocabulary = open_tokenizer(folder)
    if not isinstance(vocabulary, WordVocabulary):
        raise StudioError(
            "vectors-other-task",
            "“{name}” does the task “{task}” and holds no word vectors.",
            "Name a model of word vectors: train one, or import a word2vec or GloVe file.",
            name=model.name,
            task=model.task,
        )
    net = cast(SLMForWordVectors, open_net(folder, model.task))
    start = Start(model.name, vocabulary, net.whole().float().numpy())
    if width is not None and width != start.width:
        raise StudioError(
            "vectors-width",
            "The vectors of “{name}” have {found} numbers, but the embedding width is set to {width}.",
            "Leave the embedding width empty, or take other vectors.",
            name=model.name,
            found=start.width,
            width=width,
        )
    return start


def words_of_texts(start: Start, texts: Sequence[str], most: int) -> tuple[TextWords, tuple[int, int]]:
    """Return a vocabulary for texts, and how many of their different words the vectors know, of how many.

    It holds the most frequent words of the texts, known or not, and with the room that is left the most frequent words of
    the vectors: a word that no row to learn from holds is then no stranger.
    """
    counts = count_words(texts, start.vocabulary.cutting)
    own = sorted(counts, key=lambda word: (-counts[word], word))[:most]
    more = (name for name in start.vocabulary.names if name not in counts)
    names = [*own, *(name for _, name in zip(range(max(0, most - len(own))), more, strict=False))]
    return TextWords(start.vocabulary.cutting, names), _known_of(start, counts)


def coverage(start: Start, texts: Sequence[str]) -> tuple[int, int]:
    """Return how many of the different words of texts the vectors know, and how many there are."""
    return _known_of(start, count_words(texts, start.vocabulary.cutting))


def _known_of(start: Start, counts: Counter[str]) -> tuple[int, int]:
    return sum(start.vocabulary.place(word) != UNKNOWN for word in counts), len(counts)


@torch.no_grad()
def sow(table: nn.Module, places: Mapping[str, int], start: Start) -> None:
    """Put the vectors of words into rows of a table; they are scaled to the size that such tables begin with."""
    weight_VD = cast(torch.Tensor, table.weight)
    scale = SPREAD / max(float(start.vectors_VD[:10_000].std()), 1e-9)
    for word, row in places.items():
        place = start.vocabulary.place(word)
        if place != UNKNOWN:
            weight_VD[row] = torch.from_numpy(start.vectors_VD[place] * scale)


def places_in(tokenizer: object, start: Start) -> dict[str, int]:
    """Return word → row of its embedding for the words that the vectors know; features of words are rows like others."""
    if isinstance(tokenizer, TextWords):
        return tokenizer.places()
    found: dict[str, int] = {}
    for word in start.vocabulary.names:
        row = _row_of(tokenizer, word)
        if row is not None:
            found.setdefault(word, row)
    return found


def _row_of(tokenizer: object, word: str) -> int | None:
    """Return the row of a word among features: of a tagger it is named w…, of a bag too, and short runs of Chinese g…."""
    if isinstance(tokenizer, WordTokenizer):
        return tokenizer.place(f"w{word.lower()}")
    assert isinstance(tokenizer, BagTokenizer)
    is_run = is_han(word[0]) and len(word) <= tokenizer.settings.longest_run
    return tokenizer.place(f"{'g' if is_run else 'w'}{word.lower()}")


def known_words(facts: Mapping[str, object]) -> Iterator[Remark]:
    """Yield how many words of the texts the vectors know, that a net began with."""
    found = facts.get(STARTED)
    if isinstance(found, list | tuple) and len(found) == 2:
        known, words = map(int, found)
        yield Remark(code="vectors-know", message=KNOWN, count=words - known, values={"known": known, "all": words})
