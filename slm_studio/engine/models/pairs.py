"""Pairs: two texts that are read together: [CLS] a [SEP] b [SEP], as the vocabulary frames them."""

from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from slm_studio.engine.models.encoding import Ids, encode_plain, plain_backend


@dataclass(frozen=True, slots=True)
class PairFrame:
    """The control tokens around two texts, and which of them each token belongs to."""

    opening: tuple[int, ...]
    middle: tuple[int, ...]
    closing: tuple[int, ...]
    sides: tuple[
        tuple[int, ...], int, tuple[int, ...], int, tuple[int, ...]
    ]  # token types: of these three, and of the texts

    @property
    def length(self) -> int:
        """Return how many tokens it takes."""
        return len(self.opening) + len(self.middle) + len(self.closing)


def pair_frame_of(tokenizer: PreTrainedTokenizerBase) -> PairFrame:
    """Return what the tokenizer puts around a pair; one that knows no pairs parts them by what ends a text."""
    framed = plain_backend(tokenizer).encode("a", "a")
    inside = [place for place, is_added in enumerate(framed.special_tokens_mask) if not is_added]
    first = [place for place in inside if framed.sequence_ids[place] == 0]
    second = [place for place in inside if framed.sequence_ids[place] == 1]
    if not first or not second:  # “a” is nothing to it
        return PairFrame((), (), (), ((), 0, (), 0, ()))
    ids, types = framed.ids, framed.type_ids
    cuts = slice(0, first[0]), slice(first[-1] + 1, second[0]), slice(second[-1] + 1, None)
    opening, middle, closing = (tuple(ids[cut]) for cut in cuts)
    sides = tuple(types[cuts[0]]), types[first[0]], tuple(types[cuts[1]]), types[second[0]], tuple(types[cuts[2]])
    return PairFrame(opening, middle or (closing or opening)[:1], closing, sides)


def encode_pairs(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], seconds: Sequence[str], limit: int
) -> tuple[list[Ids], list[Ids]]:
    """Return ids and token types of pairs in the vocabulary's frame, at most `limit` a pair: the longer text is cut first."""
    frame = pair_frame_of(tokenizer)
    of_opening, of_first, of_middle, of_second, of_closing = frame.sides
    of_middle = of_middle or (of_first,) * len(frame.middle)
    found, types = [], []
    for one, other in zip(encode_plain(tokenizer, texts), encode_plain(tokenizer, seconds), strict=True):
        left, right = shorten(len(one), len(other), max(0, limit - frame.length))
        found.append([*frame.opening, *one[:left], *frame.middle, *other[:right], *frame.closing])
        types.append([*of_opening, *[of_first] * left, *of_middle, *[of_second] * right, *of_closing])
    return found, types


def shorten(one: int, other: int, room: int) -> tuple[int, int]:
    """Return how much of two texts is kept: all of both where there is room, else the longer one is cut first.

    Example: shorten(100, 10, 60) == (50, 10); shorten(100, 90, 60) == (30, 30)
    """
    if one + other <= room:
        return one, other
    half = room // 2
    if one <= half:
        return one, room - one
    if other <= half:
        return room - other, other
    return room - half, half
