"""The optimizers of a run, moved as one: one for dense parameters, one for tables of which a step touches few rows."""

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial

import torch
from torch import Tensor, nn

from slm_studio.core.recipe import Recipe
from slm_studio.engine.training.row_optimizers import RowAdaGrad, RowAdam, RowRMSprop, RowSGD

Make = Callable[..., torch.optim.Optimizer]
# Keras' constants where a recipe of a textbook asks for RMSprop: PyTorch's own forget ten times as slowly.
_RMSPROP = {"alpha": 0.9, "eps": 1e-7}
# What a recipe calls it → how it is made for dense parameters, and for rows.
_KINDS: Mapping[str, tuple[Make, Make]] = {
    "auto": (partial(torch.optim.AdamW, betas=(0.9, 0.99), fused=True), RowAdam),
    "adamw": (partial(torch.optim.AdamW, fused=True), RowAdam),
    "adam": (partial(torch.optim.Adam, fused=True), RowAdam),
    "rmsprop": (partial(torch.optim.RMSprop, **_RMSPROP), partial(RowRMSprop, **_RMSPROP)),
    "sgd": (torch.optim.SGD, RowSGD),
}
# Rules that a table may name where the recipe leaves it to the net.
_RULES: Mapping[str, Make] = {"descent": RowSGD, "adagrad": RowAdaGrad}
# Numbers that an optimizer remembers of each parameter.
_REMEMBERED = {"rmsprop": 1, "sgd": 0}


class Optimizers:
    """Every optimizer of a run behind one `step`.

    Parameters named in `fresh` (newly made on top of inherited ones) learn `recipe.head_factor` times faster.
    Weight decay and penalties leave vectors (biases, norms) alone, as usual.
    """

    def __init__(self, net: nn.Module, recipe: Recipe, fresh: Collection[str] = ()) -> None:
        self.recipe = recipe
        sparse = sparse_parameters(net)
        named = [(name, parameter) for name, parameter in net.named_parameters() if parameter.requires_grad]
        dense = [(name, parameter) for name, parameter in named if name not in sparse]
        self.dense = [parameter for _, parameter in dense]
        self.tables = [parameter for name, parameter in named if name in sparse]
        self.parts: list[torch.optim.Optimizer] = []
        of_dense, of_rows = _KINDS[recipe.optimizer]
        more = {"momentum": recipe.momentum} if recipe.optimizer == "sgd" else {}
        if dense:
            self.parts.append(of_dense(list(self._groups(dense, fresh)), lr=1.0, **more))
        rate = recipe.learning_rate or 0.0
        plain = plain_rates(net, rate)
        ruled = row_rules(net) if recipe.optimizer in ("auto", "sgd") else {}
        for rule, make in _RULES.items():
            if tables := [parameter for name, parameter in named if ruled.get(name) == rule]:
                self.parts.append(make([{"params": tables, "lr": rate, "peak": rate}]))
        if tables := [p for name, p in named if name in sparse and name not in plain and name not in ruled]:
            decay = {"weight_decay": recipe.weight_decay} if recipe.optimizer == "adamw" else {}
            self.parts.append(of_rows([{"params": tables, "lr": rate, "peak": rate} | decay], **more))
        # What descends its gradient does so whatever the recipe says of the others: its rate is made for that.
        for name, parameter in named:
            if name in plain:
                peak, shrink = plain[name]
                self.parts.append(RowSGD([{"params": [parameter], "lr": peak, "peak": peak, "shrink": shrink}], **more))

    def _groups(self, dense: list[tuple[str, Tensor]], fresh: Collection[str]) -> Iterator[dict[str, object]]:
        rate, factor = self.recipe.learning_rate, self.recipe.head_factor
        decay = self.recipe.weight_decay if self.recipe.decays else 0.0
        assert rate is not None
        assert factor is not None
        for is_fresh in (False, True):
            for is_matrix in (False, True):
                params = [p for name, p in dense if (name in fresh) == is_fresh and (p.dim() > 1) == is_matrix]
                if params:
                    peak = rate * factor if is_fresh else rate
                    yield {"params": params, "lr": peak, "peak": peak, "weight_decay": decay if is_matrix else 0.0}

    def step(self, factor: float) -> float:
        """Add the penalties, clip, move all parameters with the learning rate scaled by `factor`; return the gradient's norm.

        Does nothing where the gradient is not finite.
        """
        self._penalise()
        norm = float(nn.utils.clip_grad_norm_([p for p in self.dense if p.grad is not None], self.recipe.clip))
        if norm == norm and norm not in (float("inf"), float("-inf")):
            for part in self.parts:
                for group in part.param_groups:
                    group["lr"] = group["peak"] * factor
                part.step()
        return norm

    @torch.no_grad()
    def _penalise(self) -> None:
        """Add to the gradients those of l1 · Σ|w| + l2 · Σw² over all matrices; of tables, over the rows of this step.

        So do Keras' regularizers. The loss that is shown is without it.
        """
        l1, l2 = self.recipe.l1, self.recipe.l2
        if not l1 and not l2:
            return
        for parameter in self.dense:
            if parameter.grad is not None and parameter.dim() > 1:
                parameter.grad.add_(parameter, alpha=2 * l2).add_(parameter.sign(), alpha=l1)
        for table in self.tables:
            if table.grad is not None:
                gradient = table.grad.coalesce()
                rows_RD = table.index_select(0, gradient.indices()[0])
                values_RD = gradient.values().add(rows_RD, alpha=2 * l2).add_(rows_RD.sign(), alpha=l1)
                table.grad = torch.sparse_coo_tensor(
                    gradient.indices(), values_RD, gradient.shape, is_coalesced=True, check_invariants=False
                )

    def forget(self) -> None:
        """Drop the gradients."""
        for part in self.parts:
            part.zero_grad(set_to_none=True)

    def state(self) -> tuple[dict[str, Tensor], dict[str, int]]:
        """Return the moments as tensors and the counters as numbers, by stable names."""
        tensors: dict[str, Tensor] = {}
        numbers: dict[str, int] = {}
        for place, part in enumerate(self.parts):
            for index, values in part.state_dict()["state"].items():
                for key, value in values.items():
                    name = f"{place}.{index}.{key}"
                    if isinstance(value, Tensor):
                        tensors[name] = value.detach().contiguous()
                    else:
                        numbers[name] = int(value)
        return tensors, numbers

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, int]) -> None:
        """Take back what `state` returned."""
        for place, part in enumerate(self.parts):
            whole = part.state_dict()
            state: dict[int, dict[str, object]] = {}
            for name, value in (tensors | numbers).items():
                owner, index, key = name.split(".", 2)
                if int(owner) == place:
                    state.setdefault(int(index), {})[key] = value
            part.load_state_dict({"state": state, "param_groups": whole["param_groups"]})


def plain_rates(net: nn.Module, rate: float) -> dict[str, tuple[float, float]]:
    """Return the tables that a net wants to learn by plain gradient descent: how fast, by the recipe's rate, and how they shrink."""
    found: dict[str, tuple[float, float]] = net.plain_rates(rate) if hasattr(net, "plain_rates") else {}  # type: ignore[operator]
    return found


def row_rules(net: nn.Module) -> dict[str, str]:
    """Return the tables that move by a rule of their own, which their module names: those of word vectors, as their papers say."""
    rules = {f"{name}.weight": getattr(module, "rule", "") for name, module in net.named_modules()}
    return {name: rule for name, rule in rules.items() if rule}


def remembered(recipe: Recipe) -> int:
    """Return how many numbers an optimizer remembers of each parameter."""
    return 1 if recipe.momentum else _REMEMBERED.get(recipe.optimizer, 2)


def sparse_parameters(net: nn.Module) -> set[str]:
    """Return the names of the tables whose gradients are sparse."""
    return {
        f"{name}.weight" if name else "weight"
        for name, module in net.named_modules()
        if isinstance(module, nn.Embedding | nn.EmbeddingBag) and module.sparse
    }
