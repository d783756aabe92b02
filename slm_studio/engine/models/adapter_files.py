"""Adapter files: a folder that holds adapters alone, and the name of the base that they need. No torch."""

from collections.abc import Mapping
from pathlib import Path

from slm_studio.core.errors import StudioError
from slm_studio.core.saved import local_folder
from slm_studio.engine.models.weights import Tensor, read_header, read_json

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
MAX_CONFIG = 1024 * 1024  # bytes


def is_adapter(folder: Path) -> bool:
    """Say whether a folder holds adapters alone."""
    return (folder / CONFIG).is_file() and not (folder / "config.json").is_file()


def base_named(folder: Path) -> str:
    """Return what the base of a folder of adapters is called."""
    return str(read_config(folder)["base_model_name_or_path"])


def base_of(folder: Path, facts: Mapping[str, object]) -> Path:
    """Return where the base of a folder of adapters stands. Raises StudioError where it is not on this computer."""
    named = base_named(folder)
    for base in (facts.get("base_folder"), named, facts.get("base")):
        found = local_folder(str(base)) if base else None
        if found is not None and not is_adapter(found):
            return found
    raise StudioError(
        "adapter-base-missing",
        "The adapter goes with “{base}”, which is not on this computer.",
        "Fetch that model first.",
        base=named,
    )


def read_tensors(folder: Path) -> dict[str, Tensor]:
    """Return the tensors of a folder of adapters, every claim compared with the file's size."""
    return read_header(folder / WEIGHTS)


def read_config(folder: Path) -> Mapping[str, object]:
    """Return adapter_config.json. Raises StudioError unless it is that of a plain LoRA."""
    plain = read_json(folder / CONFIG, MAX_CONFIG)
    names = plain.get("target_modules") if isinstance(plain, dict) else None
    is_known = (
        isinstance(plain, dict)
        and plain.get("peft_type") == "LORA"
        and isinstance(plain.get("base_model_name_or_path"), str)
        and isinstance(plain.get("r"), int)
        and 0 < plain["r"] <= 4096
        and isinstance(plain.get("lora_alpha"), int | float)
        and isinstance(names, list)
        and all(isinstance(name, str) for name in names)
        and not any(plain.get(name) for name in ("use_dora", "rank_pattern", "alpha_pattern", "modules_to_save"))
    )
    if not is_known:
        raise StudioError(
            "adapter-kind",
            "The adapter is of a kind that cannot be opened here: only a plain LoRA can.",
            "Merge it into its base where it was made, and import that.",
        )
    return {"lora_dropout": 0.0, **plain}
