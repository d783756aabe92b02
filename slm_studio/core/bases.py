"""Bases: a short list of small models people start from, and which of them fit a machine and a text.

The facts stand in resources/bases.json, each with its source and the day on which it was looked up.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from slm_studio.core import codec, files, paths
from slm_studio.core.addresses import is_hub_name, name_of
from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import Recipe
from slm_studio.core.saved import SavedModel, list_models, local_folder
from slm_studio.core.settings import load_settings

MANY = "many"  # in `languages`: some fifty and more
MOSTLY = 0.8  # share of texts in one language from which on the others do not count
LIBRARIES = 500_000_000  # bytes of a process with the libraries loaded, before any model
USE = 4 * 1.2  # bytes a parameter: numbers are opened whole (4 bytes); a fifth more for what an answer needs
TRAIN = (4 + 4 + 8) * 1.25  # weights, gradients and Adam's two moments; a quarter more for a batch on its way


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """A model on a hub."""

    id: str  # owner/name
    revision: str  # a commit; "" where none was seen: the newest is taken
    kind: Literal["encoder", "embedder", "writer", "chat"]
    shape: str  # Transformers' model_type
    license: str  # SPDX, in lower case as hubs write it
    languages: tuple[str, ...]  # codes, or MANY
    weights: int  # bytes
    download: int  # bytes, tokenizer and all
    width: int  # bytes a number in the file
    tasks: tuple[str, ...]  # that go on from it, the fittest first
    good_for: dict[str, str]  # language of the reader → a sentence
    prefix: dict[str, str] = field(default_factory=dict)  # query, passage → what its texts have to begin with
    template: bool = False  # it brings the form of a dialogue
    source: str = ""  # the page on which this was read
    seen: str = ""  # the day, ISO 8601

    @property
    def parameters(self) -> int:
        """Return how many numbers it has, as far as the size of the file tells."""
        return self.weights // self.width

    @property
    def memory_to_use(self) -> int:
        """Return the bytes that it takes to answer: LIBRARIES + USE × parameters."""
        return int(LIBRARIES + USE * self.parameters)

    @property
    def memory_to_train(self) -> int:
        """Return the bytes that training all of it takes: LIBRARIES + TRAIN × parameters."""
        return int(LIBRARIES + TRAIN * self.parameters)

    def speaks(self, language: str) -> bool:
        """Say whether it was made for texts in a language; "" is any."""
        return not language or language in self.languages or MANY in self.languages


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A base as this machine and these rows see it."""

    base: Base
    fits: bool  # all of it can be trained in the machine's memory
    usable: bool  # it can answer there
    speaks: bool  # the language of the rows
    here: str  # the folder in which it stands already, or ""


@cache
def read_bases() -> tuple[Base, ...]:
    """Return the list, by kind and then by size."""
    plain = files.read_object(paths.resources() / "bases.json")["bases"]
    assert isinstance(plain, list)
    return tuple(codec.from_json(Base, each) for each in plain)


def wanted_language(shares: Mapping[str, float]) -> str:
    """Return the language a base should speak, by what `describe` tells of the rows: one, MANY, or "" where none is told.

    Example: wanted_language({"en": 0.9, "zh": 0.1}) == "en", wanted_language({"en": 0.5, "zh": 0.5}) == MANY
    """
    told = {language: share for language, share in shares.items() if language != "short" and share > 0}
    if not told:
        return ""
    most = max(told, key=lambda language: told[language])
    return most if most != "other" and told[most] >= MOSTLY * sum(told.values()) else MANY


def suited(bases: Iterable[Base], machine_memory: int, language: str = "", task: str = "") -> list[Offer]:
    """Return the bases that a task goes on from ("": all), those first that fit the machine and speak the language.

    Among equals: those made for the task before those that can do it, one's language before many, what is here already
    before what has to be fetched, and the small before the large, which is tried out in the least time.
    """
    models = list_models()
    offers = [
        Offer(
            base=base,
            fits=base.memory_to_train <= machine_memory,
            usable=base.memory_to_use <= machine_memory,
            speaks=base.speaks(language),
            here=str(find_here(base, models) or ""),
        )
        for base in bases
        if not task or task in base.tasks
    ]

    def order(offer: Offer) -> tuple[object, ...]:
        base = offer.base
        fitness = base.tasks.index(task) if task else 0
        is_own = not language or language in base.languages
        return (
            not (offer.fits and offer.speaks), not offer.speaks, not offer.usable, not offer.fits,
            fitness, not is_own, not offer.here, base.parameters,
        )  # fmt: skip

    return sorted(offers, key=order)


def find_here(base: Base, models: Sequence[SavedModel] | None = None) -> Path | None:
    """Return the folder in which a base stands on this computer: one's own models, a hub's cache, other tools' folders."""
    for model in list_models() if models is None else models:
        if model.origin.startswith(f"hub:{base.id}@{base.revision}"):
            return Path(model.folder)
    candidates = [*_in_hub_cache(base), *(folder.joinpath(*base.id.split("/")) for folder in _other_tools())]
    return next((folder for folder in candidates if _is_whole(folder)), None)


def listed(id: str) -> Base | None:  # noqa: A002  (as the field is called)
    """Return the base of the list that is called so, or None."""
    return next((base for base in read_bases() if base.id == id), None)


def folder_of(base: str) -> Path | None:
    """Return the folder in which what a recipe names stands on this computer, or None where it has to be fetched."""
    known = listed(base)
    return local_folder(base) or (find_here(known) if known is not None else None)


def absent(recipe: Recipe) -> StudioError | None:
    """Return what is wrong where a plan begins with a model that stands nowhere and can be fetched from nowhere."""
    if recipe.base and not recipe.is_blank and not may_be_fetched(recipe) and folder_of(recipe.base) is None:
        return _gone(recipe.base) or StudioError(
            "no-such-base",
            "“{base}” is neither a folder here, nor one of your models, nor a hub id.",
            "Give a folder, a hub id (owner/name), or blank:FAMILY-SIZE. What lies in the trash has to be brought back first.",
            base=recipe.base,
        )
    vectors = str(getattr(recipe.options, "vectors", ""))
    is_read = bool(vectors) and "vectors" not in recipe.unused
    return _gone(vectors) if is_read and local_folder(vectors) is None else None


def _gone(folder: str) -> StudioError | None:
    """Return that a model is no longer in its folder; None of what is named in another way."""
    place = Path(folder).expanduser()
    if not place.is_absolute():
        return None
    return StudioError(
        "model-gone",
        "The model “{model}” is no longer there: nothing stands at “{folder}”.",
        "Bring it back, if it lies in the trash, or choose another model.",
        model=place.name,
        folder=folder,
    )


def may_be_fetched(recipe: Recipe) -> bool:
    """Say whether a plan begins with what may be the name of a model on a hub, or the address of its page."""
    name, _ = name_of(recipe.base, load_settings().endpoint)
    return is_hub_name(name)


def hub_cache() -> Path:
    """Return where Hugging Face's library keeps what it fetched; its own variables move it."""
    cache = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(cache).expanduser() if cache else Path(home).expanduser() / "hub"


def _in_hub_cache(base: Base) -> list[Path]:
    snapshots = hub_cache() / f"models--{base.id.replace('/', '--')}" / "snapshots"
    if base.revision:
        return [snapshots / base.revision]
    return sorted(snapshots.glob("*"))


def _other_tools() -> tuple[Path, ...]:
    """Return the folders in which ModelScope and LM Studio keep models as owner/name."""
    modelscope = Path(os.environ.get("MODELSCOPE_CACHE") or "~/.cache/modelscope/hub")
    lm_studio = (Path("~/.lmstudio/models"), Path("~/.cache/lm-studio/models"))
    return tuple(folder.expanduser() for folder in (modelscope, modelscope / "models", *lm_studio))


def _is_whole(folder: Path) -> bool:
    """Say whether a folder holds a model and not the rest of a broken download."""
    try:
        return (folder / "config.json").is_file() and any(path.is_file() for path in folder.glob("*.safetensors"))
    except OSError:
        return False
