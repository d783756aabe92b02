"""How much meaning counts beside words: as held-out questions tell it, and as a search then does it."""

import numpy as np
import pytest

from slm_studio.core.work import outcome
from slm_studio.engine.measuring.ranking import hits_among, reciprocal_ranks
from slm_studio.engine.retrieval.pool import Pool
from slm_studio.engine.retrieval.sharing import EVEN, SHARE, best_share, by_both, chosen_share, fused, share_of

QUESTIONS, PASSAGES, FOUND = 40, 60, 30


def pool() -> Pool:
    return Pool(
        passages=[f"passage {place}" for place in range(PASSAGES)],
        questions=[f"question {place}" for place in range(QUESTIONS)],
        right=[frozenset({place}) for place in range(QUESTIONS)],
        rows=list(range(QUESTIONS)),
    )


def found(skill: float, seed: int) -> np.ndarray:
    """Return places [Q, K], where a share of the questions finds its passage first and the others anywhere."""
    draw = np.random.default_rng(seed)
    places_QK = np.array([draw.permutation(PASSAGES)[:FOUND] for _ in range(QUESTIONS)])
    for question in range(round(skill * QUESTIONS)):
        others = places_QK[question][places_QK[question] != question][: FOUND - 1]
        places_QK[question] = np.concatenate([[question], others])
    return places_QK


def mrr(places_QK: np.ndarray) -> float:
    return float(reciprocal_ranks(hits_among(places_QK, pool().right)).mean())


@pytest.mark.parametrize(("meant", "worded"), [(0.1, 0.9), (0.9, 0.1), (0.5, 0.6)])
def test_both_together_are_never_below_the_better_of_two_on_the_rows_that_chose(meant: float, worded: float) -> None:
    meant_QK, words_QK = found(meant, 1), found(worded, 2)

    share = best_share(meant_QK, words_QK, pool())

    assert mrr(fused(meant_QK, words_QK, share)) >= max(mrr(meant_QK), mrr(words_QK))


def test_the_way_that_finds_far_more_counts_more() -> None:
    weak_QK, strong_QK = found(0.1, 1), found(0.9, 2)

    assert best_share(weak_QK, strong_QK, pool()) < EVEN < best_share(strong_QK, weak_QK, pool())


def test_of_equals_the_middle_is_taken() -> None:
    same_QK = found(1.0, 1)

    assert best_share(same_QK, same_QK, pool()) == EVEN


def test_too_few_questions_choose_nothing() -> None:
    few = Pool(passages=["one"], questions=["what?"], right=[frozenset({0})], rows=[0])

    assert outcome(chosen_share(None, few)) == {}  # type: ignore[arg-type]  # nothing is asked
    assert share_of({}) == EVEN and share_of({SHARE: 0.2}) == 0.2


@pytest.mark.parametrize(("share", "first"), [(0.0, 7), (1.0, 3), (0.02, 7), (0.98, 3)])
def test_a_share_moves_the_order_from_words_to_meaning(share: float, first: int) -> None:
    places, scores = by_both([3, 1], [7, 2], 3, share)

    assert places[0] == first and scores[0] >= scores[1] >= scores[2]
