"""What vectors learn by is what the papers say, however it is computed."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from slm_studio.engine.models.vectors.objective import Cbow, Draws, LeastSquares, Sampling, SkipGram, summed

IDS = torch.tensor([[0, 1, 2, -1, 3, 4, 1], [2, 2, 0, 3, 1, 4, 0]])
SAMPLING = Sampling(window=2, negative=3, sample=0.0, exponent=0.75)


@pytest.fixture
def block():
    torch.manual_seed(0)
    draws = Draws(np.array([5, 4, 3, 2, 1]), SAMPLING, torch.device("cpu"))
    return draws.block(IDS)


def tables() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.randn(5, 4, requires_grad=True), torch.randn(5, 4, requires_grad=True)


def pairs(block):
    """Yield the places of each word and of each neighbour of it."""
    for row in range(len(block.ids_BL)):
        for one in range(block.ids_BL.shape[1]):
            for other in range(block.ids_BL.shape[1]):
                if block.near_BLL[row, one, other]:
                    yield row, one, other


def test_no_window_reaches_over_the_end_of_a_text(block) -> None:
    texts = (IDS < 0).cumsum(1)

    assert all(texts[row, one] == texts[row, other] and one != other for row, one, other in pairs(block))
    assert all(abs(one - other) <= 2 for _, one, other in pairs(block))


def test_a_window_that_is_longer_than_its_texts_stays_in_them() -> None:
    sampling = Sampling(window=50, negative=3, sample=0.0, exponent=0.75)
    draws = Draws(np.array([5, 4, 3, 2, 1]), sampling, torch.device("cpu"))

    block = draws.still(torch.tensor([[0, 1, -1, 2, 3, 4, -1, 1], [2, -1, -1, -1, -1, -1, -1, -1]]), is_weighed=True)

    near = block.near_BLL[0]
    assert near[0].tolist() == [0, 1, 0, 0, 0, 0, 0, 0]
    assert near[3].tolist() == [0, 0, 0, 0, 1, 0.5, 0, 0]  # near words count more
    assert near[[2, 6, 7]].sum() == block.near_BLL[1].sum() == 0


def test_rows_are_summed_in_order_each_with_its_weight() -> None:
    ids, values = torch.tensor([7, 2, 7, 0, 2]), torch.eye(5)

    rows, plain = summed(ids, values)
    _, weighed = summed(ids, values, torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]))

    assert rows.tolist() == [0, 2, 7]
    assert plain.tolist() == [[0, 0, 0, 1, 0], [0, 1, 0, 0, 1], [1, 0, 1, 0, 0]]
    assert weighed.tolist() == [[0, 0, 0, 4, 0], [0, 2, 0, 0, 5], [1, 0, 3, 0, 0]]


def test_the_same_seed_draws_the_same(block) -> None:
    torch.manual_seed(0)
    again = Draws(np.array([5, 4, 3, 2, 1]), SAMPLING, torch.device("cpu")).block(IDS)

    assert torch.equal(again.near_BLL, block.near_BLL) and torch.equal(again.noise_BK, block.noise_BK)


def test_the_gradient_of_skip_gram_is_that_of_every_pair_by_itself(block) -> None:
    vectors, contexts = tables()
    weight = 3 / block.noise_BK.shape[1]
    total = torch.zeros(())
    for row, one, other in pairs(block):
        asked = vectors[block.ids_BL[row, other]]
        total = total + functional.softplus(-asked @ contexts[block.ids_BL[row, one]])
        total = total + weight * functional.softplus(contexts[block.noise_BK[row]] @ asked).sum()
    wanted = torch.autograd.grad(total, (vectors, contexts))

    SkipGram.apply(vectors, contexts, block, 3).backward()

    assert torch.allclose(vectors.grad.to_dense(), wanted[0], atol=1e-4)
    assert torch.allclose(contexts.grad.to_dense(), wanted[1], atol=1e-4)


def test_the_gradient_of_cbow_is_word2vecs(block) -> None:
    """Of the words to foretell it is the true one; of the neighbours every one takes the whole of what the mean should."""
    vectors, contexts = tables()
    weight = 3 / block.noise_BK.shape[1]
    total = torch.zeros(())
    whole = torch.zeros(5, 4)
    for row in range(len(block.ids_BL)):
        for one in range(block.ids_BL.shape[1]):
            beside = [other for at, place, other in pairs(block) if (at, place) == (row, one)]
            if not beside:
                continue
            mean = vectors[block.ids_BL[row, beside]].mean(0).detach().requires_grad_()
            loss = functional.softplus(-mean @ contexts[block.ids_BL[row, one]])
            loss = loss + weight * functional.softplus(contexts[block.noise_BK[row]] @ mean).sum()
            total = total + loss
            (pull,) = torch.autograd.grad(loss, mean, retain_graph=True)
            for other in beside:
                whole[block.ids_BL[row, other]] += pull
    (wanted,) = torch.autograd.grad(total, (contexts,))

    Cbow.apply(vectors, contexts, block, 3).backward()

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
