"""AdamW for dense parameters, and for tables of which a step touches few rows what suits them, moved as one."""

from collections.abc import Collection, Iterator, Mapping

import torch
from torch import Tensor, nn

from slm_studio.core.recipe import Recipe
from slm_studio.engine.training.row_adam import RowAdam
from slm_studio.engine.training.row_rules import RowAdaGrad, RowSGD

ADAM = "adam"
RULES: Mapping[str, type[torch.optim.Optimizer]] = {ADAM: RowAdam, "sgd": RowSGD, "adagrad": RowAdaGrad}


class Optimizers:
    """Every optimizer of a run behind one `step`.

    Parameters named in `fresh` (newly made on top of inherited ones) learn `recipe.head_factor` times faster.
    Weight decay leaves vectors (biases, norms) alone, as usual.
    """

    def __init__(self, net: nn.Module, recipe: Recipe, fresh: Collection[str] = ()) -> None:
        self.recipe = recipe
        sparse = sparse_parameters(net)
        named = [(name, parameter) for name, parameter in net.named_parameters() if parameter.requires_grad]
        dense = [(name, parameter) for name, parameter in named if name not in sparse]
        self.dense = [parameter for _, parameter in dense]
        self.parts: list[torch.optim.Optimizer] = []
        if dense:
            self.parts.append(
                torch.optim.AdamW(list(self._groups(dense, fresh)), lr=1.0, betas=(0.9, 0.99), fused=True)
            )
        if sparse:
            self.parts += self._by_rule([(name, parameter) for name, parameter in named if name in sparse], sparse)

    def _by_rule(self, tables: list[tuple[str, Tensor]], rules: Mapping[str, str]) -> Iterator[torch.optim.Optimizer]:
        peak = self.recipe.learning_rate
        for rule, kind in RULES.items():
            if params := [parameter for name, parameter in tables if rules[name] == rule]:
                yield kind([{"params": params, "lr": peak, "peak": peak}])

    def _groups(self, dense: list[tuple[str, Tensor]], fresh: Collection[str]) -> Iterator[dict[str, object]]:
        rate, decay, factor = self.recipe.learning_rate, self.recipe.weight_decay, self.recipe.head_factor
        assert rate is not None
        assert factor is not None
        for is_fresh in (False, True):
            for is_matrix in (False, True):
                params = [p for name, p in dense if (name in fresh) == is_fresh and (p.dim() > 1) == is_matrix]
                if params:
                    peak = rate * factor if is_fresh else rate
                    yield {"params": params, "lr": peak, "peak": peak, "weight_decay": decay if is_matrix else 0.0}

    def step(self, factor: float) -> float:
        """Clip, move all parameters with the learning rate scaled by `factor`, and return the gradient's norm.

        Does nothing where the gradient is not finite.
        """
        norm = float(nn.utils.clip_grad_norm_([p for p in self.dense if p.grad is not None], self.recipe.clip))
        if norm == norm and norm not in (float("inf"), float("-inf")):
            for part in self.parts:
                for group in part.param_groups:
                    group["lr"] = group["peak"] * factor
                part.step()
        return norm

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


def sparse_parameters(net: nn.Module) -> dict[str, str]:
    """Return the names of the tables whose gradients are sparse, and by which rule each moves: a module may name one."""
    return {
        f"{name}.weight" if name else "weight": str(getattr(module, "rule", ADAM))
        for name, module in net.named_modules()
        if isinstance(module, nn.Embedding | nn.EmbeddingBag) and module.sparse
    }
