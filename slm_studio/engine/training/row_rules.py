"""Plain ways to move tables of which a step touches few rows: those of word2vec and of GloVe."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

FARTHEST = 0.5  # that a row may move in one step: of a large batch the most frequent words would be thrown about


class RowSGD(torch.optim.Optimizer):
    """Moves the touched rows against their gradients, none farther than FARTHEST."""

    def __init__(self, params: Iterable[Any], lr: float = 0.025) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move the rows that have a gradient."""
        for table, rows_R, gradient_RD, rate in _touched(self):
            change_RD = gradient_RD * -rate
            lengths_R1 = torch.linalg.vector_norm(change_RD, dim=1, keepdim=True)
            table.index_add_(0, rows_R, change_RD.mul_(FARTHEST / lengths_R1.clamp_(min=FARTHEST)))


class RowAdaGrad(torch.optim.Optimizer):
    """Moves rows the less, number by number, the farther they have come. As GloVe's own program: the sums begin at 1.

    Source: Duchi et al. 2011, https://jmlr.org/papers/v12/duchi11a.html
    """

    def __init__(self, params: Iterable[Any], lr: float = 0.05) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move the rows that have a gradient."""
        for table, rows_R, gradient_RD, rate in _touched(self):
            state = self.state[table]
            if not state:
                state["sum"] = torch.ones_like(table)
            change_RD = gradient_RD * rate
            sum_RD = state["sum"].index_select(0, rows_R).addcmul_(change_RD, change_RD)
            state["sum"].index_copy_(0, rows_R, sum_RD)
            table.index_add_(0, rows_R, change_RD.div_(sum_RD.sqrt_()), alpha=-1)


def _touched(optimizer: torch.optim.Optimizer) -> Iterable[tuple[Tensor, Tensor, Tensor, float]]:
    """Yield each table that has a gradient, the rows of it, their gradients, and the learning rate."""
    for group in optimizer.param_groups:
        for table in group["params"]:
            if table.grad is not None:
                yield table, *_rows_of(table.grad), group["lr"]


def _rows_of(gradient: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rows that a sparse gradient has, each once, and their values."""
    rows_R = gradient._indices()[0]  # autograd forgets that they are in order already: looking is cheaper than sorting
    if bool((rows_R[1:] > rows_R[:-1]).all()):
        return rows_R, gradient._values()
    gradient = gradient.coalesce()
    return gradient.indices()[0], gradient.values()
