"""Weighing: what the own scores of a candidate, what a model says of it and its length count for, learnt from lists.

A candidate's score is the sum of its features, each times a weight; of a list the softmax of the scores says how likely each
candidate is the best. The weights are those with which the fewest errors are expected (Prabhavalkar et al. 2018, minimum
word error rate, https://arxiv.org/abs/1712.01818): few numbers, and a smooth sum over all candidates instead of the jumps
that a search along lines has (Och 2003, https://aclanthology.org/P03-1021). It has several valleys, so the descent begins at
the best of a grid, in which each of several own scores stands beside the model; on its way the others join. Then all weights together are stretched until the best candidates are likeliest, so that shares mean
what they say.
"""

# N lists, M candidates of a list, F features of a candidate

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import minimize, minimize_scalar

FEATURES = ("own", "model", "length")
FURTHER_AT = len(FEATURES)  # where further own scores stand, behind these
PULL = 1e-3  # towards 0, of standardised weights
SHARP = 2.0  # how large the weights of the grid are, in spreads of their features
RATIOS = (0.0, 0.0625, 0.125, 0.25, 0.5, 1.0, 2.0)  # of one weight to the other
LENGTHS = (-1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0)
DEEPEST = 3  # beginnings that are followed
STRETCH = 3.0  # of all weights together, by e to this power at most


@dataclass(frozen=True, slots=True)
class Weights:
    """What each feature counts for: a recogniser's own scores, what the model says (nats or likeness), words or characters."""

    own: float = 0.0
    model: float = 1.0
    length: float = 0.0
    further: tuple[float, ...] = ()  # of own scores behind the first

    def plain(self) -> dict[str, object]:
        """Return them as JSON values."""
        found: dict[str, object] = {name: getattr(self, name) for name in FEATURES}
        return found | ({"further": [*self.further]} if self.further else {})


def weights_of(plain: object) -> Weights:
    """Return the weights among a model's facts; the model's word alone where they say nothing."""
    found = plain if isinstance(plain, dict) else {}
    known = {name: float(found[name]) for name in FEATURES if isinstance(found.get(name), int | float)}
    further = found.get("further")
    several = further if isinstance(further, list | tuple) else ()
    return Weights(**known, further=tuple(float(each) for each in several if isinstance(each, int | float)))


@dataclass(frozen=True, slots=True)
class Lists:
    """Candidates of lists side by side; the tail of a short list is 0 and not `there`."""

    features_NMF: np.ndarray
    errors_NM: np.ndarray
    there_NM: np.ndarray

    def __len__(self) -> int:
        return len(self.errors_NM)

    @property
    def best_ones(self) -> np.ndarray:
        """Return which candidates have the fewest errors of their list."""
        least_N1 = np.where(self.there_NM, self.errors_NM, np.inf).min(1, keepdims=True)
        return self.there_NM & (self.errors_NM == least_N1)


def scores_of(features_NMF: np.ndarray, there_NM: np.ndarray, weights: Weights) -> np.ndarray:
    """Return the score [N, M] of each candidate, -inf where there is none."""
    weights_F = np.zeros(features_NMF.shape[-1])
    known = [weights.own, weights.model, weights.length, *weights.further][: len(weights_F)]
    weights_F[: len(known)] = known
    return np.where(there_NM, features_NMF @ weights_F, -np.inf)


def shares_of(scores_NM: np.ndarray) -> np.ndarray:
    """Return how likely each candidate is the best of its list."""
    shifted_NM = np.exp(scores_NM - scores_NM.max(1, keepdims=True, initial=-1e300))
    shares: np.ndarray = shifted_NM / np.maximum(shifted_NM.sum(1, keepdims=True), 1e-300)
    return shares


def first_of(scores_NM: np.ndarray) -> np.ndarray:
    """Return the place [N] of the highest score of each list, of equals the first."""
    return scores_NM.argmax(1)


def errors_at(errors_NM: np.ndarray, places_N: np.ndarray) -> np.ndarray:
    """Return the errors [N] of the candidate at a place of each list."""
    return np.take_along_axis(errors_NM, places_N[:, None], axis=1)[:, 0]


def learn_weights(lists: Lists) -> Weights | None:
    """Return the weights with which the fewest errors are expected; None where every order has as many."""
    held = (lists.there_NM & ~lists.best_ones).any(1)  # in a list of equals there is nothing to choose
    lists = Lists(lists.features_NMF[held], lists.errors_NM[held], lists.there_NM[held])
    if lists.features_NMF.shape[-1] > FURTHER_AT:
        lists = _narrow(lists)
    spread_F = _spreads(lists)
    if not len(lists) or not (spread_F > 0).any():
        return None
    standard = Lists(lists.features_NMF / np.where(spread_F > 0, spread_F, np.inf), lists.errors_NM, lists.there_NM)
    grid = sorted(_grid(spread_F > 0), key=lambda weights_F: _errors(standard, weights_F))
    found = [_descended(standard, weights_F) for weights_F in grid[:DEEPEST]]
    best_F = min((*found, *grid[:1]), key=lambda weights_F: _errors(standard, weights_F))
    stretched_F = best_F * _stretch(standard, best_F)
    own, model, length, *further = np.where(
        spread_F > 0, stretched_F / np.where(spread_F > 0, spread_F, 1.0), 0.0
    ).tolist()
    return Weights(own, model, length, tuple(further))


def _narrow(lists: Lists) -> Lists:
    """Return lists side by side no wider than the longest: of several own scores more beginnings are tried, ten times as fast."""
    most = int(lists.there_NM.sum(1).max(initial=1))
    return Lists(lists.features_NMF[:, :most], lists.errors_NM[:, :most], lists.there_NM[:, :most])


def _spreads(lists: Lists) -> np.ndarray:
    """Return how far each feature varies within lists; 0 where it tells nothing apart."""
    counts_N11 = np.maximum(1, lists.there_NM.sum(1))[:, None, None]
    there_NM1 = lists.there_NM[:, :, None]
    means_N1F = (lists.features_NMF * there_NM1).sum(1, keepdims=True) / counts_N11
    apart_NMF = (lists.features_NMF - means_N1F) * there_NM1
    spread_F = np.sqrt((apart_NMF**2).sum((0, 1)) / max(1, lists.there_NM.sum()))
    return np.where(spread_F > 1e-9, spread_F, 0.0)


def _grid(told_F: np.ndarray) -> Iterator[np.ndarray]:
    """Yield beginnings: each own score and the model alone and in many shares, with rewards and fines for length."""
    pairs = (
        {(1.0, ratio) for ratio in RATIOS} | {(ratio, 1.0) for ratio in RATIOS} | {(-1.0, ratio) for ratio in RATIOS}
    )
    seen = set()
    shares = product(sorted(pairs, reverse=True), sorted(LENGTHS, key=abs))
    for place, ((own, model), length) in product((0, *range(FURTHER_AT, len(told_F))), shares):
        weights_F = np.zeros(len(told_F))
        weights_F[[place, 1, 2]] = own, model, length
        weights_F = SHARP * weights_F * told_F
        if weights_F.any() and tuple(weights_F) not in seen:
            seen.add(tuple(weights_F))
            yield weights_F


def _errors(lists: Lists, weights_F: np.ndarray) -> tuple[float, float]:
    """Return the errors of the first candidates, and the expected ones, which decide between equals."""
    scores_NM = np.where(lists.there_NM, lists.features_NMF @ weights_F, -np.inf)
    return float(errors_at(lists.errors_NM, first_of(scores_NM)).sum()), _expected(weights_F, lists)[0]


def _expected(weights_F: np.ndarray, lists: Lists) -> tuple[float, np.ndarray]:
    """Return the errors that are expected of a list, with the pull towards 0, and their slope."""
    shares_NM = shares_of(np.where(lists.there_NM, lists.features_NMF @ weights_F, -np.inf))
    errors_N1 = (shares_NM * lists.errors_NM).sum(1, keepdims=True)
    slope_NM = shares_NM * (lists.errors_NM - errors_N1)
    value = float(errors_N1.mean()) + PULL / 2 * float(weights_F @ weights_F)
    return value, np.einsum("nm,nmf->f", slope_NM, lists.features_NMF) / len(lists) + PULL * weights_F


def _descended(lists: Lists, begin_F: np.ndarray) -> np.ndarray:
    found: np.ndarray = minimize(_expected, begin_F, args=(lists,), jac=True, method="L-BFGS-B").x
    return found


def _stretch(lists: Lists, weights_F: np.ndarray) -> float:
    """Return the factor by which the best candidates of all lists are likeliest.

    One list more is counted in which every candidate is as good: else few lists, all of them right, would say that
    nothing is ever wrong.
    """
    scores_NM = lists.features_NMF @ weights_F
    counts_N = lists.there_NM.sum(1)

    def surprise(log_factor: float) -> float:
        shares_NM = np.maximum(shares_of(np.where(lists.there_NM, scores_NM * np.exp(log_factor), -np.inf)), 1e-12)
        best_N = -np.log((shares_NM * lists.best_ones).sum(1))
        any_N = -(np.log(shares_NM) * lists.there_NM).sum(1) / counts_N
        return float(best_N.sum() + any_N.mean()) / (len(lists) + 1)

    return float(np.exp(minimize_scalar(surprise, bounds=(-STRETCH, STRETCH), method="bounded").x))
