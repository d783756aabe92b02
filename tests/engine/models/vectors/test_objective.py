"""What vectors learn by is what the papers say, however it is computed."""

import math
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional

from slm_studio.engine.models.vectors.drawing import Draws, Sampling
from slm_studio.engine.models.vectors.objective import Cbow, LeastSquares, SkipGram, summed

IDS = torch.tensor([[0, 1, 2, -1, 3, 4, 1], [2, 2, 0, 3, 1, 4, 0]])
SAMPLING = Sampling(window=2, negative=3, sample=0.0, exponent=0.75)


def drawing(sampling: Sampling = SAMPLING) -> Draws:
    draws = Draws(np.array([5, 4, 3, 2, 1]), sampling, torch.device("cpu"))
    draws.length = 4  # so that texts reach over rows
    return draws


@pytest.fixture
def block():
    torch.manual_seed(0)
    return drawing().block(IDS)


def tables() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.randn(5, 4, requires_grad=True), torch.randn(5, 4, requires_grad=True)


def pairs(block):
    """Return for each row the places of each word (in the row) and of each neighbour of it (in the row and around it)."""
    return [tuple(each) for each in block.near_RLH.nonzero().tolist()]


def names(block, row: int, one: int, other: int) -> tuple[int, int]:
    """Return the ids of a word and of a neighbour of it."""
    return int(block.inside(block.ids_S)[row, one]), int(block.around(block.ids_S)[row, other])


def test_windows_reach_over_the_ends_of_rows_but_not_of_texts() -> None:
    texts = [[0, 1, 2], [3, 4, 1], [2, 2, 0, 3, 1, 4, 0]]
    beside = sorted(pair for text in texts for one, other in pairwise(text) for pair in ((one, other), (other, one)))

    block = drawing(replace(SAMPLING, window=1)).block(IDS)

    assert block.near_RLH.shape == (4, 4, 6)
    assert sorted(names(block, *each) for each in pairs(block)) == beside


def test_a_window_is_a_stretch_of_text_with_its_word_in_the_middle() -> None:
    block = drawing(replace(SAMPLING, window=2)).block(torch.arange(5).repeat(1, 8))  # one text of 40 words

    reaches = [
        [other - one - 2 for other in near.nonzero().flatten().tolist()]
        for row in block.near_RLH
        for one, near in enumerate(row)
    ]
    assert {tuple(each) for each in reaches[2:38]} == {(-1, 1), (-2, -1, 1, 2)}


def test_random_words_of_a_row_come_from_all_parts_of_them() -> None:
    draws = drawing(replace(SAMPLING, exponent=0.0))  # all five alike

    block = draws.block(IDS, 5)

    assert block.noise_RK.tolist() == [[0, 1, 2, 3, 4]] * len(block.noise_RK)


def test_a_window_that_is_longer_than_its_texts_stays_in_them() -> None:
    sampling = Sampling(window=50, negative=3, sample=0.0, exponent=0.75)
    block = drawing(sampling).still(
        torch.tensor([[0, 1, -1, 2, 3, 4, -1, 1], [2, -1, -1, -1, -1, -1, -1, -1]]), is_weighed=True
    )

    near = block.near_RLH[0, :, 50:-50]
    assert block.near_RLH[0].sum() == near.sum()
    assert near[0].tolist() == [0, 1, 0, 0, 0, 0, 0, 0]
    assert near[3].tolist() == [0, 0, 0, 0, 1, 0.5, 0, 0]  # near words count more
    assert near[[2, 6, 7]].sum() == block.near_RLH[1].sum() == 0


def test_rows_are_summed_in_order_each_with_its_weight() -> None:
    ids, values = torch.tensor([7, 2, 7, 0, 2]), torch.eye(5)

    rows, plain = summed(ids, values)
    _, weighed = summed(ids, values, torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]))

    assert rows.tolist() == [0, 2, 7]
    assert plain.tolist() == [[0, 0, 0, 1, 0], [0, 1, 0, 0, 1], [1, 0, 1, 0, 0]]
    assert weighed.tolist() == [[0, 0, 0, 4, 0], [0, 2, 0, 0, 5], [1, 0, 3, 0, 0]]


def test_the_same_seed_draws_the_same(block) -> None:
    torch.manual_seed(0)
    again = drawing().block(IDS)

    assert torch.equal(again.near_RLH, block.near_RLH) and torch.equal(again.noise_RK, block.noise_RK)


def test_the_gradient_of_skip_gram_is_that_of_every_pair_by_itself(block) -> None:
    vectors, contexts = tables()
    weight = 3 / block.noise_RK.shape[1]
    total = torch.zeros(())
    for row, one, other in pairs(block):
        word, neighbour = names(block, row, one, other)
        total = total + functional.softplus(-vectors[neighbour] @ contexts[word])
        total = total + weight * functional.softplus(contexts[block.noise_RK[row]] @ vectors[neighbour]).sum()
    wanted = torch.autograd.grad(total, (vectors, contexts))

    loss = SkipGram.apply(vectors, contexts, block, 3)
    loss.backward()

    assert loss.item() == pytest.approx(total.item() / len(pairs(block)), rel=1e-4)
    assert torch.allclose(vectors.grad.to_dense(), wanted[0], atol=1e-4)
    assert torch.allclose(contexts.grad.to_dense(), wanted[1], atol=1e-4)


def test_the_gradient_of_cbow_is_word2vecs(block) -> None:
    """Of the words to foretell it is the true one; of the neighbours every one takes the whole of what the mean should."""
    vectors, contexts = tables()
    weight = 3 / block.noise_RK.shape[1]
    total = torch.zeros(())
    whole = torch.zeros(5, 4)
    for (row, _), group in groupby(pairs(block), key=lambda each: each[:2]):
        found = [names(block, *each) for each in group]
        word, beside = found[0][0], [neighbour for _, neighbour in found]
        mean = vectors[beside].mean(0).detach().requires_grad_()
        loss = functional.softplus(-mean @ contexts[word])
        loss = loss + weight * functional.softplus(contexts[block.noise_RK[row]] @ mean).sum()
        total = total + loss
        (pull,) = torch.autograd.grad(loss, mean, retain_graph=True)
        for other in beside:
            whole[other] += pull
    (wanted,) = torch.autograd.grad(total, (contexts,))

    loss = Cbow.apply(vectors, contexts, block, 3)
    loss.backward()

    assert loss.item() == pytest.approx(total.item() / len({each[:2] for each in pairs(block)}), rel=1e-4)

    assert torch.allclose(contexts.grad.to_dense(), wanted, atol=1e-4)
    assert torch.allclose(vectors.grad.to_dense(), whole, atol=1e-4)


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
