"""Asking: a text with gaps as token ids, what may stand in each gap, and how expected the words of a text without gaps are."""

# N token sequences, T tokens, G gaps, K tokens that are asked for, V vocabulary

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from slm_studio.core.errors import StudioError
from slm_studio.core.gaps import WRITTEN, around_gaps
from slm_studio.core.results import Candidate, Span
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.encoding import Ids, encode_plain, frame_of, plain_backend
from slm_studio.engine.models.fillers import logits_at
from slm_studio.engine.models.filling.pieces import PieceTable, piece_table
from slm_studio.engine.models.filling.units import WHOLE, starts_of
from slm_studio.engine.models.lengths import length_of

TOGETHER = 32  # token sequences that are answered together
MOST_WORDS = 400  # of a text whose words are weighed one by one


@dataclass(frozen=True, slots=True)
class Asked:
    """A text in the vocabulary's frame, and the places of the tokens that are asked for."""

    ids: tuple[int, ...]
    places: tuple[int, ...]


def mask_id_of(tokenizer: PreTrainedTokenizerBase) -> int:
    """Return the id of the token that stands for a gap. Raises StudioError where the vocabulary has none."""
    if tokenizer.mask_token_id is None:
        raise StudioError(
            "no-mask-token",
            "The vocabulary of this model has no token for a gap ([MASK]), so it cannot fill any.",
            "Choose a base of the BERT family, or begin from nothing.",
        )
    return int(tokenizer.mask_token_id)


def candidates(
    loaded: Loaded, texts: Sequence[str], top: int, also: Sequence[str] = ()
) -> Iterator[tuple[int, Candidate]]:
    """Yield (which text, candidate): the likeliest of each gap of each text, gap by gap.

    `also`: a word for each gap, weighed too where it is one piece and not among the likeliest. Raises StudioError for a
    text without a gap.
    """
    tokenizer: PreTrainedTokenizerBase = loaded.tokenizer  # type: ignore[assignment]
    table = piece_table(tokenizer)
    asked: list[Asked] = []
    owners: list[tuple[int, int]] = []  # of each place that is asked for: its text, and which gap of it
    for place, text in enumerate(texts):
        parts = _with_gaps(loaded, text, length_of(loaded))
        asked += parts
        owners += [(place, gap) for gap in range(sum(len(each.places) for each in parts))]
    more = [_lone_piece(tokenizer, word) for word in also]
    every = (chances_V for chances_KV in _chances(loaded, asked) for chances_V in chances_KV)
    for (place, gap), chances_V in zip(owners, every, strict=True):
        best = torch.topk(chances_V, min(top, len(chances_V)))
        ids = best.indices.tolist()
        for rank, (score, id_) in enumerate(zip(best.values.tolist(), ids, strict=True), start=1):
            yield place, _candidate(table, tokenizer, id_, score, gap, rank)
        wished = more[gap] if gap < len(more) else None
        if wished is not None and wished not in ids:
            rank = int((chances_V > chances_V[wished]).sum()) + 1
            yield place, _candidate(table, tokenizer, wished, float(chances_V[wished]), gap, rank)


def _lone_piece(tokenizer: PreTrainedTokenizerBase, word: str) -> int | None:
    """Return the piece that a word is by itself, with or without a blank before it; None where it is several."""
    spellings = encode_plain(tokenizer, [f" {word}", word]) if word.strip() else []
    return next((ids[0] for ids in spellings if len(ids) == 1 and ids[0] != tokenizer.unk_token_id), None)


def expected(loaded: Loaded, text: str) -> Iterator[Span]:
    """Yield each word of a text with how likely it is where it stands, and what the model would have put there.

    The word is hidden, whole, and all else is read; of a word of several pieces their mean counts (the geometric one).
    """
    tokenizer: PreTrainedTokenizerBase = loaded.tokenizer  # type: ignore[assignment]
    table, frame = piece_table(tokenizer), frame_of(tokenizer)
    encoding = plain_backend(tokenizer).encode(text, add_special_tokens=False)
    ids = np.array(encoding.ids, dtype=np.int64)
    words = _words(ids, tokenizer, table)[:MOST_WORDS]
    asked = []
    for word in words:
        hidden = ids.copy()
        hidden[word.start : word.stop] = mask_id_of(tokenizer)
        asked.append(_window(length_of(loaded), hidden.tolist(), list(word), frame.opening, frame.closing))
    owners = [word for word, each in zip(words, asked, strict=True) for _ in each.places]
    rows: dict[range, list[Tensor]] = {word: [] for word in words}
    for at, chances_V in enumerate(chances for chances_KV in _chances(loaded, asked) for chances in chances_KV):
        rows[owners[at]].append(chances_V)
    for word, chances in rows.items():
        logs = [
            float(chances_V[ids[place]].clamp(min=1e-30).log())
            for place, chances_V in zip(
                word, chances, strict=False
            )  # one longer than the net reads has a beginning only
        ]
        best = "".join(table.texts[int(chances_V.argmax())] for chances_V in chances)
        yield Span(
            encoding.offsets[word.start][0], encoding.offsets[word.stop - 1][1], best, float(np.exp(np.mean(logs)))
        )


def one_hidden(loaded: Loaded, text: str) -> tuple[str, str] | None:
    """Return a text with a gap in the place of its middle word, and that word; None where it has no word."""
    tokenizer: PreTrainedTokenizerBase = loaded.tokenizer  # type: ignore[assignment]
    encoding = plain_backend(tokenizer).encode(text, add_special_tokens=False)
    ids = np.array(encoding.ids, dtype=np.int64)
    words = [each for each in _words(ids, tokenizer, piece_table(tokenizer)) if len(each) == 1] if len(ids) else []
    if not words:
        return None
    start, end = encoding.offsets[words[len(words) // 2].start]
    kept = text[start:end].lstrip()  # some vocabularies count the blank before it
    return f"{text[: end - len(kept)]}{WRITTEN}{text[end:]}", kept


def _words(ids: np.ndarray, tokenizer: PreTrainedTokenizerBase, table: PieceTable) -> list[range]:
    """Return the stretches of tokens that are words; punctuation and what is unknown are none."""
    starts = [*np.flatnonzero(starts_of(ids, tokenizer, WHOLE)).tolist(), len(ids)] if len(ids) else [0]
    stretches = [range(start, stop) for start, stop in pairwise(starts)]
    return [
        each
        for each in stretches
        if not table.spared_V[ids[each.start : each.stop]].any()
        and any(letter.isalnum() for place in each for letter in table.texts[ids[place]])
    ]


def first_gap(loaded: Loaded, text: str, most: int) -> Asked:
    """Return at most so many tokens of a text around its first gap. Raises StudioError for a text without a gap."""
    return _with_gaps(loaded, text, most)[0]


def _with_gaps(loaded: Loaded, text: str, limit: int) -> list[Asked]:
    """Return a text as the net reads it; one that is longer than `limit` tokens as a window around each gap."""
    parts = around_gaps(text)
    if len(parts) == 1:
        raise StudioError(
            "no-gap",
            "The text has no gap that could be filled.",
            "Write [MASK], or ___, in the place of a word.",
        )
    ids, places = gapped(loaded, parts)
    frame = frame_of(loaded.tokenizer)  # type: ignore[arg-type]
    if len(ids) + len(frame.opening) + len(frame.closing) <= limit:
        return [_window(limit, ids, places, frame.opening, frame.closing)]
    return [_window(limit, ids, [place], frame.opening, frame.closing) for place in places]


def gapped(loaded: Loaded, parts: Sequence[str]) -> tuple[Ids, list[int]]:
    """Return the tokens of a text of which the parts are given, with a gap between each two of them, and the places of the gaps."""
    tokenizer: PreTrainedTokenizerBase = loaded.tokenizer  # type: ignore[assignment]
    mask = mask_id_of(tokenizer)
    # A vocabulary that marks beginnings takes the blank before a gap into the gap.
    takes_blank = plain_backend(tokenizer).get_added_tokens_decoder()[mask].lstrip
    before = [part.rstrip() if takes_blank else part for part in parts[:-1]]
    ids: Ids = []
    places: list[int] = []
    for part in encode_plain(tokenizer, [*before, parts[-1]]):
        ids += part
        places.append(len(ids))
        ids.append(mask)
    return ids[:-1], places[:-1]


def _window(limit: int, ids: Ids, places: Sequence[int], opening: Sequence[int], closing: Sequence[int]) -> Asked:
    """Return as much of a text around some of its tokens as the net reads at once, in the vocabulary's frame."""
    room = max(1, limit - len(opening) - len(closing))
    middle = (places[0] + places[-1]) // 2
    start = max(0, min(middle - room // 2, len(ids) - room))
    kept = ids[start : start + room]
    inside = tuple(len(opening) + place - start for place in places if start <= place < start + room)
    return Asked((*opening, *kept, *closing), inside)


@torch.inference_mode()
def _chances(loaded: Loaded, asked: Sequence[Asked]) -> Iterator[Tensor]:
    """Yield the probabilities [K, V] of what stands at the places that are asked for, text by text; several at a time."""
    for start in range(0, len(asked), TOGETHER):
        some = asked[start : start + TOGETHER]
        width = max(len(each.ids) for each in some)
        ids_NT = torch.full((len(some), width), loaded.padding)
        mask_NT, asked_NT = torch.zeros_like(ids_NT), torch.zeros_like(ids_NT, dtype=torch.bool)
        for place, each in enumerate(some):
            ids_NT[place, : len(each.ids)] = torch.tensor(each.ids)
            mask_NT[place, : len(each.ids)] = 1
            asked_NT[place, list(each.places)] = True
        loaded.refuse_unknown(int(ids_NT.max()))
        device = loaded.device
        yield (
            logits_at(loaded.net, ids_NT.to(device), mask_NT.to(device), asked_NT.to(device)).float().softmax(-1).cpu()
        )


def _candidate(
    table: PieceTable, tokenizer: PreTrainedTokenizerBase, id_: int, score: float, gap: int, rank: int
) -> Candidate:
    text = table.texts[id_] if id_ < len(table.texts) else ""
    if not text:  # a control token, or a row of the table without a piece
        text = str(tokenizer.convert_ids_to_tokens(id_) or "")
    return Candidate(text, score, gap, rank, id_, joins=id_ < len(table.texts) and not table.begins_V[id_])
