"""A .gguf file → a model folder: config, whole weights, vocabulary, chat template. What does not fit is said before reading."""

import json
from collections.abc import Iterator
from pathlib import Path

from slm_studio.core import files
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Progress
from slm_studio.engine.models.blame import blaming
from slm_studio.engine.models.foreign_config import check_config
from slm_studio.engine.models.gguf.parts import read_model
from slm_studio.engine.models.gguf.shapes import config_of, is_tied, places_of, shape_of
from slm_studio.engine.models.gguf.tables import Plan, check_kinds, write_tables
from slm_studio.engine.models.gguf.vocabulary import write_vocabulary
from slm_studio.engine.models.precision import BYTES, SPARE, free_memory, most_parameters, precision_for
from slm_studio.engine.models.weights import SINGLE

_NAMES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}


def unpack(source: Path, place: Path) -> Iterator[Event]:
    """Write the model of `source`, a file or a folder with one, into the new folder `place`. Raises StudioError."""
    yield Progress("Reading the file", 0, 0)
    with blaming(source.name):
        header = read_model(source)
        shape = shape_of(header)
        tied = is_tied(header)
        places = places_of(header, shape, tied)
        config = config_of(header, shape, tied)
        heads = int(str(config.get("num_attention_heads", 1)))
        asked = int(str(config.get("num_key_value_heads", heads)))
        precision = _choose_precision(source.name, sum(header.tables[name].count for name in places))
        plan = Plan(header, shape, places, heads, asked, precision)
        check_kinds(plan)
    files.check_room(place.parent, sum(plan.size(table) for table in plan.tables()))
    place.mkdir(parents=True)
    largest = max(plan.tables(), key=lambda table: table.count)
    config |= {"model_type": shape.model_type, "dtype": _NAMES[plan.dtype(largest)]}
    (place / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    check_config(place)
    with blaming(source.name):
        write_vocabulary(header, int(str(config["vocab_size"])), place)
        yield from write_tables(plan, place / SINGLE)


def _choose_precision(name: str, parameters: int) -> str:
    """Return in which form shortened weights are kept. A model that could not answer here is refused, with what would fit."""
    free = free_memory()
    found = precision_for(parameters, free)
    if not found:
        raise StudioError(
            "model-memory",
            "“{file}” has {parameters} billion parameters and would need {needed} GB of memory; {free} GB are free.",
            "About {fitting} billion parameters fit here. Choose a smaller model, or close other programs.",
            file=name,
            parameters=f"{parameters / 1e9:.1f}",
            needed=f"{(parameters * BYTES['F32'] + SPARE) / 1e9:.1f}",
            free=f"{free / 1e9:.1f}",
            fitting=f"{most_parameters(free) / 1e9:.1f}",
        )
    return found
