"""Check a foreign model folder before anything is loaded: no number is computed with, and no code of the folder's runs.

Whatever a config claims is compared with the tensors that are there, because a loader would believe it: fill missing
tensors with random numbers, reserve memory for a billion rows, follow a link, fetch code.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

from slm_studio.core.errors import StudioError
from slm_studio.core.saved import STUDIO_FILE
from slm_studio.core.tasks import task_info
from slm_studio.engine.libraries import load_transformers
from slm_studio.engine.models import adapter_files
from slm_studio.engine.models.architectures import (
    ARCHITECTURES,
    able_tasks,
    claims,
    fills,
    looks_ahead,
    names_labels,
    positions_of,
    writes,
)
from slm_studio.engine.models.blame import blaming
from slm_studio.engine.models.embedding.sentence_files import has_pooling
from slm_studio.engine.models.fitting import check_shapes, count_classes, first_number
from slm_studio.engine.models.foreign_config import check_config, target_in
from slm_studio.engine.models.foreign_vocabulary import check_vocabulary
from slm_studio.engine.models.members import check_members
from slm_studio.engine.models.trial import vocabulary_on_trial
from slm_studio.engine.models.weights import Tensor, find_nonfinite, read_json, read_weights, refuse_unwritten

TEMPLATES = ("chat_template.jinja", "chat_template.json")
MAX_STUDIO = 16 * 1024 * 1024  # bytes of studio.json: ten thousand labels fit
_NAME = re.compile(r"[A-Za-z0-9_]{1,120}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """What is known of a model folder without loading it."""

    model_type: str
    architecture: str  # the first of config.json's architectures, or ""
    parameters: int
    bytes: int  # of the weights
    labels: tuple[str, ...] = ()
    task: str = ""  # what it can answer; "" = only a base to continue
    target: str = ""  # of which kind its answers are, where the task has several
    dtype: str = "F32"  # of most numbers
    positions: int = 0  # the most tokens it can read at once; 0 = the config does not say
    memory: int = 0  # bytes it will need when open, estimated


def inspect_folder(folder: Path, task: str = "") -> Inspection:
    """Return what the folder holds. Raises one StudioError that says why it must not be opened, or not continued as `task`."""
    check_members(folder)
    if adapter_files.is_adapter(folder) and (folder / STUDIO_FILE).is_file():
        return _inspect_adapter(folder, task)
    with blaming(folder.name):
        config = check_config(folder)
        tensors = read_weights(folder)
        model_type = str(config["model_type"])
        rows = check_shapes(ARCHITECTURES[model_type], config, tensors)
        with vocabulary_on_trial(folder):  # in a process of its own, while the numbers are looked through
            check_vocabulary(folder, config, rows)
            _check_finite(tensors)
            if not (folder / STUDIO_FILE).is_file():
                refuse_unwritten(tensors.values())
            return _compare(folder, config, tensors, task)


def inspect_as(folder: Path, task: str) -> Inspection:
    """Inspect a folder whose studio.json says what it is for. Raises StudioError where config and weights contradict."""
    found = inspect_folder(folder)
    if not can_do(found, task):
        raise StudioError(
            "model-task",
            "“{model}” is said to do the task “{task}”, but its config.json and weights do not allow it.",
            "Fetch the model again, or restore its folder from a copy.",
            model=folder.name,
            task=task,
        )
    return found


def can_do(found: Inspection, task: str) -> bool:
    """Say whether a folder can do a task: what it is taken for, or another of which it has all that is needed."""
    lends = task_info(task).borrows and found.task in task_info(task).continues
    return found.task == task or lends or (bool(found.task) and task in able_tasks(found.architecture))


def _inspect_adapter(folder: Path, task: str) -> Inspection:
    """Inspect adapters and the base that they need; what that can do, they can."""
    tensors = adapter_files.read_tensors(folder)
    adapter_files.read_config(folder)
    _check_finite(tensors)
    base = inspect_folder(adapter_files.base_of(folder, {}), task)
    more = sum(tensor.count for tensor in tensors.values())
    return replace(base, parameters=base.parameters + more, memory=base.memory + more * 4)


def _compare(folder: Path, config: Mapping[str, object], tensors: Mapping[str, Tensor], task: str) -> Inspection:
    load_transformers()
    from slm_studio.engine.models import demands  # torch, which the checks above do without
    from slm_studio.engine.models.answering.pointing import count_of_head

    architecture = _architecture(config)
    claim = _claim(folder, config, tensors)
    loading = demands.check_tensors(folder, tensors, claim)
    labels = _labels(config, count_classes(config, tensors)) if names_labels(claim) else ()
    _check_names(folder, labels)
    own_task = _guess_task(claim, labels, config)
    _check_continued(folder, own_task, task)
    demands.check_beginning(folder, config, tensors, task)
    floats = [tensor.dtype for tensor in tensors.values() if tensor.dtype.startswith(("F", "BF"))]
    learnt = sum(tensor.count for name, tensor in tensors.items() if name not in loading.buffers)
    return Inspection(
        model_type=str(config["model_type"]),
        architecture=architecture,
        parameters=learnt + count_of_head(folder),
        bytes=sum(tensor.end - tensor.start for tensor in tensors.values()),
        labels=labels,
        task=own_task,
        target=target_in(config) if own_task and task_info(own_task).shape is not None else "",
        dtype=max(sorted(set(floats)), key=floats.count) if floats else "F32",
        positions=positions_of(
            str(config["model_type"]),
            first_number(config, "max_position_embeddings", "n_positions"),
            first_number(config, "pad_token_id"),
        ),
        memory=sum(tensor.count for tensor in tensors.values()) * 4 + 256 * 1024 * 1024,
    )


def claim_of(folder: Path) -> str:
    """Return the task that a folder's network stands for, whatever it was used for; "" is a base that answers nothing."""
    return _claim(folder, check_config(folder), read_weights(folder))


def _claim(folder: Path, config: Mapping[str, object], tensors: Mapping[str, Tensor]) -> str:
    load_transformers()
    from slm_studio.engine.models import demands

    claim = claims(_architecture(config), has_template=_has_template(folder), has_pooling=has_pooling(folder))
    if writes(claim) and looks_ahead(config):
        return ""  # the head is of no use, the rest is a base
    if fills(claim) and demands.foretell(folder, tensors, claim).missing:
        return ""  # the head was left out when it was published
    return claim


def _check_continued(folder: Path, own_task: str, task: str) -> None:
    if task and not task_info(task).may_continue(own_task):
        raise StudioError(
            "base-of-another-task",
            "“{model}” does the task “{own}”, and “{task}” cannot go on from there.",
            "Choose another base, or begin from nothing.",
            model=folder.name,
            own=own_task,
            task=task,
        )


def _check_finite(tensors: Mapping[str, Tensor]) -> None:
    if name := find_nonfinite(tensors.values()):
        raise StudioError(
            "model-not-finite",
            "The weights hold numbers that are not finite (in “{name}”), so every answer would be empty.",
            "Fetch the model again, or take it from another source.",
            name=name[:120],
        )


def _architecture(config: Mapping[str, object]) -> str:
    names = config.get("architectures")
    first = names[0] if isinstance(names, list) and names else ""
    return first if isinstance(first, str) and _NAME.fullmatch(first) else ""


def _has_template(folder: Path) -> bool:
    """Say whether the vocabulary of a folder knows how a dialogue is written down."""
    if any((folder / name).is_file() for name in TEMPLATES):
        return True
    path = folder / "tokenizer_config.json"
    plain = read_json(path, MAX_STUDIO) if path.is_file() else None
    return isinstance(plain, dict) and bool(plain.get("chat_template"))


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


def _check_names(folder: Path, labels: tuple[str, ...]) -> None:
    """Refuse a folder whose two files name the labels differently: one of them would win in silence."""
    try:
        plain = read_json(folder / STUDIO_FILE, MAX_STUDIO) if (folder / STUDIO_FILE).is_file() else None
    except StudioError:
        return  # damaged: whoever needs it says so
    facts = plain.get("facts") if isinstance(plain, dict) else None
    ours = facts.get("labels") if isinstance(facts, dict) else None
    is_unnamed = labels == tuple(f"LABEL_{number}" for number in range(len(labels)))
    if not isinstance(ours, list) or not labels or is_unnamed:
        return
    for number, (theirs, mine) in enumerate(zip_longest(labels, ours, fillvalue="")):
        if theirs != mine:
            raise StudioError(
                "model-labels-differ",
                "config.json and studio.json name the labels differently: label {number} is “{one}” there and “{other}” here.",
                "Fetch the model again, or restore its folder from a copy.",
                number=number,
                one=str(theirs)[:80],
                other=str(mine)[:80],
            )


def _guess_task(claim: str, labels: tuple[str, ...], config: Mapping[str, object]) -> str:
    if not names_labels(claim):
        return claim
    if task_info(claim).shape is not None and target_in(config) != "one":
        return claim if labels else ""
    one_of_many = config.get("problem_type") in (None, "single_label_classification")
    return claim if one_of_many and len(labels) > 1 else ""
