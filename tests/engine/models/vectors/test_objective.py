"""What vectors are held against, and what GloVe's learn by, is what the papers say, however it is computed."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from slm_studio.engine.models.vectors.drawing import Draws, Sampling
from slm_studio.engine.models.vectors.objective import LeastSquares, held_out, neighbours, summed

IDS = torch.tensor([[0, 1, 2, -1, 3, 4, 1], [2, 2, 0, 3, 1, 4, 0]])
TEXTS = [[[0, 1, 2], [3, 4, 1]], [[2, 2, 0, 3, 1, 4, 0]]]


def draws() -> Draws:
    return Draws(
        np.array([5, 4, 3, 2, 1]), Sampling(window=2, negative=3, sample=0.0, exponent=0.75), torch.device("cpu")
    )


def tables() -> tuple[torch.nn.Embedding, torch.nn.Embedding]:
    torch.manual_seed(1)
    return torch.nn.Embedding(5, 4), torch.nn.Embedding(5, 4)


def company(text: list[int], place: int, window: int = 2) -> list[int]:
    """Return the neighbours of a word."""
    return [text[near] for near in range(max(0, place - window), min(len(text), place + window + 1)) if near != place]


def test_a_window_ends_with_its_text() -> None:
    near = neighbours(torch.tensor([[0, 1, -1, 2, 3, 4, -1, 1], [2, *[-1] * 7]]), 50, is_weighed=True)

    assert near[0, 0].tolist() == [0, 1, 0, 0, 0, 0, 0, 0]
    assert near[0, 3].tolist() == [0, 0, 0, 0, 1, 0.5, 0, 0]  # near words count more
    assert near[0, [2, 6, 7]].sum() == near[1].sum() == 0


def test_a_window_reaches_as_far_as_it_may() -> None:
    near = neighbours(torch.arange(6)[None], 2)

    assert near[0, 2].tolist() == [1, 1, 0, 1, 1, 0] and near[0, 0].tolist() == [0, 1, 1, 0, 0, 0]


@torch.no_grad()
def test_held_out_nats_are_those_of_every_pair_by_itself() -> None:
    vectors, contexts = tables()
    noise = contexts(draws().spread())
    wanted, pairs = [], []
    for texts in TEXTS:
        each = [
            (vectors.weight[one], word)
            for text in texts
            for place, word in enumerate(text)
            for one in company(text, place)
        ]
        wanted.append(
            sum(
                functional.softplus(-entry @ contexts.weight[word]) + 3 * functional.softplus(noise @ entry).mean()
                for entry, word in each
            )
        )
        pairs.append(len(each))

    nats, found = held_out("skipgram", vectors, contexts, IDS, draws())

    assert found.tolist() == pairs
    assert torch.allclose(nats, torch.stack(wanted), atol=1e-4)


@torch.no_grad()
def test_held_out_nats_of_cbow_are_those_of_every_word_by_itself() -> None:
    vectors, contexts = tables()
    noise = contexts(draws().spread())
    wanted = []
    for texts in TEXTS:
        each = [
            (vectors.weight[company(text, place)].mean(0), word) for text in texts for place, word in enumerate(text)
        ]
        wanted.append(
            sum(
                functional.softplus(-entry @ contexts.weight[word]) + 3 * functional.softplus(noise @ entry).mean()
                for entry, word in each
            )
        )

    nats, found = held_out("cbow", vectors, contexts, IDS, draws())

    assert found.tolist() == [6, 7]
    assert torch.allclose(nats, torch.stack(wanted), atol=1e-4)


def test_rows_are_summed_in_order() -> None:
    rows, values = summed(torch.tensor([7, 2, 7, 0, 2]), torch.eye(5))

    assert rows.tolist() == [0, 2, 7]
    assert values.tolist() == [[0, 0, 0, 1, 0], [0, 1, 0, 0, 1], [1, 0, 1, 0, 0]]


def test_a_hand_worked_glove_loss() -> None:
    """Words 0 and 1, counted 16 times: f = (16/100)^0.75 = 0.25298; w·c + b + b' - ln 16 one way and the other."""
    vectors = torch.tensor([[1.0], [2.0]], requires_grad=True)
    contexts = torch.tensor([[0.5], [1.0]], requires_grad=True)
    biases = [torch.tensor([[0.1], [0.2]], requires_grad=True), torch.tensor([[0.3], [0.4]], requires_grad=True)]
    there = 1.0 * 1.0 + 0.1 + 0.4 - math.log(16)  # -1.27259
    back = 2.0 * 0.5 + 0.2 + 0.3 - math.log(16)  # -1.27259

    loss = LeastSquares.apply(
        vectors, contexts, *biases, torch.tensor([0]), torch.tensor([1]), torch.tensor([16.0]), 100.0
    )
    loss.backward()

    factor = 0.16**0.75
    assert loss.item() == pytest.approx(factor * (there**2 + back**2) / 2, rel=1e-5)
    assert loss.item() == pytest.approx(0.40970, rel=1e-4)
    assert vectors.grad.to_dense()[0, 0].item() == pytest.approx(factor * there * 1.0, rel=1e-5)
    assert biases[1].grad.to_dense()[0, 0].item() == pytest.approx(factor * back, rel=1e-5)
