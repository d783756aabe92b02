"""A head that points at both ends of an answer, kept beside a net that does something else.

It is what the stock network that answers has on top of an encoder, so that it fits there as it is. Its weights stand in a file
of their own: the net's own folder opens as if there were none.
"""

import copy
from pathlib import Path
from weakref import WeakKeyDictionary

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoModelForQuestionAnswering, PreTrainedModel

from slm_studio.core.errors import StudioError
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.config import built
from slm_studio.engine.models.weights import find_nonfinite, read_header

FILE = "pointing.safetensors"
HEAD = "pointing"  # what it is called within the net

_POINTERS: WeakKeyDictionary[nn.Module, PreTrainedModel] = WeakKeyDictionary()


def add_head(net: PreTrainedModel, folder: Path | None = None) -> list[str]:
    """Put a head beside a net: the one that its folder keeps, or a fresh one. Return the names of what is fresh; draws from torch's dice."""
    hollow = _hollow(net)
    head = _head_of(hollow).to_empty(device="cpu").train(net.training)
    net.add_module(HEAD, head)
    net._keys_to_ignore_on_save = {f"{HEAD}.{name}" for name in head.state_dict()}
    if folder is not None and keeps_head(folder):
        _put(folder, head)
        return []
    with torch.no_grad():
        head.apply(hollow._init_weights)
    return [f"{HEAD}.{name}" for name, _ in head.named_parameters()]


def has_head(net: nn.Module) -> bool:
    """Say whether a head stands beside a net."""
    return hasattr(net, HEAD)


def keeps_head(folder: Path) -> bool:
    """Say whether a folder keeps a head."""
    return (folder / FILE).is_file()


def take_head(net: PreTrainedModel, folder: Path) -> list[str]:
    """Put the head that a folder keeps on a network that answers; return the names of its weights, none where it keeps none."""
    head = _head_of(net)
    if not keeps_head(folder):
        return []
    _put(folder, head)
    return list(head.state_dict())


def save_head(net: PreTrainedModel, folder: Path) -> None:
    """Write the head of a net into its folder."""
    head = {name: tensor.detach().contiguous() for name, tensor in net.get_submodule(HEAD).state_dict().items()}
    save_file(head, folder / FILE, metadata={"format": "pt"})


def count_of_head(folder: Path) -> int:
    """Return how many numbers the head in a folder has, 0 where none is. Raises StudioError where it is damaged."""
    path = folder / FILE
    return sum(tensor.count for tensor in read_header(path).values()) if path.is_file() else 0


def pointer_of(loaded: Loaded) -> Loaded:
    """Return the network that answers, made of a net and the head beside it: it has no weights of its own."""
    net = loaded.net
    if net not in _POINTERS:
        pointer = _hollow(net)
        setattr(pointer, pointer.base_model_prefix, net.base_model)
        for name, layer in net.get_submodule(HEAD).named_children():
            setattr(pointer, name, layer)
        _POINTERS[net] = pointer
    return Loaded(_POINTERS[net], loaded.tokenizer, loaded.facts)


def _hollow(net: PreTrainedModel) -> PreTrainedModel:
    """Return the stock network that answers of a net's shape, without any numbers."""
    config = copy.deepcopy(net.config)
    config.num_labels = 2
    with torch.device("meta"):
        return built(lambda: AutoModelForQuestionAnswering.from_config(config))


def _head_of(pointer: PreTrainedModel) -> nn.ModuleDict:
    """Return what a network that answers has on top of its encoder."""
    return nn.ModuleDict({name: layer for name, layer in pointer.named_children() if name != pointer.base_model_prefix})


def _put(folder: Path, head: nn.Module) -> None:
    """Put the weights of a folder's file into a head. Raises StudioError where they are damaged, or another head's."""
    kept, own = read_header(folder / FILE), head.state_dict()
    for name in sorted({*own, *kept}):
        if name not in own or name not in kept or tuple(own[name].shape) != kept[name].shape:
            raise _misfit(name)
    if name := find_nonfinite(kept.values()):
        raise _misfit(name)
    head.load_state_dict(load_file(folder / FILE))


def _misfit(name: str) -> StudioError:
    return StudioError(
        "pointing-misfit",
        "“{file}” does not fit the model beside it ({name}).",
        "Fetch the model again, or remove this file: then the head for answers begins anew.",
        file=FILE,
        name=name[:120],
    )
