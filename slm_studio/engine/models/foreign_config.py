"""Check a foreign config.json: of a kind that is known, without code of its own, of sizes that are sane."""

from collections.abc import Mapping
from pathlib import Path

from slm_studio.core.errors import StudioError
from slm_studio.engine.models.architectures import ARCHITECTURES
from slm_studio.engine.models.weights import read_json

MAX_CONFIG = 16 * 1024 * 1024  # bytes: ten thousand labels fit

TARGETS = {"multi_label_classification": "many", "regression": "number"}  # what configs call kinds of answers

# What a config may call a size → the most that is sane.
_BOUNDS = {
    "num_hidden_layers": 512, "n_layer": 512, "n_layers": 512, "num_layers": 512, "hidden_size": 65_536, "n_embd": 65_536,
    "dim": 65_536, "embedding_size": 65_536, "num_attention_heads": 1_024, "n_head": 1_024, "n_heads": 1_024,
    "intermediate_size": 1_048_576, "n_inner": 1_048_576, "hidden_dim": 1_048_576, "vocab_size": 4_194_304,
    "max_position_embeddings": 16_777_216, "n_positions": 16_777_216, "type_vocab_size": 65_536, "num_labels": 10_000,
    "head_dim": 65_536, "num_key_value_heads": 1_024, "hidden_sizes": 65_536, "filters": 65_536, "filter_widths": 1_024,
    "d_model": 65_536, "d_kv": 65_536, "d_ff": 1_048_576, "num_decoder_layers": 512, "num_heads": 1_024, "encoder_layers": 512,
    "decoder_layers": 512, "encoder_attention_heads": 1_024, "decoder_attention_heads": 1_024, "encoder_ffn_dim": 1_048_576,
    "decoder_ffn_dim": 1_048_576, "relative_attention_num_buckets": 65_536,
}  # fmt: skip
_LISTS = ("hidden_sizes", "filter_widths")
_LONGEST = 512  # sizes in a list: those of layers
_IMPLEMENTATIONS = (
    "_attn_implementation", "attn_implementation", "_attn_implementation_internal",
    "_experts_implementation", "experts_implementation", "_experts_implementation_internal",
)  # fmt: skip


def check_config(folder: Path) -> dict[str, object]:
    """Return config.json where it describes a model that may be opened; the weights need not be there yet."""
    config = _read_config(folder)
    _check_type(config)
    _check_code(folder, config)
    _check_sizes(config)
    return config


def target_in(config: Mapping[str, object]) -> str:
    """Return what the answers of a network that classifies are, as its config says it: one label where it says nothing."""
    return TARGETS.get(str(config.get("problem_type") or ""), "one")


def _read_config(folder: Path) -> dict[str, object]:
    if not (folder / "config.json").is_file():
        raise StudioError(
            "model-no-config",
            "There is no model here: config.json is missing.",
            "Choose a folder or repository that holds a whole Transformers model.",
        )
    config = read_json(folder / "config.json", MAX_CONFIG)
    if not isinstance(config, dict):
        raise StudioError(
            "model-damaged",
            "“{file}” is damaged: {reason}.",
            "Fetch the model again, or take it from another source.",
            file="config.json",
            reason="it is no table",
        )
    return config


def _check_type(config: Mapping[str, object]) -> None:
    model_type = config.get("model_type")
    if not isinstance(model_type, str) or model_type not in ARCHITECTURES:
        raise StudioError(
            "model-type",
            "Models of the type “{type}” cannot be opened here.",
            "Choose a model of one of these types: {types}.",
            type=str(model_type)[:80],
            types=", ".join(ARCHITECTURES),
        )
    if config.get("quantization_config"):
        raise StudioError(
            "model-quantised",
            "This model's numbers are stored in a shortened form that cannot be opened here.",
            "Look for the version that was not quantised.",
        )


def _check_code(folder: Path, config: Mapping[str, object]) -> None:
    """Refuse what asks for code: auto_map, custom pipelines, attention kernels from a hub."""
    tables = [config]
    for name in ("tokenizer_config.json", "generation_config.json", "processor_config.json"):
        if (folder / name).is_file():
            table = read_json(folder / name, MAX_CONFIG)
            tables.append(table if isinstance(table, dict) else {})
    wants = [key for table in tables for key in ("auto_map", "custom_pipelines", "custom_generate") if table.get(key)]
    kernels = [key for key in _IMPLEMENTATIONS if "/" in str(config.get(key) or "")]
    if wants or kernels:
        raise StudioError(
            "model-code",
            "This model would run its own code ({what}).",
            "Choose a model whose shape is part of Transformers.",
            what=(wants + kernels)[0],
        )


def _check_sizes(config: Mapping[str, object]) -> None:
    for name, most in _BOUNDS.items():
        value = config.get(name)
        if value is None:
            continue
        sizes = value if isinstance(value, list) and name in _LISTS else [value]
        if len(sizes) > _LONGEST or not all(type(size) is int and 0 <= size <= most for size in sizes):
            raise StudioError(
                "model-size",
                "config.json says {name} = {value}, which no model has.",
                "Fetch the model again, or take it from another source.",
                name=name,
                value=str(value)[:80],
            )
