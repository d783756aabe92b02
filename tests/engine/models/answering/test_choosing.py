"""From logits to answers: shares add up to one, windows are joined, and nothing is told from something on held-out rows."""

import math

import numpy as np
import pytest
import torch

from slm_studio.engine.models.answering.choosing import (
    KEPT,
    NEVER,
    Found,
    best_pull,
    best_threshold,
    found_in_rows,
    nats_of,
    quotes_of,
    see,
)
from slm_studio.engine.models.answering.windows import ANSWERED, ENDS, FIRST, FIT, LAST, ROW, STARTS

TEXT = "Ada was born in London"
PLACES = [(0, 3), (4, 7), (8, 12), (13, 15), (16, 22)]


def batch(first: int = 0, last: int = 0, *, answered: int = 1) -> dict[str, torch.Tensor]:
    return {
        STARTS: torch.tensor([[-1, *(start for start, _ in PLACES), -2]]),
        ENDS: torch.tensor([[-1, *(end for _, end in PLACES), -2]]),
        FIRST: torch.tensor([first]), LAST: torch.tensor([last]), ROW: torch.tensor([0]), ANSWERED: torch.tensor([answered]), FIT: torch.zeros(1, 7, dtype=torch.int32),
    }  # fmt: skip


def logits(*values: float) -> torch.Tensor:
    return torch.tensor([[*values, NEVER]])


def test_shares_are_those_of_all_spans_and_of_nothing() -> None:
    starts, ends = logits(0.5, 1, 2, 0, 0, 3), logits(0.5, 0, 0, 1, 0, 2)

    seen = see(starts, ends, batch(), longest=2)
    found = found_in_rows(seen, np.array([0]))[0]

    scores = {
        (PLACES[one][0], PLACES[other][1]): float(starts[0, one + 1] + ends[0, other + 1])
        for one in range(5)
        for other in (one, one + 1)
        if other < 5
    }
    whole = math.exp(1.0) + sum(map(math.exp, scores.values()))
    assert found.nothing == pytest.approx(math.exp(1.0) / whole, rel=1e-4)
    best = max(scores, key=scores.__getitem__)
    assert found.spans[0] == (*best, pytest.approx(math.exp(scores[best]) / whole, rel=1e-4))
    assert seen["odds"].shape == (1, KEPT) and seen["odds"][0, len(scores)] == NEVER


def test_an_answer_is_no_longer_than_it_may_be_and_never_outside_the_passage() -> None:
    found = found_in_rows(see(logits(9, 5, 0, 0, 0, 0), logits(9, 0, 0, 0, 0, 5), batch(), longest=2), np.array([0]))[0]

    assert all(end - begin <= 9 for begin, end, _ in found.spans)
    assert all((begin, end) != (0, 22) for begin, end, _ in found.spans)


def test_spans_that_are_offered_do_not_overlap() -> None:
    found = found_in_rows(see(logits(0, 1, 1, 1, 1, 1), logits(0, 1, 1, 1, 1, 1), batch(), longest=5), np.array([0]))[0]

    taken = [place for begin, end, _ in found.spans for place in range(begin, end)]
    assert len(taken) == len(set(taken))


def test_two_windows_that_hold_a_span_both_speak_for_it() -> None:
    one = see(logits(0, 0, 0, 0, 0, 3), logits(0, 0, 0, 0, 0, 3), batch(), longest=1)
    twice = {name: np.concatenate([each, each]) for name, each in one.items()}

    alone, both = found_in_rows(one, np.array([0]))[0], found_in_rows(twice, np.array([0, 0]))[0]

    assert both.spans[0][:2] == alone.spans[0][:2] == PLACES[4]
    assert both.nothing < alone.nothing and both.spans[0][2] > alone.spans[0][2]


def test_the_answer_stands_first_and_nothing_among_the_others() -> None:
    found = found_in_rows(see(logits(0, 0, 0, 0, 0, 3), logits(0, 0, 0, 0, 0, 3), batch(), longest=2), np.array([0]))[0]

    sure = quotes_of(found, TEXT, 0.5, 2)
    assert next((quote.text, quote.chosen) for quote in sure) == ("London", True) and sure[-1].text == ""
    assert len(sure) == 3 and TEXT[sure[0].start : sure[0].end] == "London"
    none = quotes_of(found, TEXT, found.nothing, 2)
    assert [quote.chosen for quote in none] == [True, False, False] and none[0].text == ""
    assert quotes_of(found, TEXT, None, 2)[0].text == "London"


def test_signs_alone_are_no_answer() -> None:
    found = Found(((3, 4, 0.7), (4, 9, 0.2)), 0.1)

    quotes = quotes_of(found, "soo，Paris。", None, 2)

    assert [quote.text for quote in quotes] == ["Paris", ""]


def test_the_loss_is_that_of_both_ends_and_nothing_where_no_answer_is_known() -> None:
    starts, ends = logits(0, 0, 0, 0, 0, 3), logits(0, 0, 0, 0, 0, 2)

    nats = nats_of(starts, ends, batch(5, 5))

    by_hand = [-float(side[0].log_softmax(0)[5]) for side in (starts, ends)]
    assert float(nats) == pytest.approx(sum(by_hand) / 2)
    assert float(nats_of(starts, ends, batch(-1, -1))) == 0


def test_the_threshold_is_what_makes_held_out_rows_most_right() -> None:
    def row(number: int, span: float, *, answered: bool) -> dict[str, np.ndarray]:
        place = 5 if answered else 0
        seen = see(
            logits(0, 0, 0, 0, 0, span), logits(0, 0, 0, 0, 0, span), batch(place, place, answered=int(answered)), 1
        )
        return seen | {"row": np.array([number])}

    rows = [row(at, 1.5 + at / 10, answered=True) for at in range(5)] + [row(5 + at, -1 - at / 10, answered=False) for at in range(5)]  # fmt: skip
    seen = {name: np.concatenate([each[name] for each in rows]) for name in rows[0]}

    threshold = best_threshold(seen)

    found = found_in_rows(seen, seen["row"])
    assert threshold is not None
    assert [found[at].nothing >= threshold for at in range(10)] == [False] * 5 + [True] * 5
    answered = {name: each[:5] for name, each in seen.items()}
    assert best_threshold(answered) is None


def test_how_much_the_words_around_count_is_what_makes_held_out_rows_most_right() -> None:
    right = see(logits(0, 0, 0, 0, 0, 1), logits(0, 0, 0, 0, 0, 1), batch(5, 5), 1)
    wrong = see(logits(0, 2, 0, 0, 0, 0), logits(0, 2, 0, 0, 0, 0), batch(0, 0), 1) | {
        "fits": np.full((1, KEPT), -30.0)
    }
    seen = {name: np.concatenate([right[name], wrong[name]]) for name in right}
    seen["row"] = np.array([0, 0])

    pull = best_pull(seen)

    assert pull == 0.1  # the least that is enough
    assert found_in_rows(seen, seen["row"], 0.0)[0].spans[0][:2] == PLACES[0]
    assert found_in_rows(seen, seen["row"], pull)[0].spans[0][:2] == PLACES[4]
    assert best_pull(seen | {"fits": np.zeros((2, KEPT))}) == 0.0
