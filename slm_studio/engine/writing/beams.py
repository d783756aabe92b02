"""Beam search: several beginnings of an answer are kept side by side, and the likeliest whole one wins.

As `transformers.generate` does it (without early stopping), step for step: of each beam the likeliest continuations; those
that end become candidates, scored by their log-likelihood over length ** length_penalty; the best of the others go on, as
long as they may still beat the worst candidate.
Source: Wu et al. 2016, https://arxiv.org/abs/1609.08144 (section 7)
"""

# K beams, C continuations that are looked at, V vocabulary, T tokens written

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel

from slm_studio.core.events import Progress
from slm_studio.core.work import Work
from slm_studio.engine.writing.pairs import WRITING, Decoder, start_id

IMPOSSIBLE = -1.0e9


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A whole answer. `score` is its log-likelihood over length ** length_penalty."""

    ids: tuple[int, ...]  # without what begins it; what ends it included, where it ended
    chances: tuple[float, ...]  # the probability of each, after those before it
    score: float

    @property
    def mean(self) -> float:
        """Return the geometric mean of the probabilities."""
        return math.exp(sum(math.log(max(each, 1e-300)) for each in self.chances) / max(1, len(self.chances)))


def search(
    net: PreTrainedModel,
    source_ids: Sequence[int],
    ends: Collection[int],
    *,
    beams: int,
    most: int,
    length_penalty: float = 1.0,
) -> Work[list[Hypothesis]]:
    """Yield Progress after each step; return the best answers to a source, the best first: `beams` of them at most."""
    decoder = Decoder(net, [source_ids], copies=beams)
    kept = max(2, 1 + len(ends)) * beams
    written_KT = torch.full((beams, 1), start_id(net), device=net.device)
    chances_KT = torch.zeros((beams, 0), device=net.device)
    scores_K = torch.full((beams,), IMPOSSIBLE, device=net.device)
    scores_K[0] = 0.0  # all begin alike: only one of them counts
    stops = torch.tensor(sorted(ends), device=net.device)
    finished: list[Hypothesis] = []
    for step in range(1, most + 1):
        log_KV = decoder.allowed(decoder.next_logits(written_KT[:, -1:]).log_softmax(-1))
        sums_KV = log_KV + scores_K[:, None]
        best_C, places_C = sums_KV.flatten().topk(min(kept, sums_KV.numel()))
        beams_C, tokens_C = places_C // log_KV.shape[-1], places_C % log_KV.shape[-1]
        ended_C = torch.isin(tokens_C, stops) | (step == most)
        longer_CT = torch.cat([written_KT[beams_C], tokens_C[:, None]], dim=1)
        likely_CT = torch.cat([chances_KT[beams_C], log_KV[beams_C, tokens_C, None].exp()], dim=1)
        for at in torch.nonzero(ended_C[:beams]).flatten().tolist():
            _keep(finished, longer_CT[at, 1:], likely_CT[at], float(best_C[at]) / step**length_penalty, beams)
        running_C = best_C + ended_C * IMPOSSIBLE
        scores_K, chosen_K = running_C.topk(beams)
        if bool(ended_C.all()) or not _may_improve(finished, float(scores_K[0]), step, length_penalty, beams):
            break
        written_KT, chances_KT = longer_CT[chosen_K], likely_CT[chosen_K]
        decoder.take(beams_C[chosen_K])
        yield Progress(WRITING, step, most)
    return finished


def _keep(finished: list[Hypothesis], ids_T: Tensor, chances_T: Tensor, score: float, most: int) -> None:
    """Put an answer among the best ones that ended."""
    if score > IMPOSSIBLE / 1000:
        finished.append(Hypothesis(tuple(ids_T.tolist()), tuple(chances_T.tolist()), score))
        finished.sort(key=lambda each: -each.score)
        del finished[most:]


def _may_improve(finished: Sequence[Hypothesis], best: float, step: int, penalty: float, beams: int) -> bool:
    """Say whether the best beam, as long as it is now, may still become better than the worst answer that ended."""
    return len(finished) < beams or best / step**penalty > finished[-1].score
