"""What must stand in a model folder for a task: the network on the meta device (shapes without numbers) against the tensors.

A loader fills a missing tensor with random numbers and only warns. Here it is asked beforehand, with tensors that have no
content, which it would miss.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForQuestionAnswering,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    PreTrainedModel,
)
from transformers.conversion_mapping import get_model_conversion_mapping
from transformers.modeling_utils import LoadStateDictConfig

from slm_studio.core.errors import StudioError
from slm_studio.core.tasks import task_info
from slm_studio.engine.loaded import quiet_libraries
from slm_studio.engine.models.alone import ALONE
from slm_studio.engine.models.architectures import (
    ARCHITECTURES,
    fills,
    is_pair,
    looks_ahead,
    points,
    reads_and_writes,
    writes,
)
from slm_studio.engine.models.config import built, network_config
from slm_studio.engine.models.weights import Tensor

_HEADS = {
    "ForSequenceClassification": AutoModelForSequenceClassification,
    "ForTokenClassification": AutoModelForTokenClassification,
    "ForQuestionAnswering": AutoModelForQuestionAnswering,
    "ForCausalLM": AutoModelForCausalLM,
    "ForConditionalGeneration": AutoModelForSeq2SeqLM,
    "ForMaskedLM": AutoModelForMaskedLM,
    "ForWordVectors": AutoModel,  # nothing stands on top of the table
    "ForTextVectors": AutoModel,  # nor on top of an encoder
}
_FLOATS = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
}  # fmt: skip
_NAMED = 3  # tensors that a sentence names


@dataclass(frozen=True, slots=True)
class Loading:
    """What a loader would find: tensors without a place to come from, those of another shape, and those that never learn."""

    missing: tuple[str, ...]
    misfits: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]  # name → shape in the folder, shape in the network
    buffers: frozenset[str]


def check_tensors(folder: Path, tensors: Mapping[str, Tensor], claim: str) -> Loading:
    """Refuse a folder that lacks what its own architecture has. `claim` is the task it answers; "" = a bare base.

    Returns what a loader would find.
    """
    loading = foretell(folder, tensors, claim)
    # Many a base is published without the pooler, which only some tasks want.
    missing = [name for name in loading.missing if wants(name, claim)]
    if missing:
        raise incomplete(missing)
    for name, (found, wanted) in sorted(loading.misfits.items()):
        raise _misfit(name, wanted, found)
    return loading


def check_beginning(folder: Path, config: Mapping[str, object], tensors: Mapping[str, Tensor], task: str) -> None:
    """Refuse a sound folder that a task cannot continue. Layers that tell labels apart may be new; nothing of a writer may."""
    if task and is_pair(config) != reads_and_writes(task):
        raise _other_parts(folder.name, needs=reads_and_writes(task))
    if fills(task) and ARCHITECTURES[str(config["model_type"])].is_decoder:
        raise StudioError(
            "model-looks-back",
            "“{model}” reads a text from its beginning only, so it cannot fill gaps: it would not see what comes after them.",
            "Choose a base that reads to both sides, such as BERT, or use this one to write.",
            model=folder.name,
        )
    if points(task) and not looks_ahead(config):
        raise StudioError(
            "model-looks-back",
            "“{model}” reads a text from its beginning only, so it cannot point at answers: at a word it would not know what follows.",
            "Choose a base that reads to both sides, such as BERT, or use this one to write.",
            model=folder.name,
        )
    if not writes(task):
        return
    if looks_ahead(config):
        raise StudioError(
            "model-looks-ahead",
            "“{model}” reads a text from both sides, so it cannot learn to write one: it would see the word it has to find.",
            "Choose a base that writes, such as GPT-2, Llama or Qwen, or use this one to classify.",
            model=folder.name,
        )
    loading = foretell(folder, tensors, task)
    if loading.missing:
        raise incomplete(loading.missing)


def foretell(folder: Path, tensors: Mapping[str, Tensor], task: str) -> Loading:
    """Return what Transformers would miss if it loaded these tensors for this task. Nothing is read, nothing allocated."""
    quiet_libraries()
    config = network_config(folder)
    with torch.device("meta"):
        net: PreTrainedModel = built(lambda: net_class(task).from_config(config))
    own = net.state_dict()
    hollow = {
        name: torch.empty(tensor.shape, dtype=_FLOATS.get(tensor.dtype, torch.int64), device="meta")
        for name, tensor in tensors.items()
        # Whole numbers are no weights: a loader would take shortened ones for what they are not.
        if tensor.dtype in _FLOATS or (name in own and not own[name].is_floating_point())
    }
    plan = LoadStateDictConfig(
        device_map={"": torch.device("meta")},
        dtype=torch.float32,
        weight_mapping=get_model_conversion_mapping(net),
        ignore_mismatched_sizes=True,
    )
    with ALONE:
        found, _ = net._load_pretrained_model(net, hollow, None, plan)
        net.tie_weights(missing_keys=found.missing_keys, recompute_mapping=False)
        net._adjust_missing_and_unexpected_keys(found)
    if found.conversion_errors:
        raise incomplete(sorted(found.conversion_errors))
    misfits = {name: (tuple(here), tuple(there)) for name, here, there in found.mismatched_keys}
    buffers = frozenset(name for name, _ in net.named_buffers())
    return Loading(tuple(sorted(set(found.missing_keys) - set(misfits))), misfits, buffers)


def net_class(task: str) -> type:
    """Return Transformers' class that opens the network of a task; "" is a base without a head."""
    return _HEADS[task_info(task).architectures[0]] if task else AutoModel


def wants(name: str, task: str) -> bool:
    """Say whether a task needs a tensor: a pooler only those do that put a head on it."""
    return "pooler." not in name or net_class(task) is not AutoModel


def _other_parts(name: str, *, needs: bool) -> StudioError:
    if needs:
        return StudioError(
            "model-reads-or-writes",
            "“{model}” has no part that reads a source beside one that writes.",
            "Choose a T5, mT5, BART, mBART or Marian, or begin from nothing.",
            model=name,
        )
    return StudioError(
        "model-reads-and-writes",
        "“{model}” has a part that reads and one that writes, which only translations, summaries and corrections need.",
        "Choose the task “Rewrite”, or another base.",
        model=name,
    )


def incomplete(names: Sequence[str]) -> StudioError:
    """Return the error that names tensors without which nothing can be answered."""
    more = [f"+ {len(names) - _NAMED}"] if len(names) > _NAMED else []
    return StudioError(
        "model-incomplete-weights",
        "Some of the weights are missing ({name}); they would be replaced by random numbers.",
        "Fetch the model again, or take it from another source.",
        name=", ".join([*(name[:120] for name in names[:_NAMED]), *more]),
    )


def _misfit(name: str, wanted: tuple[int, ...], found: tuple[int, ...]) -> StudioError:
    return StudioError(
        "model-misfit",
        "config.json and the weights do not belong together: {name} is {claimed} there and {found} here.",
        "Fetch the model again, or take it from another source.",
        name=name[:120],
        claimed=" × ".join(map(str, wanted)),
        found=" × ".join(map(str, found)),
    )
