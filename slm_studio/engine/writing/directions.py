"""Directions: which language each side of a model that rewrites is in, and whether a text stands on the other one."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from slm_studio.core.dataset import Remark
from slm_studio.core.pair_columns import language_in
from slm_studio.core.saved import STUDIO_FILE, open_saved
from slm_studio.core.sides import sides_of
from slm_studio.core.texts import mark
from slm_studio.engine.data.languages import language_of, main_language
from slm_studio.engine.loaded import Loaded

BOTH, LANGUAGES, BASE_BOTH = "both_ways", "languages", "base_both_ways"  # facts
LOOKED_AT = 500  # pairs by which the languages are told


def languages_in(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return the language of each side ("zh", "en" or "")."""
    return [main_language(side) for side in zip(*pairs[:LOOKED_AT], strict=True)]


def are_swapped(loaded: Loaded, sources: Sequence[str], targets: Sequence[str]) -> bool:
    """Say whether sources are in the language that a model writes, and targets in the one that it reads."""
    here, known = languages_in(list(zip(sources, targets, strict=True))), list(_languages_of(loaded))
    return here == known[::-1] and all(here) and here[0] != here[1]  # without pairs there is no language


def of_other_side(loaded: Loaded, text: str, *, back: bool) -> str:
    """Return the language of a text that is in that of the answer, where the other direction reads it; else ""."""
    if not loaded.facts.get(BOTH):
        return ""
    one, other = _languages_of(loaded)
    read, written = (other, one) if back else (one, other)
    language = language_of(text)
    return language if language and language == written != read else ""


def of_base(folder: Path) -> dict[str, object]:
    """Return the fact that the base goes both ways, where it does."""
    is_ours = (folder / STUDIO_FILE).is_file()
    return {BASE_BOTH: True} if is_ours and open_saved(folder).facts.get(BOTH) else {}


def on_lost_direction(loaded: Loaded) -> Iterator[Remark]:
    """Say that a training keeps one direction of a base that goes both ways."""
    if loaded.facts.get(BASE_BOTH) and not loaded.facts.get(BOTH):
        message = mark(
            "The base goes both ways, and this training teaches one of them: the model will go from source to target only. To keep both, choose “Both directions” (--both-ways)."
        )
        yield Remark(code="one-way-from-both", message=message)


def _languages_of(loaded: Loaded) -> tuple[str, str]:
    """Return the language of each side: as its column is called, or as its texts told."""
    known = loaded.facts.get(LANGUAGES)
    told = known if isinstance(known, list) and len(known) == 2 else ["", ""]  # older models do not say
    one, other = (language_in(name) or str(text) for name, text in zip(sides_of(loaded.facts), told, strict=True))
    return one, other
