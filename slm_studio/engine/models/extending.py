"""Extending: which characters of some texts a vocabulary does not know, and pieces for them, added to it and to its network.

A piece is added to the vocabulary itself, so that it is cut like all others: old texts keep their ids, and ű inside a word
goes on with it (##ű). Rows that are new begin as the mean of all; the old ones stay, number for number.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.encoding import plain_backend
from slm_studio.engine.models.lengths import vocabulary_in

LOOKED_AT = 2_000_000  # characters of the texts


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a vocabulary lacks of some texts."""

    unknown: float  # share of the characters, blanks left out
    characters: tuple[str, ...]  # the unknown ones, most frequent first
    pieces: tuple[str, ...]  # what to add so that they are known, in their order


WHOLE = Coverage(0.0, (), ())


def coverage_of_folder(folder: Path, texts: Iterable[str]) -> Coverage:
    """Return what the vocabulary of a model folder lacks; of one of another kind nothing is known."""
    found = vocabulary_in(folder)
    return coverage(found, texts) if found is not None else WHOLE


def coverage(backend: Tokenizer, texts: Iterable[str]) -> Coverage:
    """Return what a vocabulary lacks. One that knows every byte lacks nothing."""
    model = json.loads(backend.to_str())["model"]
    unknown = _unknown_id(backend, model)
    if unknown is None:
        return WHOLE
    prefix = str(model.get("continuing_subword_prefix") or "") if model["type"] == "WordPiece" else ""
    alone, inside = _counted(texts)
    known = [*alone]
    lacks = _lacks(backend, known, unknown)
    # A letter may begin words of the vocabulary and never stand inside one.
    within = _lacks(backend, [f"a{each}" for each in known], unknown) if prefix else [False] * len(known)
    counts: dict[str, int] = {}
    pieces: list[str] = []
    for each, is_lacking, is_lacking_inside in sorted(
        zip(known, lacks, within, strict=True), key=lambda one: (-alone[one[0]], one[0])
    ):
        piece = _normalised(backend, each)
        goes_on = bool(prefix) and is_lacking_inside and inside[each] > 0 and each.isalnum() and len(piece) == 1
        if not piece or not (is_lacking or goes_on):
            continue
        counts[each] = alone[each] if is_lacking else inside[each]
        pieces += ([piece] if is_lacking else []) + ([prefix + piece] if goes_on and _joins(backend, each) else [])
    total = max(1, sum(alone.values()))
    return Coverage(sum(counts.values()) / total, tuple(counts), tuple(dict.fromkeys(pieces)))


def extend(loaded: Loaded, texts: Sequence[str], most: int) -> list[str]:
    """Add at most `most` pieces for unknown characters to vocabulary and network, and return them."""
    tokenizer, net = loaded.tokenizer, loaded.net
    if not isinstance(tokenizer, PreTrainedTokenizerFast) or most < 1:
        return []
    backend = plain_backend(tokenizer)
    pieces = [*coverage(backend, texts).pieces[:most]]
    if not pieces:
        return []
    first = max(backend.get_vocab(with_added_tokens=True).values()) + 1
    plain = json.loads(backend.to_str())
    vocabulary = plain["model"]["vocab"]
    if isinstance(vocabulary, dict):
        vocabulary |= {piece: first + place for place, piece in enumerate(pieces)}
    elif len(vocabulary) == first:  # a list of pieces and their scores, whose places are the ids
        least = min(score for _, score in vocabulary)
        vocabulary += [[piece, least] for piece in pieces]
    else:
        tokenizer.add_tokens(pieces)
        _grow(net, first, len(pieces))
        return pieces
    tokenizer._tokenizer = Tokenizer.from_str(json.dumps(plain))
    _grow(net, first, len(pieces))
    return pieces


@torch.no_grad()
def _grow(net: PreTrainedModel, first: int, count: int) -> None:
    """Give the network rows for ids from `first` on: the mean of those before, also where the last layer has its own."""
    rows = net.get_input_embeddings().weight.shape[0]
    if first + count > rows:
        net.resize_token_embeddings(first + count, mean_resizing=False)
    new = slice(first, first + count)
    tables = [net.get_input_embeddings(), net.get_output_embeddings()]
    for weight in {id(table.weight): table.weight for table in tables if table is not None}.values():
        weight[new] = weight[:first].mean(0)
    bias = getattr(tables[1], "bias", None)
    if isinstance(bias, nn.Parameter):
        bias[new] = bias[:first].mean()


def _unknown_id(backend: Tokenizer, model: dict[str, object]) -> int | None:
    """Return the id for what is unknown; None where there is none, or bytes stand in for it."""
    if model.get("byte_fallback"):
        return None
    if isinstance(model.get("unk_id"), int):
        return model["unk_id"]  # type: ignore[return-value]
    name = model.get("unk_token")
    return backend.token_to_id(str(name)) if name else None


def _counted(texts: Iterable[str]) -> tuple[Counter[str], Counter[str]]:
    """Return how often each character stands, and how often right after a letter."""
    alone: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    left = LOOKED_AT
    for text in texts:
        part = text[:left]
        alone.update(part)
        pairs.update(pairwise(part))
        left -= len(part)
        if left <= 0:
            break
    for each in [each for each in alone if each.isspace()]:
        del alone[each]
    inside: Counter[str] = Counter()
    for (before, after), count in pairs.items():
        if before.isalnum():
            inside[after] += count
    return alone, inside


def _lacks(backend: Tokenizer, texts: Sequence[str], unknown: int) -> list[bool]:
    encoded = backend.encode_batch_fast(list(texts), add_special_tokens=False)
    return [unknown in each.ids for each in encoded]


def _normalised(backend: Tokenizer, character: str) -> str:
    """Return a character as the vocabulary reads it; "" where it reads nothing."""
    return (backend.normalizer.normalize_str(character) if backend.normalizer else character).strip()


def _joins(backend: Tokenizer, character: str) -> bool:
    """Say whether a character goes on with a word, which those of scripts without blanks do not."""
    if backend.pre_tokenizer is None:
        return True
    text = backend.normalizer.normalize_str(f"a{character}") if backend.normalizer else f"a{character}"
    return len(backend.pre_tokenizer.pre_tokenize_str(text)) == 1
