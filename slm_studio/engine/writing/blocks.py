"""Blocks: rows of running text as one stream of tokens, to be cut into blocks of equal length: no padding, no text lost."""

# S tokens of the stream

import time
from collections.abc import Iterator, Sequence

import numpy as np
from transformers import PreTrainedTokenizerBase

from slm_studio.core.events import Progress
from slm_studio.core.work import Work
from slm_studio.engine.models.encoding import encode_plain

CHUNK = 64_000  # characters that are turned into tokens together
TOLD = 0.25  # seconds between two signs of life, at most


def stream_of(
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    *,
    is_book: bool,
    between: Sequence[int] = (),
    last: Sequence[int] = (),
    fronts: Sequence[Sequence[int]] = (),
) -> Work[tuple[np.ndarray, np.ndarray]]:
    """Yield Progress; return the tokens [S] of all texts behind one another, and where each text ends.

    `between` stands between two of them, `last` at the end and before each its front, where they have some; not so in a
    book, whose rows are pieces of one text.
    """
    parts, lengths = [np.zeros(0, np.int64)], []
    told = time.perf_counter()
    for done, chunk in _chunks(texts):
        for place, ids in enumerate(encode_plain(tokenizer, ["".join(chunk)] if is_book else chunk), start=1):
            is_last = done == len(texts) and place == len(chunk)
            behind = () if is_book else last if is_last else between
            front = fronts[len(lengths)] if fronts else ()
            parts.append(np.array([*front, *ids, *behind], dtype=np.int64))
            lengths.append(len(parts[-1]))
        if time.perf_counter() - told > TOLD or done == len(texts):
            told = time.perf_counter()
            yield Progress("Turning text into tokens", done, len(texts))
    ids_S = np.concatenate(parts)
    return ids_S, np.array([len(ids_S)] if is_book else np.cumsum(lengths))


def cut_blocks(ids: np.ndarray, length: int, opening: Sequence[int]) -> list[np.ndarray]:
    """Cut a stream of tokens into blocks of which `length` are read and as many predicted.

    Example: cut_blocks([9 1 2 3 4], 2, [9]) == [9 1 2] [9 3 4], and without an opening [9 1 2] [2 3 4]
    """
    if not opening:
        return [ids[start : start + length + 1] for start in range(0, len(ids) - 1, length)]
    room = max(1, length + 1 - len(opening))
    front = np.array(opening, dtype=ids.dtype)
    parts = [ids[start : start + room] for start in range(len(opening), len(ids), room)]
    parts = [part[len(front) :] if np.array_equal(part[: len(front)], front) else part for part in parts]
    return [np.concatenate([front, part]) for part in parts if len(part)]


def _chunks(texts: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield (rows done, texts): many small ones together."""
    held: list[str] = []
    size = 0
    for done, text in enumerate(texts, start=1):
        held.append(text)
        size += len(text)
        if size >= CHUNK or done == len(texts):
            yield done, held
            held, size = [], 0
