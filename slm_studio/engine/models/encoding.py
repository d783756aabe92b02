"""From a person's text to token ids. What they wrote is text, even where it looks like a control token.

A vocabulary has tokens that steer: <|endoftext|> ends a text, [MASK] hides a word, <s> begins. Libraries take them out of
any text that spells them, so a sentence about them would lose its words, or end a story. Here they come from the frame alone,
which the vocabulary itself puts around a text; spelled out by a person they are taken apart like every other text.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tokenizers import Encoding, Tokenizer
from transformers import PreTrainedTokenizerBase

from slm_studio.engine.models.features import BagTokenizer
from slm_studio.engine.models.vectors.text_words import TextWords

Ids = list[int]


@dataclass(frozen=True, slots=True)
class Frame:
    """The control tokens that a vocabulary puts around a text: [CLS] … [SEP], or <s> in front."""

    opening: tuple[int, ...] = ()
    closing: tuple[int, ...] = ()


def frame_of(tokenizer: PreTrainedTokenizerBase) -> Frame:
    """Return what the tokenizer puts around one text."""
    framed = plain_backend(tokenizer).encode("a")
    inside = [place for place, is_added in enumerate(framed.special_tokens_mask) if not is_added]
    if not inside:  # “a” is nothing to it
        return Frame(opening=tuple(framed.ids))
    return Frame(tuple(framed.ids[: inside[0]]), tuple(framed.ids[inside[-1] + 1 :]))


def encode_plain(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[Ids]:
    """Return the token ids of texts, with nothing around them."""
    backend = plain_backend(tokenizer)
    controls = frozenset(id_ for id_, token in backend.get_added_tokens_decoder().items() if token.special)
    found = [encoding.ids for encoding in backend.encode_batch_fast(list(texts), add_special_tokens=False)]
    for place, ids in enumerate(found):
        if not controls.isdisjoint(ids):
            found[place] = _spelled(backend, texts[place], controls, _unknown(tokenizer))
    return found


def encode_framed(
    tokenizer: PreTrainedTokenizerBase | BagTokenizer | TextWords, texts: Sequence[str], limit: int
) -> list[Ids]:
    """Return the token ids of texts in the vocabulary's frame, at most `limit` of them: what is too long is cut off."""
    if isinstance(tokenizer, BagTokenizer | TextWords):
        return [tokenizer.encode(text)[:limit] for text in texts]
    frame = frame_of(tokenizer)
    room = max(0, limit - len(frame.opening) - len(frame.closing))
    keeps_end = tokenizer.truncation_side == "left"
    return [
        [*frame.opening, *ids[max(0, len(ids) - room) * keeps_end :][:room], *frame.closing]
        for ids in encode_plain(tokenizer, texts)
    ]


def id_of(tokenizer: PreTrainedTokenizerBase, piece: str) -> int | None:
    """Return the id of a piece; None where the vocabulary lacks it. (Its `get_vocab` copies all of it: a second of a large one.)"""
    found: int | None = plain_backend(tokenizer).token_to_id(piece)
    return found


def plain_backend(tokenizer: PreTrainedTokenizerBase) -> Tokenizer:
    """Return the tokenizer behind a tokenizer, set to leave control tokens in a text alone, and to neither pad nor cut."""
    backend: Tokenizer = tokenizer.backend_tokenizer  # type: ignore[attr-defined]
    backend.encode_special_tokens = True
    backend.no_padding()
    backend.no_truncation()
    return backend


def _unknown(tokenizer: PreTrainedTokenizerBase) -> int | None:
    """Return the id for what is unknown. (Transformers' own look-up never ends where the vocabulary lacks that token.)"""
    token = tokenizer.unk_token
    return id_of(tokenizer, str(token)) if token is not None else None


def _spelled(backend: Tokenizer, text: str, controls: frozenset[int], unknown: int | None) -> Ids:
    """Return the ids of a text in which pieces of the vocabulary spell control tokens: these are taken letter by letter.

    A unigram vocabulary holds its control tokens as pieces like others. The one for what is unknown stays where it stands
    for a character of the text, and goes where the text itself spells it.
    """
    encoding: Encoding = backend.encode(text, add_special_tokens=False)
    ids: Ids = []
    for token, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
        name = backend.id_to_token(token)
        if token not in controls:
            ids.append(token)
        elif token != unknown:
            ids += _letters(backend, name, unknown)
        else:  # it may stand for several characters in a row
            spelled = _letters(backend, name, unknown)
            for place, part in enumerate(text[start:end].split(name)):
                ids += (spelled if place else []) + ([token] if part else [])
    return ids


def _letters(backend: Tokenizer, name: str, unknown: int | None) -> Ids:
    found = (backend.token_to_id(letter) for letter in name)
    return [known for letter in found if (known := unknown if letter is None else letter) is not None]
