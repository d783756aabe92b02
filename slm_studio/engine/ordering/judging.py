"""How lists fared: errors before, now and at best, and what the order as it came and own scores alone reach."""

# N lists, M candidates of a list

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slm_studio.core.candidate_columns import FURTHER, OWN_NAMED, WORDS
from slm_studio.core.candidate_columns import OWN as OWN_ROLE
from slm_studio.core.errors import StudioError
from slm_studio.core.intervals import wilson
from slm_studio.core.results import Baseline, Metric
from slm_studio.engine.data.lists import Listed
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring.compare import paired, paired_verdict
from slm_studio.engine.measuring.edits import rate, rate_interval
from slm_studio.engine.measuring.scoring import bootstrap
from slm_studio.engine.measuring.weighing import (
    FURTHER_AT,
    Lists,
    Weights,
    errors_at,
    first_of,
    learn_weights,
    scores_of,
    shares_of,
    weights_of,
)
from slm_studio.engine.ordering.packing import OWN, TRUE, compared, features_of, further_roles, own_names
from slm_studio.engine.task import Seen, Table

CASES = ("row", "place", "reference", "predicted", "before", "moved", "errors", "right", "candidates", "scores")
AS_LISTED, OWN_SCORES = "as_listed", "own_scores"
ALONE = "own_weights"  # a fact of models that weigh several own scores


@dataclass(frozen=True, slots=True)
class Order:
    """Which candidate of each list comes first, now and before."""

    lists: Lists
    true_N: np.ndarray  # units of the right texts
    now_N: np.ndarray  # places
    before_N: np.ndarray
    shares_NM: np.ndarray

    @property
    def best_places(self) -> np.ndarray:
        """Return the place of a candidate with the fewest errors."""
        return np.where(self.lists.there_NM, self.lists.errors_NM, np.inf).argmin(1)

    def errors(self, places_N: np.ndarray) -> np.ndarray:
        """Return the errors of the candidates at some places."""
        return errors_at(self.lists.errors_NM, places_N)


def order_of(seen: Seen, weights: Weights, alone: Weights) -> Order:
    """Return the order by weights, and the one of before: by own scores `alone` where there are some, else as it came."""
    lists = compared(seen)
    scores_NM = scores_of(lists.features_NMF, lists.there_NM, weights)
    own_NM = scores_of(lists.features_NMF, lists.there_NM, alone)
    return Order(lists, seen[TRUE].astype(np.float64), first_of(scores_NM), first_of(own_NM), shares_of(scores_NM))


def own_sign_of(seen: Seen) -> float:
    """Return 1 where high own scores mean few errors, -1 where low ones do, as costs; 0 where there are none."""
    lists = compared(seen)
    if not np.ptp(np.where(lists.there_NM, seen[OWN], seen[OWN][:, :1]), axis=1).any():
        return 0.0
    errors = {
        sign: errors_at(
            lists.errors_NM, first_of(scores_of(lists.features_NMF, lists.there_NM, Weights(own=sign, model=0.0)))
        ).sum()
        for sign in (1.0, -1.0)
    }
    return -1.0 if errors[-1.0] < errors[1.0] else 1.0


def learnt(seen: Seen) -> dict[str, object]:
    """Return facts: what each feature counts for, and which way own scores go."""
    weights, sign = learn_weights(compared(seen)), own_sign_of(seen)
    found = {"weights": (weights or Weights()).plain(), "own_sign": sign, "weighed_on": len(seen[TRUE])}
    return found | ({ALONE: _alone(seen, sign).plain()} if any(role in seen for role in FURTHER) else {})


def _alone(seen: Seen, sign: float) -> Weights:
    """Return what each of several own scores counts for where nothing else is asked."""
    lists = compared(seen)
    features_NMF = lists.features_NMF.copy()
    features_NMF[:, :, 1:FURTHER_AT] = 0  # what the model says, and the length
    found = learn_weights(Lists(features_NMF, lists.errors_NM, lists.there_NM))
    return found or Weights(own=sign, model=0.0)


def alone_of(loaded: Loaded) -> Weights:
    """Return by what weights own scores alone would put lists in order; all are 0 where there are none."""
    if further_roles(loaded) and ALONE in loaded.facts:
        return weights_of(loaded.facts[ALONE])
    sign = loaded.facts.get("own_sign")
    return Weights(own=float(sign) if isinstance(sign, int | float) else 0.0, model=0.0)


def first_before(one: Listed, loaded: Loaded) -> int:
    """Return the place of the candidate that came first before: by own scores alone, else as they came."""
    nothing_M = np.zeros(len(one.texts))
    alone = features_of(one, nothing_M, nothing_M, loaded)
    return int(first_of(scores_of(alone.features_NMF, alone.there_NM, alone_of(loaded)))[0])


def are_by_own_scores(lists: Sequence[Listed], loaded: Loaded) -> bool:
    """Say whether lists came in the order of their own scores, as most recognisers give them out."""
    alone = alone_of(loaded)
    return any((alone.own, *alone.further)) and not any(first_before(each, loaded) for each in lists if each.texts)


def named_weights(loaded: Loaded) -> dict[str, float]:
    """Return what each part of a candidate's score counts for, as numbers of a report: of several own scores each by its name."""
    weights = weights_of(loaded.facts.get("weights"))
    names = own_names(loaded)
    further = {
        OWN_NAMED + names[role]: each for role, each in zip(further_roles(loaded), weights.further, strict=False)
    }
    first = {OWN_NAMED + names[OWN_ROLE]: weights.own} if further and OWN_ROLE in names else {}
    return {"own": weights.own, **first, **further, "model": weights.model, "length": weights.length}


def list_loss(order: Order) -> float:
    """Return the mean surprise, in nats, at one of the best candidates of a list."""
    shares_N = (order.shares_NM * order.lists.best_ones).sum(1)
    return float(-np.log(np.maximum(shares_N, 1e-12)).mean()) if len(shares_N) else 0.0


def metrics_of(order: Order, unit: str, *, whole: bool) -> tuple[Metric, ...]:
    """Return errors now, before and at best, and how often the best one comes first: with intervals of the `whole`."""
    name = "wer" if unit == WORDS else "cer"
    places = {name: order.now_N, f"{name}_before": order.before_N, f"{name}_oracle": order.best_places}
    rates = [_rate(key, order.errors(each_N), order.true_N, whole=whole) for key, each_N in places.items()]
    firsts = {"best_first": order.now_N, "best_first_before": order.before_N}
    return (*rates, *(_share(key, order.lists.best_ones, each_N, whole=whole) for key, each_N in firsts.items()))


def _rate(key: str, errors_N: np.ndarray, true_N: np.ndarray, *, whole: bool) -> Metric:
    low, high = rate_interval(errors_N, true_N) if whole else (None, None)
    return Metric(key=key, value=rate(errors_N, true_N), low=low, high=high)


def _share(key: str, best_NM: np.ndarray, places_N: np.ndarray, *, whole: bool) -> Metric:
    right = int(np.take_along_axis(best_NM, places_N[:, None], axis=1).sum())
    low, high = wilson(right, len(places_N)) if whole else (None, None)
    return Metric(key=key, value=right / max(1, len(places_N)), low=low, high=high)


def evidence_of(order: Order) -> np.ndarray:
    """Return the errors [N] of what comes first now, as listed, by own scores and at best, and the units of the right texts."""
    as_listed_N = np.zeros(len(order.now_N), np.int64)
    errors = [order.errors(places_N) for places_N in (order.now_N, as_listed_N, order.before_N, order.best_places)]
    return np.stack([*errors, order.true_N])


def baselines_of(evidence: np.ndarray, unit: str, *, has_own: bool) -> tuple[Baseline, ...]:
    """Return the order as it came and, where candidates bring scores, own scores alone: errors of a list are compared in pairs."""
    began, rate_key = time.perf_counter(), "wer" if unit == WORDS else "cer"
    mine_N, as_listed_N, own_N, best_N, true_N = evidence
    has_own = has_own and not np.array_equal(as_listed_N, own_N)  # most recognisers list by their scores
    found = []
    for key, errors_N in {AS_LISTED: as_listed_N, **({OWN_SCORES: own_N} if has_own else {})}.items():
        right = int((errors_N == best_N).sum())
        low, high = wilson(right, len(errors_N))
        found.append(
            Baseline(
                key=key,
                metrics=(
                    _rate(rate_key, errors_N, true_N, whole=True),
                    Metric(key="best_first", value=right / max(1, len(errors_N)), low=low, high=high),
                ),
                seconds=time.perf_counter() - began,
                verdict=paired_verdict(paired(errors_N, mine_N, true_N), len(mine_N)),  # fewer errors are better
            )
        )
    return tuple(found)


def gain_of(order: Order) -> tuple[float, float, float]:
    """Return by how much the rate fell, and its 95 % interval, of lists resampled with both of their orders."""
    return paired(order.errors(order.before_N), order.errors(order.now_N), order.true_N)


def cases_of(order: Order, lists: Sequence[Listed], rows_N: np.ndarray, places_N: np.ndarray) -> Table:
    """Return what came first, beside the right text: lists that lost first, then those with most errors that could be spared."""
    now_N, before_N, best_N = (order.errors(each) for each in (order.now_N, order.before_N, order.best_places))
    worth = np.lexsort((-(now_N - best_N), -(now_N - before_N)))
    cells = []
    has_context = any(each.context for each in lists)
    further = [role for role in FURTHER if any(each.further.get(role) for each in lists)]
    for at in worth.tolist():
        each, now, before = lists[at], int(order.now_N[at]), int(order.before_N[at])
        scored = (
            each.reference,
            each.texts[now],
            each.texts[before],
            now,
            int(now_N[at]),
            bool(now_N[at] == best_N[at]),
        )
        more = (*(each.further.get(role, ()) for role in further), *((each.context,) if has_context else ()))
        cells.append((int(rows_N[at]), int(places_N[at]), *scored, each.texts, each.own, *more))
    return Table((*CASES, *further, *(("context",) if has_context else ())), cells)


def text_loss(seen: Seen, *, whole: bool) -> tuple[float, tuple[Metric, ...]]:
    """Return the mean surprise at a token of the right texts, and as metrics that and the perplexity."""
    nats_N, tokens_N = seen["nats"], seen["tokens"].astype(np.float64)

    def mean(rows: np.ndarray) -> float:
        return float(nats_N[rows].sum() / max(1.0, tokens_N[rows].sum()))

    loss = mean(np.arange(len(nats_N)))
    perplexity = Metric(key="perplexity", value=math.exp(min(loss, 700)))
    if not whole:
        return loss, (perplexity,)
    low, high = bootstrap(mean, len(nats_N))
    return loss, (Metric(key="loss", value=loss, low=min(low, loss), high=max(high, loss)), perplexity)


def nothing_to_score() -> StudioError:
    """Return the error for rows without candidates."""
    return StudioError(
        "no-lists-to-score",
        "No row holds candidates and their right text, so there is nothing to score.",
        "Choose the columns again, or another file.",
    )
