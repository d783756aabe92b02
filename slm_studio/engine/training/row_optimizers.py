"""Optimizers for tables of which a step touches few rows: the others, and what is remembered of them, rest."""

# R rows that a step touches, D width of the table

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

SELDOM = 16  # steps between two at which a whole table shrinks


class RowOptimizer(torch.optim.Optimizer):
    """Gathers the touched rows, moves them as dense ones, and puts them back. Gradients must be sparse [rows, width]."""

    def __init__(self, params: Iterable[Any], **defaults: object) -> None:
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move the rows that have a gradient."""
        for group in self.param_groups:
            for table in group["params"]:
                if table.grad is not None:
                    rows_R, gradient_RD = rows_of(table.grad)
                    change_RD, size = self._change(table, rows_R, gradient_RD, group)
                    here_RD = table.index_select(0, rows_R)
                    if decay := group.get("weight_decay", 0.0):
                        here_RD.mul_(1 - group["lr"] * decay)
                    table.index_copy_(0, rows_R, here_RD.sub_(change_RD, alpha=size))

    def _change(
        self, table: Tensor, rows_R: Tensor, gradient_RD: Tensor, group: dict[str, Any]
    ) -> tuple[Tensor, float]:
        """Return by what the rows move, and how far."""
        raise NotImplementedError

    def _state(self, table: Tensor, *names: str) -> dict[str, Any]:
        """Return what is remembered of a table, after counting this step; the named tables begin with zeros."""
        state: dict[str, Any] = self.state[table]
        if not state:
            state["step"] = 0
            for name in names:
                state[name] = torch.zeros_like(table)
        state["step"] += 1
        return state


def rows_of(gradient: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rows that a sparse gradient has, each once, and their values.

    Autograd forgets that they stand in order already; looking costs a tenth of sorting them again.
    """
    rows_R = gradient._indices()[0]
    if bool((rows_R[1:] > rows_R[:-1]).all()):
        return rows_R, gradient._values()
    gradient = gradient.coalesce()
    return gradient.indices()[0], gradient.values()


class RowAdam(RowOptimizer):
    """Does what torch.optim.SparseAdam does, three to four times as fast; with `weight_decay` like AdamW's.

    SparseAdam goes through sparse tensors for every moment. Source: Kingma & Ba 2014, https://arxiv.org/abs/1412.6980
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def _change(
        self, table: Tensor, rows_R: Tensor, gradient_RD: Tensor, group: dict[str, Any]
    ) -> tuple[Tensor, float]:
        state = self._state(table, "exp_avg", "exp_avg_sq")
        (beta, beta_sq), n = group["betas"], state["step"]
        mean_RD = state["exp_avg"].index_select(0, rows_R).lerp_(gradient_RD, 1 - beta)
        square_RD = state["exp_avg_sq"].index_select(0, rows_R).lerp_(gradient_RD.square(), 1 - beta_sq)
        state["exp_avg"].index_copy_(0, rows_R, mean_RD)
        state["exp_avg_sq"].index_copy_(0, rows_R, square_RD)
        size = group["lr"] * math.sqrt(1 - beta_sq**n) / (1 - beta**n)
        return mean_RD.div_(square_RD.sqrt_().add_(group["eps"])), size


class RowRMSprop(RowOptimizer):
    """Does on the touched rows what torch.optim.RMSprop does on all.

    Source: Hinton, Lecture 6e, https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf
    """

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, alpha: float = 0.9, eps: float = 1e-7) -> None:
        super().__init__(params, lr=lr, alpha=alpha, eps=eps)

    def _change(
        self, table: Tensor, rows_R: Tensor, gradient_RD: Tensor, group: dict[str, Any]
    ) -> tuple[Tensor, float]:
        state = self._state(table, "square_avg")
        square_RD = state["square_avg"].index_select(0, rows_R).lerp_(gradient_RD.square(), 1 - group["alpha"])
        state["square_avg"].index_copy_(0, rows_R, square_RD)
        return gradient_RD / square_RD.sqrt_().add_(group["eps"]), group["lr"]


class RowAdaGrad(RowOptimizer):
    """Moves rows the less, number by number, the farther they have come. As in GloVe's own program the sums begin at 1.

    Source: Duchi et al. 2011, https://jmlr.org/papers/v12/duchi11a.html
    """

    def __init__(self, params: Iterable[Any], lr: float = 0.05) -> None:
        super().__init__(params, lr=lr)

    def _change(
        self, table: Tensor, rows_R: Tensor, gradient_RD: Tensor, group: dict[str, Any]
    ) -> tuple[Tensor, float]:
        state = self._state(table, "sum")  # of the squares of all moves before
        change_RD = gradient_RD * group["lr"]
        sum_RD = state["sum"].index_select(0, rows_R).addcmul_(change_RD, change_RD)
        state["sum"].index_copy_(0, rows_R, sum_RD)
        return change_RD.div_(sum_RD.add_(1).sqrt_()), 1.0


class RowSGD(RowOptimizer):
    """Does on the touched rows what torch.optim.SGD does on all, with or without momentum.

    With `shrink` the whole table shrinks as by a penalty of shrink/2 · Σw²: rows that no step touches as well, so that what
    few rows taught about a rare feature fades. Every SELDOM steps at once, since a table may be large.
    """

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, momentum: float = 0.0, shrink: float = 0.0) -> None:
        super().__init__(params, lr=lr, momentum=momentum, shrink=shrink)

    def _change(
        self, table: Tensor, rows_R: Tensor, gradient_RD: Tensor, group: dict[str, Any]
    ) -> tuple[Tensor, float]:
        if not group["momentum"] and not group["shrink"]:
            return gradient_RD, group["lr"]
        state = self._state(table, *["momentum_buffer"] * bool(group["momentum"]))
        if group["shrink"] and state["step"] % SELDOM == 0:
            table.mul_((1 - group["lr"] * group["shrink"]) ** SELDOM)
        if not group["momentum"]:
            return gradient_RD, group["lr"]
        moving_RD = state["momentum_buffer"].index_select(0, rows_R).mul_(group["momentum"]).add_(gradient_RD)
        state["momentum_buffer"].index_copy_(0, rows_R, moving_RD)
        return moving_RD, group["lr"]
