"""Read off what modules of a net take in and give out while it answers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

_ON_REQUEST = ("mpnet", "deberta-v2")  # whose attention tells its weights only where the config asks for them


@dataclass(slots=True)
class Recording:
    """What was read off: of each module its calls in turn, of the first text of the batch."""

    final: Tensor | None = None  # what the net answered
    _calls: dict[nn.Module, list[tuple[list[Tensor], list[Tensor]]]] = field(default_factory=dict)

    def taken(self, module: nn.Module, call: int = 0) -> Tensor:
        """Return the first tensor that a module took in."""
        return self._calls[module][call][0][0]

    def given(self, module: nn.Module, call: int = 0) -> Tensor:
        """Return the first tensor that a module gave out."""
        return self._calls[module][call][1][0]

    def beside(self, module: nn.Module, call: int = 0) -> Tensor | None:
        """Return the second tensor that a module gave out, where there is one: of attention its weights."""
        given = self._calls[module][call][1]
        return given[1] if len(given) > 1 else None

    def note(self, module: nn.Module, taken: object, given: object) -> None:
        """Keep a call."""
        self._calls.setdefault(module, []).append((_tensors(taken), _tensors(given)))


@torch.inference_mode()
def record(net: PreTrainedModel, modules: Sequence[nn.Module], run: Callable[[], Tensor]) -> Recording:
    """Let `run` ask the net, and return what went through some of its modules on the way."""
    found = Recording()
    hooks = [
        module.register_forward_hook(
            lambda one, arguments, named, given: found.note(one, (*arguments, *named.values()), given), with_kwargs=True
        )
        for module in dict.fromkeys(modules)
    ]
    try:
        with _weights_told(net):
            found.final = run()[0].float().cpu()
    finally:
        for hook in hooks:
            hook.remove()
    return found


@contextmanager
def _weights_told(net: PreTrainedModel) -> Iterator[None]:
    """Let attention tell its weights: the fast ways of computing it never hold them."""
    config, way = net.config, net.config._attn_implementation
    is_fast = way not in (None, "eager")
    is_asked = config.model_type in _ON_REQUEST
    try:
        if is_fast:
            net.set_attn_implementation("eager")
        if is_asked:
            config.output_attentions = True
        yield
    finally:
        if is_asked:
            config.output_attentions = False
        if is_fast:
            net.set_attn_implementation(way)


def _tensors(value: object) -> list[Tensor]:
    """Return the tensors of what went in or out, of the first text of a batch."""
    parts = value if isinstance(value, tuple | list) else (value,)
    return [part[0].detach().float().cpu() for part in parts if isinstance(part, Tensor) and part.dim()]
