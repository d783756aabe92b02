"""Checkpoints: atomic, hashed, complete. A folder appears under its name only when all of it is on the disk."""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from slm_studio.core import codec, files
from slm_studio.core.errors import StudioError
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.task import Task
from slm_studio.engine.training.optimizer import Optimizers

MANIFEST, BEST, AVERAGE = "manifest.json", "best.safetensors", "average.safetensors"


@dataclass(slots=True)
class Position:
    """Where a run stands: everything that is neither weights nor moments."""

    step: int = 0
    seconds: float = 0.0
    best: float | None = None  # the lowest held-out loss
    best_step: int = 0
    best_metrics: dict[str, float] = field(default_factory=dict)
    stale: int = 0  # evaluations since the best one
    evaluated: int = 0  # the last step after which held-out rows were scored
    skipped: int = 0  # updates with a gradient that was not finite
    history: int = 0  # bytes of history.jsonl that belong to this state
    counters: dict[str, int] = field(default_factory=dict)  # of the optimizers
    recent_loss: float = 0.0  # of training, smoothed
    last: int = 0  # the step at which the last pass began, which learns the held-out rows too; 0: it has not
    first_metrics: dict[str, float] = field(
        default_factory=dict
    )  # held-out, of a net that was scored before its first step
    looks: int = 0  # the doctor's: evaluations so far
    first_loss: float | None = None  # held-out, at the first look
    lowest_loss: float | None = None  # of training, smoothed, at the best look
    opinion: str = ""  # the code of what was said last


def save_checkpoint(
    folder: Path,
    task: Task,
    loaded: Loaded,
    optimizers: Optimizers,
    position: Position,
    best: dict[str, Tensor] | None,
    mean: dict[str, Tensor] | None = None,
) -> Path:
    """Write checkpoints/<step>/ and return it.

    model/ is a Transformers folder of the weights as they are, best.safetensors the best ones where they are others,
    average.safetensors their running mean where there is one.
    The manifest, with a sha256 of each file, is written last; then the folder takes its name.
    """
    target = folder / f"{position.step:08d}"
    tensors, position.counters = optimizers.state()
    refuse_broken(loaded.net)
    learnt = {name: parameter for name, parameter in loaded.net.named_parameters() if parameter.requires_grad}
    written = (learnt or loaded.net.state_dict(), tensors, best or {}, mean or {})
    files.check_room(folder, sum(map(_bytes, written)))
    with files.atomic_folder(target) as partial:
        task.save(loaded, partial / "model")
        save_file(tensors, partial / "optimizer.safetensors")
        if best is not None:
            save_file(best, partial / BEST)
        if mean is not None:
            save_file(mean, partial / AVERAGE)
        files.write_json(partial / "position.json", codec.to_json(position))
        files.write_json(partial / "facts.json", loaded.facts)
        files.write_json(partial / MANIFEST, {"files": hashes(partial)})
    return target


def load_position(checkpoint: Path) -> Position:
    """Return where the run stood."""
    return codec.read(Position, checkpoint / "position.json")


def restore_optimizers(checkpoint: Path, optimizers: Optimizers, position: Position) -> None:
    """Give the optimizers their moments back."""
    optimizers.restore(load_file(checkpoint / "optimizer.safetensors"), position.counters)


def best_weights(checkpoint: Path) -> dict[str, Tensor] | None:
    """Return the best weights, or None where the checkpoint's own are the best (or none were scored yet)."""
    return _weights(checkpoint / BEST)


def average_weights(checkpoint: Path) -> dict[str, Tensor] | None:
    """Return the running mean of the weights, or None where the run has none."""
    return _weights(checkpoint / AVERAGE)


def _weights(path: Path) -> dict[str, Tensor] | None:
    return load_file(path) if path.exists() else None


def newest(folder: Path) -> Path | None:
    """Return the newest checkpoint that is whole, or None."""
    return next((path for path in reversed(numbered(folder)) if is_whole(path)), None)


def numbered(folder: Path) -> list[Path]:
    """Return all checkpoints, oldest first."""
    return sorted(path for path in folder.glob("[0-9]*") if path.is_dir() and path.name.isdigit())


def find(folder: Path, step: int | None) -> Path:
    """Return the checkpoint of a step (None: the newest). Raises StudioError where there is none that is whole."""
    chosen = newest(folder) if step is None else folder / f"{step:08d}"
    if chosen is None or not is_whole(chosen):
        raise StudioError(
            "no-checkpoint",
            "There is no whole checkpoint {step}.",
            "Choose one of: {known}.",
            step="" if step is None else str(step),
            known=", ".join(str(int(path.name)) for path in numbered(folder)) or "—",
        )
    return chosen


def is_whole(checkpoint: Path) -> bool:
    """Say whether every file is there with the sha256 of the manifest."""
    try:
        manifest = files.read_object(checkpoint / MANIFEST)
    except StudioError:
        return False
    return hashes(checkpoint) == manifest.get("files")


def prune(folder: Path, keep: int = 2) -> None:
    """Keep the newest checkpoints and remove the others."""
    for path in numbered(folder)[:-keep]:
        shutil.rmtree(path, ignore_errors=True)


def hashes(folder: Path) -> dict[str, str]:
    """Return sha256 of every file below `folder` but the manifest."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST:
            with path.open("rb") as stream:
                found[path.relative_to(folder).as_posix()] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


def weights_of(net: nn.Module) -> dict[str, Tensor]:
    """Return a copy of all parameters that learn and of persistent buffers; tied ones stand once."""
    seen = {parameter.data_ptr() for parameter in net.parameters() if not parameter.requires_grad}  # stay as they are
    copy = {}
    for name, tensor in net.state_dict().items():
        if tensor.numel() and tensor.data_ptr() in seen:
            continue
        seen.add(tensor.data_ptr())
        copy[name] = tensor.detach().clone().contiguous()
    return copy


def load_weights(net: nn.Module, weights: dict[str, Tensor]) -> None:
    """Put `weights_of` back. Tied parameters follow the one that stands for them."""
    with torch.no_grad():
        own = net.state_dict()
        for name, tensor in weights.items():
            own[name].copy_(tensor)


def refuse_broken(net: nn.Module) -> None:
    """Raise where a parameter is not finite: such a checkpoint must never stand."""
    for name, parameter in net.named_parameters():
        if not torch.isfinite(parameter).all():
            raise StudioError(
                "not-finite",
                "The parameter “{name}” is no longer a finite number.",
                "Resume from the last checkpoint with a lower learning rate.",
                name=name,
            )


def _bytes(tensors: Mapping[str, Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors.values())
