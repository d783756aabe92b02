"""RowAdam moves what torch.optim.SparseAdam moves, RowDescent what torch.optim.SGD moves."""

import copy

import torch
from torch import nn

from slm_studio.engine.training.row_adam import RowAdam, RowDescent


def train(kind: type, table: nn.EmbeddingBag, steps: int) -> torch.optim.Optimizer:
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


def test_rows_without_a_gradient_rest() -> None:
    table = nn.EmbeddingBag(60, 8, mode="sum", sparse=True)
    before = table.weight.detach().clone()

    train(RowAdam, table, 5)

    assert torch.equal(table.weight[40:], before[40:]) and not torch.equal(table.weight[:40], before[:40])


def test_its_state_goes_on_bit_by_bit() -> None:
    torch.manual_seed(0)
    one = nn.EmbeddingBag(60, 8, mode="sum", sparse=True)
    first = train(RowAdam, one, 3)
    other = copy.deepcopy(one)
    second = RowAdam(other.parameters(), lr=0.5)
    second.load_state_dict(copy.deepcopy(first.state_dict()))

    for table, optimizer in ((one, first), (other, second)):
        optimizer.zero_grad()
        table(torch.tensor([[1, 2, 2, 5]])).pow(2).sum().backward()
        optimizer.step()

    assert torch.equal(one.weight, other.weight)


def test_plain_descent_moves_as_the_reference_does() -> None:
    torch.manual_seed(0)
    own = nn.EmbeddingBag(60, 8, mode="sum", sparse=True)
    reference = nn.EmbeddingBag(60, 8, mode="sum")
    reference.load_state_dict(own.state_dict())

    train(RowDescent, own, 30)
    train(torch.optim.SGD, reference, 30)

    torch.testing.assert_close(own.weight, reference.weight, rtol=1e-5, atol=1e-7)
