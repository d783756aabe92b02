"""What the pieces of a vocabulary say of themselves: the text that each stands for, and whether a word begins with it.

Vocabularies write that down in three ways: WordPiece marks what goes on with a word (##ing), SentencePiece (▁the) and
byte-level BPE (Ġthe) what begins one. Without marks every piece stands by itself.
"""

# V vocabulary

import json
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from transformers import PreTrainedTokenizerBase
from transformers.convert_slow_tokenizer import bytes_to_unicode

from slm_studio.engine.models.encoding import plain_backend
from slm_studio.engine.models.features import UNSPACED
from slm_studio.engine.models.word_pieces import LONE_MARK

CLOSING = tuple(".,;:!?)]}’”%，。、；：！？）》」』…")  # signs before which no blank stands
BLANK = "Ġ"  # byte-level BPE: a blank
_BYTES = {sign: byte for byte, sign in bytes_to_unicode().items()}


@dataclass(frozen=True, slots=True)
class PieceTable:
    """All pieces, by their ids."""

    texts: tuple[str, ...]  # without the mark of a beginning or going on; "" of what stands for no text
    begins_V: np.ndarray  # bool: a word begins here
    unspaced_V: np.ndarray  # bool: of a script that is written without blanks
    spared_V: np.ndarray  # bool: control tokens and the one for what is unknown, which nobody has to guess

    @property
    def plain(self) -> np.ndarray:
        """Return the ids of all pieces that stand for text."""
        return np.flatnonzero(~self.spared_V)

    def spelled(self, ids: Sequence[int] | np.ndarray) -> str:
        """Return the text of some tokens: a blank where a word begins, none in scripts without blanks nor before a sign."""
        parts: list[str] = []
        for id_ in ids:
            text = self.texts[id_] if id_ < len(self.texts) else ""
            is_joined = not parts or not self.begins_V[id_] or self.unspaced_V[id_] or text[:1] in CLOSING
            parts.append(text if is_joined or not text else f" {text}")
        return "".join(parts)


_TABLES: WeakKeyDictionary[object, PieceTable] = WeakKeyDictionary()


def piece_table(tokenizer: PreTrainedTokenizerBase) -> PieceTable:
    """Return the pieces of a vocabulary; it is read once."""
    if tokenizer not in _TABLES:
        _TABLES[tokenizer] = _read(tokenizer)
    return _TABLES[tokenizer]


def _read(tokenizer: PreTrainedTokenizerBase) -> PieceTable:
    backend = plain_backend(tokenizer)
    known = backend.get_vocab(with_added_tokens=True)
    names = [""] * (max(known.values()) + 1)
    for name, place in known.items():
        names[place] = name
    spared = {
        *tokenizer.all_special_ids,
        *(id_ for id_, each in backend.get_added_tokens_decoder().items() if each.special),
    }
    prefix = _prefix(backend.to_str())
    pairs = [("", True) if place in spared or not name else _said(name, prefix) for place, name in enumerate(names)]
    return PieceTable(
        texts=tuple(text for text, _ in pairs),
        begins_V=np.array([begins or bool(UNSPACED.match(text)) for text, begins in pairs]),
        unspaced_V=np.array([bool(UNSPACED.match(text)) for text, _ in pairs]),
        spared_V=np.array([place in spared or not name for place, name in enumerate(names)]),
    )


def _prefix(plain: str) -> str:
    """Return how a vocabulary marks its pieces: ## at what goes on, ▁ or Ġ at what begins, "" where it does not."""
    parts = json.loads(plain)
    model = parts["model"]
    if model["type"] == "WordPiece":
        return str(model.get("continuing_subword_prefix") or "##")
    if (
        model["type"] == "Unigram"
        or '"Metaspace"' in json.dumps(parts.get("pre_tokenizer"))
        or LONE_MARK in json.dumps(parts.get("decoder"), ensure_ascii=False)
    ):
        return LONE_MARK
    return BLANK if '"ByteLevel"' in json.dumps([parts.get("pre_tokenizer"), parts.get("decoder")]) else ""


def _said(name: str, prefix: str) -> tuple[str, bool]:
    """Return the text of a piece, and whether a word begins with it."""
    if prefix == LONE_MARK:
        text = name.replace(LONE_MARK, " ")
        return text.strip(), text.startswith(" ") or _is_sign(text)
    if prefix == BLANK:
        text = bytes(_BYTES.get(sign, 63) for sign in name).decode("utf-8", "replace")
        return text.strip(), text[:1].isspace() or _is_sign(text)
    goes_on = bool(prefix) and name.startswith(prefix) and name != prefix
    return (name[len(prefix) :], False) if goes_on else (name, True)


def _is_sign(text: str) -> bool:
    """Say whether a piece is punctuation, which belongs to no word though no blank stands before it."""
    return bool(text) and not text[0].isalnum()
