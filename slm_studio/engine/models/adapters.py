"""Adapters: LoRA, small matrices beside frozen ones. The network stays what it is; its layers look further aside.

Source: Hu et al. 2021, https://arxiv.org/abs/2106.09685; computed by `peft`, which is imported late (a second).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from slm_studio.core import files
from slm_studio.core.errors import StudioError
from slm_studio.engine.models.adapter_files import CONFIG, WEIGHTS, read_config

NAME = "default"  # of the one adapter, as peft calls it
PREFIX = "base_model.model."  # what every adapter file puts before the names of tensors
_MARKS = ("lora_A", "lora_B")


def add_adapter(net: PreTrainedModel, *, rank: int, alpha: float, attention_only: bool, dropout: float) -> None:
    """Freeze a network and put fresh adapters on its layers; they change nothing at first. Draws from torch's dice."""
    names = _matrices(net, attention_only)
    if not names:
        raise StudioError(
            "no-adapter",
            "The layers of this network have no matrices that an adapter can stand beside.",
            "Let all weights learn instead.",
        )
    _inject(net, {"r": rank, "lora_alpha": alpha, "lora_dropout": dropout, "target_modules": names})


def has_adapter(net: nn.Module) -> bool:
    """Say whether there are adapters in a network."""
    return any(mark in name for name, _ in net.named_parameters() for mark in _MARKS)


def adapter_names(net: nn.Module) -> list[str]:
    """Return the names of the adapters' parameters."""
    return [name for name, _ in net.named_parameters() if any(mark in name for mark in _MARKS)]


@contextmanager
def without_adapter(net: nn.Module) -> Iterator[None]:
    """Let a network compute as its base does."""
    layers = list(_layers(net))
    try:
        for _, layer in layers:
            layer.enable_adapters(False)
        yield
    finally:
        for _, layer in layers:
            layer.enable_adapters(True)


def merged_weights(net: PreTrainedModel) -> dict[str, Tensor]:
    """Return the weights of the plain network that computes the same; the network itself stays as it is."""
    deltas = {f"{name}.weight": layer.get_delta_weight(NAME) for name, layer in _layers(net)}
    found = {}
    for name, tensor in net.state_dict().items():
        if any(mark in name for mark in _MARKS):
            continue
        plain = name.replace(".base_layer.", ".")
        found[plain] = (tensor + deltas[plain].to(tensor.dtype)) if plain in deltas else tensor
    return found


def merge(net: PreTrainedModel) -> PreTrainedModel:
    """Return the network with its adapters made part of its weights."""
    weights = merged_weights(net)
    for name, layer in list(_layers(net)):
        parent, _, last = name.rpartition(".")
        setattr(net.get_submodule(parent), last, layer.get_base_layer())
    net.load_state_dict(weights)
    del net.peft_config  # or peft would warn of a second one
    return net.requires_grad_(True)


def save_adapter(net: PreTrainedModel, folder: Path, base: str) -> None:
    """Write the adapters alone, as every reader of them expects it, with the name of the base that they need."""
    tensors = {
        PREFIX + name.replace(f".{NAME}.", "."): tensor.detach().contiguous()
        for name, tensor in net.state_dict().items()
        if any(mark in name for mark in _MARKS)
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    known = net.peft_config[NAME]
    files.write_json(
        folder / CONFIG,
        {
            "peft_type": "LORA",
            "task_type": "CAUSAL_LM",
            "base_model_name_or_path": base,
            "r": known.r,
            "lora_alpha": known.lora_alpha,
            "lora_dropout": known.lora_dropout,
            "target_modules": sorted(known.target_modules),
            "fan_in_fan_out": known.fan_in_fan_out,
            "bias": "none",
            "inference_mode": True,
        },
    )


def put_adapter(net: PreTrainedModel, folder: Path) -> None:
    """Put the adapters of a folder on their base. Raises StudioError where they do not fit."""
    from safetensors.torch import load_file

    config = read_config(folder)
    base = Path(str(config["base_model_name_or_path"])).name
    try:
        _inject(net, {name: config[name] for name in ("r", "lora_alpha", "lora_dropout", "target_modules")})
    except ValueError as error:  # peft's, where no matrix has such a name
        raise _misfit(base) from error
    tensors = {name.removeprefix(PREFIX): tensor for name, tensor in load_file(folder / WEIGHTS).items()}
    own = {name.replace(f".{NAME}.", "."): tensor for name, tensor in net.state_dict().items()}
    wanted = {name for name in own if any(mark in name for mark in _MARKS)}
    if set(tensors) != wanted or any(tensors[name].shape != own[name].shape for name in wanted):
        raise _misfit(base)
    with torch.no_grad():
        for name in wanted:
            own[name].copy_(tensors[name])


def _misfit(base: str) -> StudioError:
    return StudioError(
        "adapter-misfit",
        "The adapter does not fit its base “{base}”.",
        "Fetch both from the same place, or save the model merged.",
        base=base,
    )


def _inject(net: PreTrainedModel, settings: Mapping[str, object]) -> None:
    from peft import LoraConfig, inject_adapter_in_model

    turned = any(isinstance(module, Conv1D) for module in net.modules())  # GPT-2 keeps its matrices turned over
    inject_adapter_in_model(LoraConfig(**settings, bias="none", fan_in_fan_out=turned), net)  # type: ignore[arg-type]
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(any(mark in name for mark in _MARKS))


def _layers(net: nn.Module) -> Iterator[tuple[str, "nn.Module"]]:
    from peft.tuners.lora import LoraLayer

    yield from ((name, module) for name, module in net.named_modules() if isinstance(module, LoraLayer))


def _matrices(net: PreTrainedModel, attention_only: bool) -> list[str]:
    """Return the ends of the names of a network's matrices that are no table of words. Example: ["mlp.up_proj", …]"""
    head = net.get_output_embeddings()
    names = {
        ".".join(name.split(".")[-2:])
        for name, module in net.named_modules()
        if isinstance(module, nn.Linear | Conv1D) and module is not head
    }
    return sorted(name for name in names if not attention_only or "attn" in name or "attention" in name)
