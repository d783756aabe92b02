"""Pointing beside filling: each block goes along with a blanked sentence and a passage that holds its term, in the form of “answer”."""

# B blocks of a batch, P of them with a sentence, T tokens

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Progress
from slm_studio.core.intervals import wilson
from slm_studio.core.results import Metric
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.examples import IDS, MASK, TYPES, Batch, Ids, Packed
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.answering.choosing import logits_of, nats_of
from slm_studio.engine.models.answering.pointing import pointer_of
from slm_studio.engine.models.answering.windows import (
    FIRST,
    LAST,
    NOWHERE,
    STARTS,
    TAIL,
    Reader,
    Taken,
    framed,
    place_in,
    stretches,
)
from slm_studio.engine.models.asking import knows_types
from slm_studio.engine.models.filling.asking import gapped
from slm_studio.engine.models.filling.terms import Blanked, blanked
from slm_studio.engine.models.lengths import length_of
from slm_studio.engine.watched import watched

OF_PAIR = "pair_"  # before the names of their columns, which stand beside those of the blocks
RIGHT = "pair_right"  # what is seen of each block
NONE = -1  # a block that goes along with no sentence
PASSAGE = 0.7  # of a window: about so many words and characters of its tokens
LOOKING = mark("Looking for terms that recur")
Pair = dict[str, object]


def refuse_unrelated(texts: Sequence[str], length: int) -> None:
    """Raise StudioError where no sentence has a term that another passage has, too."""
    if next(blanked(texts, _passage_length(length)), None) is None:
        raise StudioError(
            "no-recurring-terms",
            "No name, number or longer word stands in two passages of the text, so there is nothing to point at.",
            "Add text about the same things, or leave “Span selection” off.",
        )


def documents(texts: Sequence[str], *, is_book: bool) -> Sequence[str]:
    """Return the texts in which terms recur: a book, whose rows are pieces of it, is one."""
    return ["".join(texts)] if is_book else texts


def fillers(loaded: Loaded) -> dict[str, int]:
    """Return what fills the tails of the sequences of pairs."""
    types = {TYPES: 0} if knows_types(loaded) else {}
    return {f"{OF_PAIR}{name}": filler for name, filler in ({IDS: loaded.padding, STARTS: TAIL} | types).items()}


def columns(loaded: Loaded, texts: Sequence[str], blocks: int) -> Work[dict[str, list[Ids]]]:
    """Yield Progress; return for each of some blocks a pair, from all over the text; where there are fewer, some have none."""
    found = yield from watched(LOOKING, partial(_all, texts, _passage_length(length_of(loaded))))
    count, reader = min(blocks, len(found)), Reader(loaded)
    pairs: list[Pair] = [{} for _ in range(blocks)]
    places = zip(_spread(blocks, count), _spread(len(found), count), strict=True)
    for done, (block, sentence) in enumerate(places, start=1):
        pairs[block] = _pair(reader, found[sentence])
        if done % 256 == 0 or done == count:
            yield Progress("Turning text into tokens", done, count)
    sequences = {name: [pair.get(name, ()) for pair in pairs] for name in fillers(loaded)}
    numbers = {f"{OF_PAIR}{name}": [pair.get(f"{OF_PAIR}{name}", NOWHERE) for pair in pairs] for name in (FIRST, LAST)}
    return sequences | numbers  # type: ignore[return-value]


def worth(packed: Packed) -> Packed:
    """Return blocks with pairs, of which each is worth the tokens of both."""
    return replace(packed, work_N=packed.work_N + packed.sequences[f"{OF_PAIR}{IDS}"].lengths)


def loss(loaded: Loaded, batch: Batch) -> Tensor:
    """Return the mean loss of where terms begin and end; of a block that goes along with no pair it is 0.

    So few pairs count little: learnt by heart, they would outweigh the hidden tokens.
    """
    nats_P, _ = _asked(loaded, batch)
    return nats_P.sum() / len(batch[f"{OF_PAIR}{FIRST}"])


def observe(loaded: Loaded, batch: Batch) -> dict[str, np.ndarray]:
    """Return of each block whether the net points at exactly the term; NONE where it goes along with no pair."""
    right_B = np.full(len(batch[f"{OF_PAIR}{FIRST}"]), NONE)
    right_B[(batch[f"{OF_PAIR}{FIRST}"] > NOWHERE).cpu().numpy()] = _asked(loaded, batch)[1].cpu().numpy()
    return {RIGHT: right_B}


def judge(right_N: np.ndarray) -> tuple[Metric, ...]:
    """Return how often exactly the term was pointed at; nothing where nothing could be asked."""
    asked, right = int((right_N != NONE).sum()), int((right_N == 1).sum())
    if not asked:
        return ()
    low, high = wilson(right, asked)
    return (Metric(key="spans_found", value=right / asked, low=low, high=high),)


def _asked(loaded: Loaded, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the loss [P] of each pair of a batch, and whether both ends of its term are the likeliest of all places [P]."""
    kept_B = batch[f"{OF_PAIR}{FIRST}"] > NOWHERE
    if not kept_B.any():
        nothing = torch.zeros(0, device=kept_B.device)
        return nothing, nothing.long()
    pairs = {name.removeprefix(OF_PAIR): each[kept_B] for name, each in batch.items() if name.startswith(OF_PAIR)}
    pairs[MASK] = (pairs[STARTS] != TAIL).long()
    starts_PT, ends_PT = logits_of(pointer_of(loaded), pairs)
    right_P = (starts_PT.argmax(1) == pairs[FIRST]) & (ends_PT.argmax(1) == pairs[LAST])
    return nats_of(starts_PT, ends_PT, pairs), right_P.long()


def _pair(reader: Reader, each: Blanked) -> Pair:
    """Return the columns of a blanked sentence beside its passage; none where the term does not fit into a window."""
    ids, (gap,) = gapped(reader.loaded, (each.before, each.after))
    passage = reader.take(each.passage)
    place = place_in(passage, each.place)
    width, fits = reader.room(Taken(ids, ids, ids))
    start = max(0, min(gap - width // 2, len(ids) - width))
    asked = ids[start : start + width]
    parts = stretches(len(passage.starts), fits, fits // 2)
    part = next((part for part in parts if place and place[0] in part and place[1] in part), None)
    if place is None or part is None:
        return {}
    cells, before = framed(reader, Taken(asked, asked, asked), passage, width, part)
    first, last = (token - part.start + before for token in place)
    return {f"{OF_PAIR}{name}": cell for name, cell in (cells | {FIRST: first, LAST: last}).items()}


def _spread(whole: int, count: int) -> Iterator[int]:
    """Yield `count` numbers below `whole`, evenly spread, none twice. Example: list(_spread(10, 4)) == [0, 2, 5, 7]"""
    yield from (place * whole // count for place in range(count))


def _all(texts: Sequence[str], length: int) -> list[Blanked]:
    return list(blanked(texts, length))


def _passage_length(tokens: int) -> int:
    return max(1, int(PASSAGE * tokens))
