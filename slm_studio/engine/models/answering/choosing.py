"""From what a net says of windows to answers: spans and their odds against “nothing in here”, joined over a row's windows.

The odds of a span are those of its window: how much likelier it is there than the place that stands for “nothing”. Over all
windows of a row, and with “nothing” at odds of 1, they make shares that add up to 1, so that windows can be compared although
each was read by itself (shared normalisation: Clark & Gardner 2018, https://arxiv.org/abs/1710.10723).
"""

# B windows of a batch, N of all, T tokens, L tokens of the longest answer, K spans that are kept of a window

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from slm_studio.core.quotes import EVEN
from slm_studio.core.results import Quote
from slm_studio.engine.examples import IDS, MASK, TYPES, Batch
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.answering.matches import WHOLE
from slm_studio.engine.models.answering.windows import (
    ANSWERED,
    ENDS,
    FIRST,
    FIT,
    LAST,
    MATCH,
    NOT_KNOWN,
    NOWHERE,
    QUESTION,
    ROW,
    STARTS,
)

KEPT = 20  # spans of a window
PULLS = (0.0, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 6.0)  # how much it may count that the words around fit the question
NEVER = -1e4  # the odds, in logits, of what cannot be


@dataclass(frozen=True, slots=True)
class Found:
    """What the windows of a row hold: spans with their shares, the best first, and the share of “nothing”."""

    spans: tuple[tuple[int, int, float], ...]  # first character, the one behind the last, share
    nothing: float


def logits_of(loaded: Loaded, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return logits [B, T] of where an answer begins and ends: in the passage, or at the first place where it is not there."""
    if QUESTION in batch:
        out = loaded.net(input_ids=batch[IDS], question_ids=batch[QUESTION], matches=batch[MATCH] / WHOLE)
    else:
        types = {TYPES: batch[TYPES]} if TYPES in batch else {}
        out = loaded.net(input_ids=batch[IDS], attention_mask=batch[MASK], **types)
    open_BT = batch[STARTS] >= 0
    open_BT[:, NOWHERE] = True
    return tuple(each.float().masked_fill(~open_BT, NEVER) for each in (out.start_logits, out.end_logits))  # type: ignore[return-value]


def nats_of(starts_BT: Tensor, ends_BT: Tensor, batch: Batch) -> Tensor:
    """Return the loss [B] of each window: the mean of that of both ends; 0 where nothing is known."""
    known_B = batch[FIRST] != NOT_KNOWN
    sides = [
        functional.cross_entropy(each_BT, batch[name].clamp(min=NOWHERE), reduction="none")
        for each_BT, name in ((starts_BT, FIRST), (ends_BT, LAST))
    ]
    return torch.stack(sides).mean(0) * known_B


def see(starts_BT: Tensor, ends_BT: Tensor, batch: Batch, longest: int) -> dict[str, np.ndarray]:
    """Return what is kept of windows [B]: their best spans as characters with odds and fits [B, K], the other odds, the truth."""
    length = min(longest, starts_BT.shape[1])
    open_BT = batch[STARTS] >= 0
    nothing_B = starts_BT[:, NOWHERE] + ends_BT[:, NOWHERE]
    begins_BT = starts_BT.masked_fill(~open_BT, NEVER)
    closes_BT = functional.pad(ends_BT.masked_fill(~open_BT, NEVER), (0, length - 1), value=NEVER)
    odds_BTL = begins_BT[..., None] + closes_BT.unfold(1, length, 1) - nothing_B[:, None, None]
    odds_BX = odds_BTL.flatten(1).clamp(min=NEVER)
    top_BK, places_BK = odds_BX.topk(min(KEPT, odds_BX.shape[1]), dim=1)
    firsts_BK = places_BK // length
    lasts_BK = (firsts_BK + places_BK % length).clamp(max=starts_BT.shape[1] - 1)
    is_real_BK = top_BK > NEVER / 2
    begin_BK = batch[STARTS].gather(1, firsts_BK).where(is_real_BK, 0)
    end_BK = batch[ENDS].gather(1, lasts_BK).where(is_real_BK, 0)
    total_B, kept_B = odds_BX.logsumexp(1), top_BK.logsumexp(1)
    rest_B = total_B + torch.log1p(-(kept_B - total_B).exp().clamp(max=1.0))
    gold = [
        batch[name].gather(1, batch[at].clamp(min=0)[:, None]).squeeze(1)
        for name, at in ((STARTS, FIRST), (ENDS, LAST))
    ]
    seen = {
        "odds": _wide(top_BK.where(is_real_BK, NEVER), NEVER), "begins": _wide(begin_BK, 0), "ends": _wide(end_BK, 0),
        "fits": _wide(batch[FIT].gather(1, firsts_BK) / WHOLE, 0), "rest": rest_B.clamp(min=NEVER), "nats": nats_of(starts_BT, ends_BT, batch), "known": batch[FIRST] != NOT_KNOWN,
        "row": batch[ROW], "answered": batch[ANSWERED], "gold_begin": gold[0], "gold_end": gold[1],
    }  # fmt: skip
    return {name: each.cpu().numpy() for name, each in seen.items()}


def _wide(kept_BK: Tensor, filler: float) -> Tensor:
    """Return as many columns whatever a window holds."""
    return functional.pad(kept_BK, (0, KEPT - kept_BK.shape[1]), value=filler)


def found_in_rows(seen: Mapping[str, np.ndarray], rows_N: np.ndarray, pull: float = 0.0) -> dict[int, Found]:
    """Return row → what its windows hold together. `pull`: how much it counts that the words around fit the question."""
    return {row: _joined(seen, places, pull) for row, places in places_of(rows_N)}


def places_of(rows_N: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each row and the places of its windows."""
    order = np.argsort(rows_N, kind="stable")
    borders = np.flatnonzero(np.diff(rows_N[order])) + 1
    for places in np.split(order, borders) if len(order) else ():
        yield int(rows_N[places[0]]), places


def _joined(seen: Mapping[str, np.ndarray], places: np.ndarray, pull: float) -> Found:
    is_real_PK = (seen["odds"][places] > NEVER / 2) & (seen["ends"][places] > seen["begins"][places])
    fits_PK = seen["fits"][places].astype(float)
    odds_PK = seen["odds"][places] + pull * fits_PK
    rest_P = seen["rest"][places] + pull * fits_PK.max(1, where=is_real_PK, initial=fits_PK.min(initial=0.0))
    whole = float(np.logaddexp.reduce([0.0, *odds_PK[is_real_PK], *rest_P]))
    shares: dict[tuple[int, int], float] = {}
    spans = zip(seen["begins"][places][is_real_PK], seen["ends"][places][is_real_PK], odds_PK[is_real_PK], strict=True)
    for begin, end, odds in spans:
        # A span that two windows hold is weighed by both.
        span = int(begin), int(end)
        shares[span] = shares.get(span, 0.0) + math.exp(float(odds) - whole)
    kept: list[tuple[int, int, float]] = []
    for (begin, end), share in sorted(shares.items(), key=lambda each: (-each[1], each[0])):
        if all(end <= other[0] or begin >= other[1] for other in kept):
            kept.append((begin, end, share))
    return Found(tuple(kept), math.exp(-whole))


def quotes_of(found: Found, passage: str, threshold: float | None, top: int) -> list[Quote]:
    """Return the answers of a row: the one that counts first, then other spans, and “nothing” among them at the end.

    `threshold`: the share of “nothing” from which on it is the answer; None: never, where there is any span. Signs alone
    answer nothing.
    """
    telling = (each for each in found.spans if any(map(str.isalnum, passage[each[0] : each[1]])))
    spans = [_quote(passage, *each) for each in islice(telling, top)]
    is_nothing = not spans or (threshold is not None and found.nothing >= threshold)
    nothing = Quote("", found.nothing, chosen=is_nothing)
    if is_nothing:
        return [nothing, *spans]
    first, *others = spans
    return [Quote(first.text, first.score, first.start, first.end, True), *others, nothing]


def _quote(passage: str, begin: int, end: int, share: float) -> Quote:
    """Return a span of a passage without the blanks that pieces bring along."""
    text = passage[begin:end]
    begin += len(text) - len(text.lstrip())
    return Quote(text.strip(), share, begin, begin + len(text.strip()))


def best_pull(seen: Mapping[str, np.ndarray]) -> float:
    """Return how much it shall count that the words around fit the question, so that held-out rows are most right."""
    if not seen["fits"].any():
        return 0.0
    means = {pull: float(np.mean(right)) for pull in PULLS if len(right := _rights(seen, pull)[1])}
    return max(means, key=lambda pull: (round(means[pull], 6), -pull), default=0.0)


def best_threshold(seen: Mapping[str, np.ndarray], pull: float = 0.0) -> float | None:
    """Return the share of “nothing” from which on saying so makes held-out rows most right; None where each has an answer."""
    nothing_R, right_R, answered_R = _rights(seen, pull)
    if not len(answered_R) or answered_R.all():
        return None
    tried = np.unique(np.concatenate([np.linspace(0.02, 0.98, 49), [EVEN]]))
    scores = [float(np.where(nothing_R >= each, ~answered_R, right_R * answered_R).mean()) for each in tried]
    best = max(scores)
    even = [each for each, score in zip(tried, scores, strict=True) if score >= best - 1e-9]
    return round(float(min(even, key=lambda each: abs(each - EVEN))), 4)


def _rights(seen: Mapping[str, np.ndarray], pull: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return of each row whose answer is known the share of “nothing”, how right its best span is, and whether it has an answer.

    How right a span is, is counted by the characters that it shares with the true one.
    """
    nothings, rights, is_answered = [], [], []
    for _row, places in places_of(seen["row"]):
        answered = int(seen["answered"][places[0]])
        if answered == NOT_KNOWN:
            continue
        found = _joined(seen, places, pull)
        gold = [(int(seen["gold_begin"][at]), int(seen["gold_end"][at])) for at in places if seen["gold_end"][at] > 0]
        nothings.append(found.nothing)
        is_answered.append(bool(answered))
        rights.append(max((_overlap(found.spans[0][:2], each) for each in gold), default=0.0) if found.spans else 0.0)
    return np.array(nothings), np.array(rights), np.array(is_answered, bool)


def _overlap(one: Sequence[int], other: Sequence[int]) -> float:
    """Return F1 of characters."""
    shared = max(0, min(one[1], other[1]) - max(one[0], other[0]))
    return 2 * shared / max(1, (one[1] - one[0]) + (other[1] - other[0]))
