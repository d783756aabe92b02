"""Sentences as examples of a network that tags words: features of each word, or pieces of which the first bears the tag."""

from collections.abc import Iterator, Sequence
from typing import cast

from transformers import PreTrainedTokenizerBase

from slm_studio.engine.examples import IDS, Ids, Packer
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.crf import UNKNOWN
from slm_studio.engine.models.lengths import length_of
from slm_studio.engine.models.windows import windows
from slm_studio.engine.models.word_features import WordTokenizer
from slm_studio.engine.models.word_pieces import encode_words

FIRSTS, GOLD = "firsts", "labels"  # columns of examples: where words begin, and their tags
START = "start"  # and which word of its sentence each begins with: long ones become several
Part = tuple[Ids, Ids, Ids, int]  # of a sentence: ids, where words begin, their tags, which word is the first


def slots_of(loaded: Loaded) -> int:
    """Return how many ids a word has: those of its features, or 1 where it is taken apart into pieces."""
    return loaded.tokenizer.settings.slots if isinstance(loaded.tokenizer, WordTokenizer) else 1


def sentence_packer(loaded: Loaded) -> Packer:
    """Return a packer of sentences: the ids of their words, where each word begins, and the numbers of their tags."""
    return Packer(**{IDS: loaded.padding, FIRSTS: 0, GOLD: UNKNOWN})


def add_sentences(
    packer: Packer, loaded: Loaded, rows: range, sentences: Sequence[Sequence[str]], gold: Sequence[Sequence[int]]
) -> None:
    """Add sentences with the numbers of their tags; of a text that is asked about, none is known."""
    tags = [[*known, *[UNKNOWN] * (len(words) - len(known))] for known, words in zip(gold, sentences, strict=True)]
    read = _words if isinstance(loaded.tokenizer, WordTokenizer) else _pieces
    found = [(row, *part) for row, parts in zip(rows, read(loaded, sentences, tags), strict=True) for part in parts]
    names = (IDS, FIRSTS, GOLD, START)
    packer.add([row for row, *_ in found], **{name: [part[at] for part in found] for at, name in enumerate(names, 1)})


def _words(loaded: Loaded, sentences: Sequence[Sequence[str]], tags: Sequence[Ids]) -> Iterator[list[Part]]:
    tokenizer, slots, limit = cast(WordTokenizer, loaded.tokenizer), slots_of(loaded), length_of(loaded)
    for words, known in zip(sentences, tags, strict=True):
        ids = tokenizer.encode(words)
        yield [
            (ids[each.start * slots : each.stop * slots], [1] * len(each), known[each.start : each.stop], each.start)
            for each in windows([1] * len(words), limit)
        ]


def _pieces(loaded: Loaded, sentences: Sequence[Sequence[str]], tags: Sequence[Ids]) -> Iterator[list[Part]]:
    found = encode_words(cast(PreTrainedTokenizerBase, loaded.tokenizer), sentences, length_of(loaded))
    for parts, known in zip(found, tags, strict=True):
        yield [(each.ids, each.marks, each.labels(known), each.words.start) for each in parts]
