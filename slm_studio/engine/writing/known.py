"""What is known of texts like the asked one, weighed with what a net writes by itself.

A known target competes by half of what the net thinks of it (nobody writes another's words as readily as one's own), by how
much liker its source is to what was asked than is needed, and by how much less likely the net finds it here than after its
own source: one other word may turn a text round. Held-out pairs tell for each direction how much that counts.
"""

# B texts, S tokens of a source, T of a target, V vocabulary

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product, starmap

import numpy as np
import torch
from transformers import PreTrainedModel

from slm_studio.core.events import Progress
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.models.known_pairs import Known
from slm_studio.engine.writing.beams import Hypothesis
from slm_studio.engine.writing.pairs import TOGETHER, groups, padded

SHARE, WEIGHT = (
    0.5,
    2.0,
)  # of the net's mean log-likelihood of a known target, and of what its source is liker than needed
NEEDED = (0.8, 0.7, 0.6, 0.5, 0.4, 0.3)  # of equals the first
DOUBTED = (0.3, 0.2, 0.1, 0.0)
NUMBERS = 1 << 25  # logits that are computed at once
FEWEST = 20  # held-out texts like one that was learnt by which it can be told
WEIGHING = mark("Weighing known answers")


@dataclass(frozen=True, slots=True)
class Terms:
    """On which known answers compete in one direction."""

    needed: float  # likeness of its source from which on a pair gains by it
    doubted: float = 0.0  # what a pair loses by each nat of doubt


UNTOLD = Terms(0.7, 0.1)  # where too few held-out texts are like one that was learnt


def candidates(
    net: PreTrainedModel,
    sources: Sequence[Sequence[int]],
    theirs: Sequence[Sequence[Sequence[int]]],
    targets: Sequence[Sequence[Sequence[int]]],
    known: Sequence[Sequence[Known]],
) -> Work[list[list[Hypothesis]]]:
    """Yield Progress; return the known targets for each source as answers, with how likely the net finds each of their tokens.

    `theirs` are the sources that stand with the targets.
    """
    found: list[list[Hypothesis]] = [[] for _ in sources]
    each = [(place, at) for place, several in enumerate(targets) for at in range(len(several))]
    here = [(sources[place], targets[place][at]) for place, at in each]
    there = [(theirs[place][at], targets[place][at]) for place, at in each]
    chances = yield from _all_chances(net, [*here, *there])
    for number, (place, at) in enumerate(each):
        likely, before = chances[number], chances[len(each) + number]
        doubt = max(0.0, _nats(before) - _nats(likely))
        found[place].append(Hypothesis(tuple(targets[place][at]), likely, 0.0, known[place][at], doubt))
    return found


def _all_chances(
    net: PreTrainedModel, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]
) -> Work[list[tuple[float, ...]]]:
    """Yield Progress; return how likely each token of each target is after its source, as many together as memory allows."""
    found: list[tuple[float, ...]] = [() for _ in pairs]
    most, done = min(TOGETHER, NUMBERS // int(net.config.vocab_size)), 0
    for places in groups([[*one, *other] for one, other in pairs], most):
        chances = _chances(net, [pairs[place][0] for place in places], [pairs[place][1] for place in places])
        for place, likely in zip(places, chances, strict=True):
            found[place] = likely
        done += len(places)
        yield Progress(WEIGHING, done, len(pairs))
    return found


def _nats(chances: Sequence[float]) -> float:
    return sum(math.log(max(each, 1e-12)) for each in chances)


def weighed(own: Sequence[Hypothesis], known: Sequence[Hypothesis], terms: Terms | None) -> list[Hypothesis]:
    """Return the best of a net's own answers and the known ones in front of its others; without terms, what is known counts nothing."""
    if terms is None or not known:
        return list(own)
    best = max([own[0], *known], key=lambda each: _worth(each, terms))
    return [best, *(other for other in own if other is not best and other.ids != best.ids)][: len(own)]


def learn_terms(
    own: Sequence[Sequence[Hypothesis]],
    known: Sequence[Sequence[Hypothesis]],
    score: Callable[[Sequence[Hypothesis]], np.ndarray],
) -> Terms | None:
    """Return the terms on which held-out answers become best, None where they are best without what is known.

    All of them have known answers; of too few the terms are UNTOLD. `score` scores each.
    """
    if len(own) < FEWEST:
        return UNTOLD
    without = float(score([each[0] for each in own]).mean())
    means = {
        terms: float(score([weighed(one, two, terms)[0] for one, two in zip(own, known, strict=True)]).mean())
        for terms in starmap(Terms, product(NEEDED, DOUBTED))
    }
    best = max(means, key=lambda terms: means[terms])
    return best if means[best] > without else None


def terms_in(fact: object) -> Terms | None:
    """Return the terms that a model's facts hold for one direction: two numbers, or none."""
    if isinstance(fact, int | float):  # of before there were doubts
        return Terms(float(fact))
    return Terms(*map(float, fact)) if isinstance(fact, list | tuple) and len(fact) == 2 else None


def _worth(answer: Hypothesis, terms: Terms) -> float:
    likely = math.log(max(answer.mean, 1e-300))
    if answer.known is None:
        return likely
    return SHARE * likely + WEIGHT * (answer.known.likeness - terms.needed) - terms.doubted * answer.doubt


@torch.inference_mode()
def _chances(
    net: PreTrainedModel, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]
) -> list[tuple[float, ...]]:
    """Return how likely each token of each target is after those before it."""
    ids_BS, mask_BS = padded(net, sources)
    labels_BT, _ = padded(net, targets)
    before_BT = net.prepare_decoder_input_ids_from_labels(labels=labels_BT)
    out = net(input_ids=ids_BS, attention_mask=mask_BS, decoder_input_ids=before_BT, use_cache=False)
    chances_BT = out.logits.float().softmax(-1).gather(2, labels_BT[..., None])[..., 0].cpu()
    return [tuple(row[: len(target)].tolist()) for row, target in zip(chances_BT, targets, strict=True)]
