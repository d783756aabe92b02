"""Sentences as examples of a network that tags words: features of each word, or pieces of which the first bears the tag."""

from collections.abc import Sequence
from typing import cast

from transformers import PreTrainedTokenizerBase

from slm_studio.engine.examples import IDS, Packer
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.crf import UNKNOWN
from slm_studio.engine.models.lengths import length_of
from slm_studio.engine.models.word_features import WordTokenizer
from slm_studio.engine.models.word_pieces import encode_words

FIRSTS, GOLD = "firsts", "labels"  # columns of examples: where words begin, and their tags
CUT = "cut"  # and how many words at the end of each are not read


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
    words, limit = sentences, length_of(loaded)
    full = [list(tags) + [UNKNOWN] * (len(each) - len(tags)) for tags, each in zip(gold, words, strict=True)]
    if isinstance(loaded.tokenizer, WordTokenizer):
        ids = [loaded.tokenizer.encode(each[:limit]) for each in words]
        firsts = [[1] * len(each[:limit]) for each in words]
        cut = [max(0, len(each) - limit) for each in words]
        packer.add(rows, **{IDS: ids, FIRSTS: firsts, GOLD: [tags[:limit] for tags in full], CUT: cut})
        return
    pieces = encode_words(cast(PreTrainedTokenizerBase, loaded.tokenizer), words, limit)
    labels = [each.labels(tags) for each, tags in zip(pieces, full, strict=True)]
    ids, marks = [each.ids for each in pieces], [each.marks for each in pieces]
    packer.add(rows, **{IDS: ids, FIRSTS: marks, GOLD: labels, CUT: [each.cut for each in pieces]})
