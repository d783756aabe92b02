"""Losses against sentence-transformers and hand-worked numbers."""

import math

import pytest
import torch
from torch.nn import functional

from slm_studio.engine.models.embedding.teaching import choice_losses, order_loss


def vectors(seed: int, rows: int) -> torch.Tensor:
    return functional.normalize(torch.randn(rows, 8, generator=torch.Generator().manual_seed(seed)), dim=-1)


def none(rows: int) -> torch.Tensor:
    return torch.full((rows, 1), -1)


def test_choosing_is_cross_entropy_over_all_passages_of_the_batch() -> None:
    queries, passages = vectors(1, 5), vectors(2, 5)

    found = choice_losses(queries, passages, torch.arange(5), none(5), 0.05).mean()

    assert float(found) == pytest.approx(float(functional.cross_entropy(queries @ passages.T / 0.05, torch.arange(5))))


def test_a_passage_that_answers_too_is_no_wrong_choice() -> None:
    # Both rows have the same passage: told apart they cannot be, and only the third is a wrong one.
    queries = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    passages = queries.clone()
    positives = torch.tensor([[7], [7], [9]])

    found = choice_losses(queries, passages, torch.tensor([7, 7, 9]), positives, 1.0)

    assert found.tolist() == pytest.approx([math.log(1 + math.exp(-1))] * 2 + [math.log(1 + 2 * math.exp(-1))])


def test_a_passage_that_is_not_there_is_no_choice() -> None:
    queries = vectors(1, 2)

    alone = choice_losses(queries, queries, torch.arange(2), none(2), 0.1)
    beside = choice_losses(queries, torch.cat([queries, vectors(3, 2)]), torch.tensor([0, 1, -1, -1]), none(2), 0.1)

    assert beside.tolist() == pytest.approx(alone.tolist())


def test_order_is_lost_as_sentence_transformers_count_it() -> None:
    losses = pytest.importorskip("sentence_transformers.sentence_transformer.losses")
    cosines = torch.tensor([0.9, 0.2, 0.5, -0.1, 0.4])
    scores = torch.tensor([1.0, 0.0, 0.8, 0.2, 0.8])

    class Given(losses.CoSENTLoss):
        def __init__(self) -> None:
            torch.nn.Module.__init__(self)
            self.scale = 20.0
            self.similarity_fct = lambda one, other: one[:, 0]

    theirs = Given().compute_loss_from_embeddings([cosines[:, None], cosines[:, None]], scores)

    assert float(order_loss(cosines, scores)) == pytest.approx(float(theirs), rel=1e-6)


def test_the_right_order_costs_little_and_equal_scores_nothing() -> None:
    cosines = torch.tensor([0.9, 0.1])

    assert float(order_loss(cosines, torch.tensor([1.0, 0.0]))) < 1e-5
    assert float(order_loss(cosines, torch.tensor([1.0, 1.0]))) == 0.0
    assert float(order_loss(cosines, torch.tensor([0.0, 1.0]))) == pytest.approx(math.log(1 + math.exp(16)))
