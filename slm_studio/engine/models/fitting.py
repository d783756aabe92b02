"""Does a config fit the weights beside it, as far as sizes tell? First of all, so that no claim costs memory or time."""

import re
from collections.abc import Mapping

from slm_studio.core.errors import StudioError
from slm_studio.engine.models.architectures import ARCHITECTURES, Architecture
from slm_studio.engine.models.weights import Tensor

_LAYERS = re.compile(r"(?:(?:^|\.)(?:layer|layers|h)\.|_l)(\d+)(?:\.|_reverse|$)")
_HEADS = ("classifier.weight", "classifier.out_proj.weight", "score.weight")


def check_shapes(architecture: Architecture, config: Mapping[str, object], tensors: Mapping[str, Tensor]) -> int:
    """Compare the config with the tensors; return the rows of the word embedding."""
    width = first_number(config, "embedding_size", "hidden_size", "n_embd", "dim", "d_model")
    is_flat = bool(architecture.flat) and width == 0
    name = architecture.flat if is_flat else architecture.embedding
    embedding = _ending(tensors, name)
    if embedding is None or len(embedding.shape) != 2:
        raise _misfit("the word embedding", name, "nothing")
    _compare("vocab_size", first_number(config, "vocab_size"), embedding.shape[0])
    if not is_flat:
        _compare("hidden_size", width, embedding.shape[1])
    positions = _ending(tensors, "position_embeddings.weight") or _ending(tensors, "wpe.weight")
    if positions is not None:
        _compare(
            "max_position_embeddings",
            first_number(config, "max_position_embeddings", "n_positions"),
            positions.shape[0],
        )
    layers = {int(match.group(1)) for name in tensors if (match := _LAYERS.search(name))}
    if config.get("model_type") != "albert":  # its layers share their numbers
        claimed = first_number(config, "num_hidden_layers", "n_layer", "n_layers")
        _compare("num_hidden_layers", claimed, len(layers))
        _compare("num_hidden_layers", claimed, max(layers, default=-1) + 1)
    return embedding.shape[0]


def count_classes(config: Mapping[str, object], tensors: Mapping[str, Tensor]) -> int:
    """Return how many classes the head tells apart (0: there is no head)."""
    heads = [tensor for ending in _HEADS if (tensor := _ending(tensors, ending)) is not None]
    found = heads[0].shape[0] if heads and heads[0].shape else 0
    if not heads and (flat := ARCHITECTURES[str(config["model_type"])].flat):
        return tensors[flat].shape[1] if flat in tensors else 0
    return 2 if found == 1 and config.get("single_output") is True else found


def first_number(config: Mapping[str, object], *names: str) -> int | None:
    """Return the first of the named fields that holds a whole number."""
    return next((value for name in names if isinstance(value := config.get(name), int)), None)


def _ending(tensors: Mapping[str, Tensor], ending: str) -> Tensor | None:
    return next((tensor for name, tensor in tensors.items() if name.endswith(ending)), None)


def _compare(name: str, claimed: object, found: int) -> None:
    # A config may leave out what is the class's default; then there is nothing to compare.
    if claimed is not None and claimed != found:
        raise _misfit(name, str(claimed), str(found))


def _misfit(name: str, claimed: str, found: str) -> StudioError:
    return StudioError(
        "model-misfit",
        "config.json and the weights do not belong together: {name} is {claimed} there and {found} here.",
        "Fetch the model again, or take it from another source.",
        name=name,
        claimed=claimed,
        found=found,
    )
