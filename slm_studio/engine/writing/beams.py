"""Beam search: several beginnings of an answer are kept side by side, and the likeliest whole one wins.

As `transformers.generate` does it (without early stopping), step for step: of each beam the likeliest continuations; those
that end become candidates, scored by their log-likelihood over length ** length_penalty; the best of the others go on, as
long as they may still beat the worst candidate.
Source: Wu et al. 2016, https://arxiv.org/abs/1609.08144 (section 7)
"""

# B sources, K beams, R = B · K, C continuations that are looked at, V vocabulary, N = K · V, T tokens written

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from transformers import PreTrainedModel

from slm_studio.core.events import Progress
from slm_studio.core.work import Work
from slm_studio.engine.models.known_pairs import Known
from slm_studio.engine.writing.pairs import TOGETHER, WRITING, Decoder, groups, start_id

IMPOSSIBLE = -1.0e9


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A whole answer. `score` is its log-likelihood over length ** length_penalty."""

    ids: tuple[int, ...]  # without what begins it; what ends it included, where it ended
    chances: tuple[float, ...]  # the probability of each, after those before it
    score: float
    known: Known | None = None  # the learnt pair whose target this is, where the net did not write it itself
    doubt: float = 0.0  # nats by which the net finds such an answer less likely here than after its own source

    @property
    def mean(self) -> float:
        """Return the geometric mean of the probabilities."""
        return math.exp(sum(math.log(max(each, 1e-300)) for each in self.chances) / max(1, len(self.chances)))


def search(
    net: PreTrainedModel,
    sources: Sequence[Sequence[int]],
    ends: Collection[int],
    *,
    beams: int,
    most: int,
    length_penalty: float = 1.0,
) -> Work[list[list[Hypothesis]]]:
    """Yield Progress; return the best answers to each source, the best first: `beams` of them at most.

    As many sources go together as memory allows.
    """
    found: list[list[Hypothesis]] = [[] for _ in sources]
    done = 0
    for places in groups(sources, TOGETHER // beams):
        together = [sources[place] for place in places]
        work = _side_by_side(net, together, ends, beams=beams, most=most, length_penalty=length_penalty)
        is_all = len(places) == len(sources)  # then how far the words are says more than how far the sources are
        answers = yield from work if is_all else _within(work, done, len(sources))
        for place, each in zip(places, answers, strict=True):
            found[place] = each
        done += len(places)
    yield Progress(WRITING, done, len(sources))
    return found


def _within(work: Work[list[list[Hypothesis]]], done: int, total: int) -> Work[list[list[Hypothesis]]]:
    """Yield how many sources are done in place of how far one group is; return what the work returns."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return cast(list[list[Hypothesis]], end.value)
        yield Progress(WRITING, done, total)


def _side_by_side(
    net: PreTrainedModel,
    sources: Sequence[Sequence[int]],
    ends: Collection[int],
    *,
    beams: int,
    most: int,
    length_penalty: float,
) -> Work[list[list[Hypothesis]]]:
    """Yield Progress after each step; return the answers to sources in one batch, of which what is done is computed no further."""
    decoder, stops = Decoder(net, sources, copies=beams), torch.tensor(sorted(ends), device=net.device)
    kept = max(2, 1 + len(ends)) * beams
    finished: list[list[Hypothesis]] = [[] for _ in sources]
    open_B = list(range(len(sources)))
    written_BKT = torch.full((len(sources), beams, 1), start_id(net), device=net.device)
    chances_BKT = torch.zeros((len(sources), beams, 0), device=net.device)
    scores_BK = torch.full((len(sources), beams), IMPOSSIBLE, device=net.device)
    scores_BK[:, 0] = 0.0  # all begin alike: only one of them counts
    for step in range(1, most + 1):
        log_RV = decoder.allowed(decoder.next_logits(written_BKT[..., -1].reshape(-1, 1)).log_softmax(-1))
        log_BKV = log_RV.unflatten(0, (-1, beams))
        sums_BN = (log_BKV + scores_BK[..., None]).flatten(1)
        best_BC, places_BC = sums_BN.topk(min(kept, sums_BN.shape[1]))
        beams_BC, tokens_BC = places_BC // log_BKV.shape[-1], places_BC % log_BKV.shape[-1]
        ended_BC = torch.isin(tokens_BC, stops) | (step == most)
        likely_BC = log_BKV.flatten(1).gather(1, places_BC).exp()
        longer_BCT = _longer(written_BKT, beams_BC, tokens_BC)
        likelier_BCT = _longer(chances_BKT, beams_BC, likely_BC)
        for row, at in torch.nonzero(ended_BC[:, :beams]).tolist():
            score = float(best_BC[row, at]) / step**length_penalty
            _keep(finished[open_B[row]], longer_BCT[row, at, 1:], likelier_BCT[row, at], score, beams)
        scores_BK, chosen_BK = (best_BC + ended_BC * IMPOSSIBLE).topk(beams)
        left = [
            row for row, place in enumerate(open_B)
            if not bool(ended_BC[row].all())
            and _may_improve(finished[place], float(scores_BK[row, 0]), step, length_penalty, beams)
        ]  # fmt: skip
        if not left:
            break
        left_B = torch.tensor(left, device=net.device)
        written_BKT, chances_BKT = (_rows(each, chosen_BK)[left_B] for each in (longer_BCT, likelier_BCT))
        decoder.take((left_B[:, None] * beams + beams_BC.gather(1, chosen_BK)[left_B]).flatten())
        scores_BK, open_B = scores_BK[left_B], [open_B[row] for row in left]
        yield Progress(WRITING, step, most)
    return finished


def _rows(what_BKT: Tensor, chosen_BC: Tensor) -> Tensor:
    """Return the chosen ones of each source [B, C, T]."""
    return what_BKT.gather(1, chosen_BC[..., None].expand(-1, -1, what_BKT.shape[-1]))


def _longer(what_BKT: Tensor, beams_BC: Tensor, newest_BC: Tensor) -> Tensor:
    """Return what stands in the beams that are continued, and what comes next [B, C, T + 1]."""
    return torch.cat([_rows(what_BKT, beams_BC), newest_BC[..., None]], dim=-1)


def _keep(finished: list[Hypothesis], ids_T: Tensor, chances_T: Tensor, score: float, most: int) -> None:
    """Put an answer among the best ones that ended."""
    if score > IMPOSSIBLE / 1000:
        finished.append(Hypothesis(tuple(ids_T.tolist()), tuple(chances_T.tolist()), score))
        finished.sort(key=lambda each: -each.score)
        del finished[most:]


def _may_improve(finished: Sequence[Hypothesis], best: float, step: int, penalty: float, beams: int) -> bool:
    """Say whether the best beam, as long as it is now, may still become better than the worst answer that ended."""
    return len(finished) < beams or best / step**penalty > finished[-1].score
