"""Rows move as torch.optim moves whole tables, and those without a gradient rest."""

import copy
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn

from slm_studio.engine.training.row_optimizers import (
    SELDOM,
    RowAdaGrad,
    RowAdam,
    RowRMSprop,
    RowSGD,
)

# ours → what does the same to dense tables
TWINS: list[tuple[Callable[..., torch.optim.Optimizer], Callable[..., torch.optim.Optimizer]]] = [
    (RowAdam, torch.optim.Adam),
    (partial(RowAdam, weight_decay=0.3), partial(torch.optim.AdamW, weight_decay=0.3)),
    (RowRMSprop, partial(torch.optim.RMSprop, alpha=0.9, eps=1e-7)),
    (RowSGD, torch.optim.SGD),
    (partial(RowSGD, momentum=0.9), partial(torch.optim.SGD, momentum=0.9)),
]
OURS = [ours for ours, _ in TWINS]


def train(kind: Callable[..., torch.optim.Optimizer], table: nn.EmbeddingBag, steps: int) -> torch.optim.Optimizer:
    optimizer = kind(table.parameters(), lr=0.01)
    dice = torch.Generator().manual_seed(1)
    for _ in range(steps):
        ids = torch.randint(0, 40, (4, 9), generator=dice)  # with repetitions, within a row and between rows
        optimizer.zero_grad()
        table(ids).pow(2).sum().backward()
        optimizer.step()
    return optimizer


def test_it_moves_as_the_reference_does() -> None:
    torch.manual_seed(0)
    own = nn.EmbeddingBag(60, 8, mode="sum", sparse=True)
    reference = copy.deepcopy(own)

    ours, theirs = train(RowAdam, own, 30), train(torch.optim.SparseAdam, reference, 30)

    torch.testing.assert_close(own.weight, reference.weight, rtol=1e-5, atol=1e-7)
    for one, other in zip(ours.state.values(), theirs.state.values(), strict=True):
        assert one["step"] == other["step"] == 30
        for name in ("exp_avg", "exp_avg_sq"):
            torch.testing.assert_close(one[name], other[name], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(("ours", "theirs"), TWINS)
def test_where_every_row_is_touched_it_moves_as_a_dense_one(ours, theirs) -> None:
    torch.manual_seed(0)
    own = nn.EmbeddingBag(6, 8, mode="sum", sparse=True)
    reference = nn.EmbeddingBag(6, 8, mode="sum")
    reference.load_state_dict(own.state_dict())
    optimizers = [(own, ours(own.parameters(), lr=0.01)), (reference, theirs(reference.parameters(), lr=0.01))]

    for step in range(20):
        ids = torch.randperm(6, generator=torch.Generator().manual_seed(step))[None].repeat(2, 1)
        for table, optimizer in optimizers:
            optimizer.zero_grad()
            table(torch.cat([ids, ids[:, :2]], 1)).pow(2).sum().backward()
            optimizer.step()

    torch.testing.assert_close(own.weight, reference.weight, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", OURS)
def test_rows_without_a_gradient_rest(kind) -> None:
    table = nn.EmbeddingBag(60, 8, mode="sum", sparse=True)
    before = table.weight.detach().clone()

    train(kind, table, 5)

    assert torch.equal(table.weight[40:], before[40:]) and not torch.equal(table.weight[:40], before[:40])


def test_a_table_that_shrinks_moves_as_under_a_penalty_of_squares() -> None:
    torch.manual_seed(0)
    own = nn.EmbeddingBag(60, 8, mode="sum", sparse=True)
    reference = nn.EmbeddingBag(60, 8, mode="sum")
    reference.load_state_dict(own.state_dict())
    before = own.weight.detach().clone()

    train(partial(RowSGD, shrink=0.5), own, 20 * SELDOM)
    train(partial(torch.optim.SGD, weight_decay=0.5), reference, 20 * SELDOM)

    # Only that it shrinks in strides sets it apart.
    torch.testing.assert_close(own.weight[40:], before[40:] * (1 - 0.01 * 0.5) ** (20 * SELDOM))
    torch.testing.assert_close(own.weight, reference.weight, rtol=0.1, atol=0.01)


@pytest.mark.parametrize("kind", [*OURS, partial(RowSGD, shrink=0.5), partial(RowSGD, momentum=0.9, shrink=0.5)])
def test_its_state_goes_on_bit_by_bit(kind) -> None:
    torch.manual_seed(0)
    one = nn.EmbeddingBag(60, 8, mode="sum", sparse=True)
    first = train(kind, one, 3)
    other = copy.deepcopy(one)
    second = kind(other.parameters(), lr=0.5)
    second.load_state_dict(copy.deepcopy(first.state_dict()))

    for table, optimizer in ((one, first), (other, second)):
        optimizer.zero_grad()
        table(torch.tensor([[1, 2, 2, 5]])).pow(2).sum().backward()
        optimizer.step()

    assert torch.equal(one.weight, other.weight)


def test_adagrad_moves_rows_as_gloves_program_does() -> None:
    table = torch.nn.Embedding(3, 2, sparse=True)
    before = table.weight.detach().clone()
    optimizer = RowAdaGrad([{"params": [table.weight]}], lr=0.5)
    sums = torch.ones(2)
    for gradient in (torch.tensor([2.0, -1.0]), torch.tensor([1.0, 4.0])):
        table.weight.grad = torch.sparse_coo_tensor(torch.tensor([[1]]), gradient[None], (3, 2), check_invariants=True)
        sums = sums + (0.5 * gradient) ** 2
        before[1] -= 0.5 * gradient / sums.sqrt()

        optimizer.step()

    assert torch.allclose(table.weight.detach(), before)
