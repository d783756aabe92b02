"""Check a foreign model folder before anything is loaded: no torch, no Transformers, no code of the folder's.

Whatever a config claims is compared with the tensors that are there, because a loader would believe it: fill missing
tensors with random numbers, reserve memory for a billion rows, follow a link, fetch code.
"""

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slm_studio.core.errors import StudioError
from slm_studio.engine.sharing.fitting import check_shapes, count_classes, first_number
from slm_studio.engine.sharing.weights import Tensor, find_nonfinite, read_json, read_weights

MAX_MEMBERS = 10_000
MAX_CONFIG = 16 * 1024 * 1024  # ten thousand labels fit
FINITE_LIMIT = 200 * 1024 * 1024  # bytes that are looked through for NaN

BAG_TOKENIZER = "bag_tokenizer.json"  # the studio's own
MAX_PART = 32  # characters of a hashed part
MAX_HASHES = 1 << 26

# model_type → end of the name of its word embedding. Only shapes that the studio knows how to open.
_BERT_LIKE, _LLAMA_LIKE = "embeddings.word_embeddings.weight", "embed_tokens.weight"
OWN_TYPES = ("slm-bag", "slm-lstm")  # the studio's own shapes
ALLOWED = {
    "bert": _BERT_LIKE, "distilbert": _BERT_LIKE, "roberta": _BERT_LIKE, "xlm-roberta": _BERT_LIKE, "albert": _BERT_LIKE,
    "electra": _BERT_LIKE, "mpnet": _BERT_LIKE, "camembert": _BERT_LIKE,
    "gpt2": "wte.weight", "gpt_neox": "embed_in.weight",
    "llama": _LLAMA_LIKE, "qwen2": _LLAMA_LIKE, "qwen3": _LLAMA_LIKE, "mistral": _LLAMA_LIKE, "gemma": _LLAMA_LIKE,
    "gemma2": _LLAMA_LIKE, "gemma3_text": _LLAMA_LIKE, "smollm3": _LLAMA_LIKE, "phi3": _LLAMA_LIKE, "olmo2": _LLAMA_LIKE,
    "slm-lstm": "reader.embeddings.weight", "slm-bag": "table.weight",
}  # fmt: skip

# What a config may call a size → the most that is sane.
_BOUNDS = {
    "num_hidden_layers": 512, "n_layer": 512, "n_layers": 512, "num_layers": 512, "hidden_size": 65_536, "n_embd": 65_536,
    "dim": 65_536, "embedding_size": 65_536, "num_attention_heads": 1_024, "n_head": 1_024, "n_heads": 1_024,
    "intermediate_size": 1_048_576, "n_inner": 1_048_576, "hidden_dim": 1_048_576, "vocab_size": 4_194_304,
    "max_position_embeddings": 16_777_216, "n_positions": 16_777_216, "type_vocab_size": 65_536, "num_labels": 10_000,
    "head_dim": 65_536, "num_key_value_heads": 1_024,
}  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9_]{1,120}")
_VOCABULARIES = (("tokenizer.json",), ("vocab.txt",), ("vocab.json", "merges.txt"), (BAG_TOKENIZER,))


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """What is known of a model folder without loading it."""

    model_type: str
    architecture: str  # the first of config.json's architectures, or ""
    parameters: int
    bytes: int  # of the weights
    labels: tuple[str, ...] = ()
    task: str = ""  # what it can answer; "" = only a base to continue
    dtype: str = "F32"  # of most numbers
    positions: int = 0  # the most tokens it can read at once; 0 = the config does not say
    memory: int = 0  # bytes it will need when open, estimated


def inspect_folder(folder: Path) -> Inspection:
    """Return what the folder holds. Raises one StudioError that says why it must not be opened."""
    check_members(folder)
    config = check_config(folder)
    tensors = read_weights(folder)
    model_type = str(config["model_type"])
    rows = check_shapes(ALLOWED[model_type], config, tensors)
    _check_tokenizer(folder, config, rows)
    _check_finite(tensors)
    architecture = _architecture(config)
    labels = _labels(config, count_classes(tensors)) if architecture.endswith("ForSequenceClassification") else ()
    floats = [tensor.dtype for tensor in tensors.values() if tensor.dtype.startswith(("F", "BF"))]
    parameters = sum(tensor.count for tensor in tensors.values())
    return Inspection(
        model_type=model_type,
        architecture=architecture,
        parameters=parameters,
        bytes=sum(tensor.end - tensor.start for tensor in tensors.values()),
        labels=labels,
        task=_guess_task(architecture, labels, config),
        dtype=max(sorted(set(floats)), key=floats.count) if floats else "F32",
        positions=_positions(model_type, config),
        memory=parameters * 4 + 256 * 1024 * 1024,
    )


def inspect_as(folder: Path, task: str) -> Inspection:
    """Inspect a folder whose studio.json says what it is for. Raises StudioError where config and weights contradict."""
    found = inspect_folder(folder)
    if found.task != task:
        raise StudioError(
            "model-task",
            "“{model}” is said to do the task “{task}”, but its config.json and weights do not allow it.",
            "Fetch the model again, or restore its folder from a copy.",
            model=folder.name,
            task=task,
        )
    return found


def check_config(folder: Path) -> dict[str, object]:
    """Return config.json where it describes a model that may be opened; the weights need not be there yet."""
    config = _read_config(folder)
    _check_type(config)
    _check_code(folder, config)
    _check_sizes(config)
    return config


def check_members(folder: Path) -> None:
    """Refuse links that leave the folder, and anything that is neither a file nor a folder."""
    root, count = folder.resolve(), 0
    for place, folders, names in os.walk(folder):
        for name in folders + names:
            path = Path(place) / name
            count += 1
            mode = path.lstat().st_mode
            if count > MAX_MEMBERS:
                raise StudioError(
                    "model-too-many-files",
                    "This folder holds more than {limit} files.",
                    "Choose the folder of one model.",
                    limit=MAX_MEMBERS,
                )
            if stat.S_ISLNK(mode) and not path.resolve().is_relative_to(root):
                raise StudioError(
                    "model-outside",
                    "“{file}” points at “{name}”, which is outside the model's folder.",
                    "Copy the real file into the folder.",
                    file=name,
                    name=str(os.readlink(path)),
                )
            if not (stat.S_ISLNK(mode) or stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise StudioError(
                    "model-device",
                    "“{file}” is no regular file.",
                    "Remove it from the folder, or choose another folder.",
                    file=name,
                )


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
    if not isinstance(model_type, str) or model_type not in ALLOWED:
        raise StudioError(
            "model-type",
            "Models of the type “{type}” cannot be opened here.",
            "Choose a model of one of these types: {types}.",
            type=str(model_type)[:80],
            types=", ".join(ALLOWED),
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
    kernels = [key for key in ("_attn_implementation", "attn_implementation") if "/" in str(config.get(key) or "")]
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
        if type(value) is not int or not 0 <= value <= most:
            raise StudioError(
                "model-size",
                "config.json says {name} = {value}, which no model has.",
                "Fetch the model again, or take it from another source.",
                name=name,
                value=str(value)[:80],
            )


def _check_tokenizer(folder: Path, config: Mapping[str, object], rows: int) -> None:
    if not any(all((folder / name).is_file() for name in names) for names in _VOCABULARIES):
        raise StudioError(
            "model-no-tokenizer",
            "The model's vocabulary is missing: there is no tokenizer.json.",
            "Copy the tokenizer's files beside the weights, or choose another model.",
        )
    highest = max(_highest_id(folder), first_number(config, "pad_token_id") or 0)
    if rows and highest >= rows:
        raise StudioError(
            "model-vocabulary",
            "The vocabulary goes up to number {highest}, but the model knows only {rows} tokens.",
            "The tokenizer belongs to another model. Fetch both from the same place.",
            highest=highest,
            rows=rows,
        )


def _highest_id(folder: Path) -> int:
    """Return the highest token id that the tokenizer can give, as far as its file tells."""
    if (folder / BAG_TOKENIZER).is_file():
        return _highest_feature(folder)
    if not (folder / "tokenizer.json").is_file():
        return 0
    plain = read_json(folder / "tokenizer.json")
    model = plain.get("model") if isinstance(plain, dict) else None
    vocabulary = model.get("vocab") if isinstance(model, dict) else None
    added = plain.get("added_tokens") if isinstance(plain, dict) else None
    ids = [each.get("id") for each in added or [] if isinstance(each, dict)]
    if isinstance(vocabulary, dict):
        ids += list(vocabulary.values())
    elif isinstance(vocabulary, list):
        ids.append(len(vocabulary) - 1)
    return max((value for value in ids if type(value) is int), default=0)


def _highest_feature(folder: Path) -> int:
    plain = read_json(folder / BAG_TOKENIZER, MAX_CONFIG)
    plain = plain if isinstance(plain, dict) else {}
    hashes, known = plain.get("hashes"), plain.get("known")
    parts = [plain.get(name, 1) for name in ("shortest_part", "longest_part", "longest_run")]
    if (
        type(hashes) is not int
        or not 0 < hashes <= MAX_HASHES
        or not isinstance(known, list)
        or not all(type(number) is int and 0 <= number < hashes for number in known)
        or not all(type(number) is int and 0 < number <= MAX_PART for number in parts)
    ):
        raise StudioError(
            "model-damaged",
            "“{file}” is damaged: {reason}.",
            "Fetch the model again, or take it from another source.",
            file=BAG_TOKENIZER,
            reason="its numbers are not what the studio writes",
        )
    return len(known)


def _check_finite(tensors: Mapping[str, Tensor]) -> None:
    if name := find_nonfinite(tensors.values(), FINITE_LIMIT):
        raise StudioError(
            "model-not-finite",
            "The weights hold numbers that are not finite (in “{name}”), so every answer would be empty.",
            "Fetch the model again, or take it from another source.",
            name=name[:120],
        )


def _positions(model_type: str, config: Mapping[str, object]) -> int:
    found = first_number(config, "max_position_embeddings", "n_positions") or 0
    # These count positions from the padding token's number on.
    return found - 2 if found > 2 and model_type in ("roberta", "xlm-roberta", "camembert", "mpnet") else found


def _architecture(config: Mapping[str, object]) -> str:
    names = config.get("architectures")
    first = names[0] if isinstance(names, list) and names else ""
    return first if isinstance(first, str) and _NAME.fullmatch(first) else ""


def _labels(config: Mapping[str, object], classes: int) -> tuple[str, ...]:
    """Return the labels in the order of their numbers; a table with gaps counts as none."""
    table = config.get("id2label")
    if table is None:  # Transformers leaves out names that nobody chose
        return tuple(f"LABEL_{number}" for number in range(classes))
    if not isinstance(table, dict) or len(table) != classes:
        return ()
    ordered = [table.get(str(number)) for number in range(classes)]
    names = tuple(label for label in ordered if isinstance(label, str))
    return names if len(names) == classes else ()


def _guess_task(architecture: str, labels: tuple[str, ...], config: Mapping[str, object]) -> str:
    if architecture.endswith("ForSequenceClassification"):
        one_of_many = config.get("problem_type") in (None, "single_label_classification")
        return "classify" if one_of_many and len(labels) > 1 else ""
    return "write" if architecture.endswith(("ForCausalLM", "LMHeadModel")) else ""
