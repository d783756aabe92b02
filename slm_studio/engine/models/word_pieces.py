"""From a sentence's words to the pieces of a vocabulary: the first piece of each word bears its tag, the others none.

Every word is taken apart by itself, so no piece ever spans two words, whatever the vocabulary does with blanks. Byte-level
and unigram vocabularies mark the beginning of a word by the blank before it: they get one, except where the script writes none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from slm_studio.engine.models.crf import UNKNOWN
from slm_studio.engine.models.encoding import Frame, Ids, encode_plain, frame_of, id_of
from slm_studio.engine.models.features import UNSPACED
from slm_studio.engine.models.windows import windows

LONE_MARK = "▁"  # SentencePiece: a word begins


@dataclass(frozen=True, slots=True)
class Pieces:
    """Words of one sentence in a vocabulary's frame."""

    words: range  # which of the sentence's
    ids: tuple[int, ...]
    firsts: tuple[int, ...]  # the place in `ids` of each word's first piece

    def labels(self, tags: Sequence[int]) -> Ids:
        """Return a label for every piece: of the sentence's tags those of its words at their first pieces, UNKNOWN elsewhere."""
        found = [UNKNOWN] * len(self.ids)
        for place, tag in zip(self.firsts, tags[self.words.start : self.words.stop], strict=True):
            found[place] = tag
        return found

    @property
    def marks(self) -> Ids:
        """Return 1 for the first piece of a word and 0 for every other: the mask under which tags are decoded."""
        found = [0] * len(self.ids)
        for place in self.firsts:
            found[place] = 1
        return found


def encode_words(
    tokenizer: PreTrainedTokenizerBase, sentences: Sequence[Sequence[str]], limit: int
) -> list[list[Pieces]]:
    """Return the pieces of each sentence in the vocabulary's frame, at most `limit` of them: else in several windows.

    A word without pieces of its own (an empty one, a control character) gets the piece for what is unknown.
    """
    blank = _marks_beginnings(tokenizer)
    spelled = [_spelled(words, blank) for words in sentences]
    distinct = sorted({each for words in spelled for each in words})
    ids_of = dict(zip(distinct, encode_plain(tokenizer, [text for text, _ in distinct]), strict=True))
    lone = id_of(tokenizer, LONE_MARK)
    stand_in = _stand_in(tokenizer)
    frame = frame_of(tokenizer)
    room = max(1, limit - len(frame.opening) - len(frame.closing))
    for (text, is_joined), pieces in ids_of.items():
        if is_joined and len(pieces) > 1 and pieces[0] == lone:
            pieces = pieces[1:]  # it says “a blank stood here”, and none did
        ids_of[text, is_joined] = (pieces or [stand_in])[:room]
    found = []
    for sentence in spelled:
        words = [ids_of[each] for each in sentence]
        found.append([_framed(frame, stretch, words) for stretch in windows([len(ids) for ids in words], room)])
    return found


def _framed(frame: Frame, stretch: range, words: Sequence[Ids]) -> Pieces:
    ids, firsts = list(frame.opening), []
    for word in stretch:
        firsts.append(len(ids))
        ids += words[word]
    return Pieces(stretch, (*ids, *frame.closing), tuple(firsts))


def _spelled(words: Sequence[str], blank: str) -> list[tuple[str, bool]]:
    """Return each word as it would stand in a text, and whether it is joined to the word before."""
    found = []
    for place, word in enumerate(words):
        is_joined = place > 0 and bool(UNSPACED.match(word) and UNSPACED.match(words[place - 1][-1:]))
        found.append((word if is_joined else blank + word, is_joined))
    return found


def _marks_beginnings(tokenizer: PreTrainedTokenizerBase) -> str:
    """Return the blank that has to stand before a word, lest the vocabulary take it for the inside of another; often none."""
    alone, after_blank = encode_plain(tokenizer, ["a", " a"])
    return " " if alone != after_blank and len(after_blank) == 1 else ""


def _stand_in(tokenizer: PreTrainedTokenizerBase) -> int:
    if tokenizer.unk_token_id is not None:
        return int(tokenizer.unk_token_id)
    return (encode_plain(tokenizer, ["?"])[0] or [0])[0]
