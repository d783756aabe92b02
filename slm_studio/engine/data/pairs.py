"""Pairs: a source and its target, as cells hold them: texts, or lists of their sentences."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from slm_studio.core.emptiness import is_empty
from slm_studio.core.errors import StudioError
from slm_studio.core.pair_columns import is_chinese
from slm_studio.engine.data.languages import language_of
from slm_studio.engine.data.splits import fold

# A texts, each asked one way or the other

LOOKED_AT = 2000  # pairs by which a side's language is told
SURE = 0.8  # share of a side's texts that are in its language
FEWEST = 2  # pairs to learn from


def whole(cell: str) -> str:
    """Return the text of a source; sentences in a list are joined. Example: whole('["One.", "Two."]') == "One. Two.\""""
    parts = _list_in(cell)
    return cell if parts is None else ("" if is_chinese(parts) else " ").join(part.strip() for part in parts)


def first(cell: str) -> str:
    """Return the text of a target; of several right ones in a list the first."""
    parts = _list_in(cell)
    return cell if parts is None else next((part for part in parts if part.strip()), "")


def _list_in(cell: str) -> list[str] | None:
    if not cell.lstrip().startswith("["):
        return None
    try:
        parts = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    return parts if isinstance(parts, list) and all(isinstance(part, str) for part in parts) else None


def sides_in(sources: Sequence[str], targets: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the texts in the cells of sources and of targets."""
    return [whole(cell) for cell in sources], [first(cell) for cell in targets]


def pairs_to_learn(sources: Sequence[str], targets: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs with words on both sides. Raises StudioError where they teach nothing."""
    held = [(one, other) for one, other in zip(sources, targets, strict=True) if one.strip() and other.strip()]
    if len(held) < FEWEST:
        raise StudioError(
            "too-few-pairs",
            "There {count:is|are} only {count} {count:pair|pairs} with words on both sides.",
            "Choose the two columns again: a text, and what it shall become. A few hundred pairs are the least.",
            count=len(held),
        )
    if all(one.split() == other.split() for one, other in held):
        raise StudioError(
            "pairs-same",
            "In every pair the target is the source, so there is nothing to learn.",
            "Choose another column for the target.",
        )
    return held


def asked_and_true(
    sides: tuple[Sequence[str], Sequence[str]], rows_A: np.ndarray, back_A: np.ndarray
) -> tuple[list[str], list[str]]:
    """Return what was asked and what is right, of some rows of both sides and the direction of each."""
    sources, targets = sides
    pairs = [(sources[row], targets[row])[:: -1 if back else 1] for row, back in zip(rows_A, back_A, strict=True)]
    return [asked for asked, _ in pairs], [true for _, true in pairs]


@dataclass(frozen=True, slots=True)
class Troubles:
    """Places of pairs that teach nothing, or the wrong thing."""

    empty: list[int] = field(default_factory=list)  # a side holds no word
    same: list[int] = field(default_factory=list)  # both sides are alike
    swapped: list[int] = field(default_factory=list)  # each side is in the other's language
    several: list[int] = field(default_factory=list)  # there are several right targets


def troubles_in(sources: Sequence[str], targets: Sequence[str]) -> Troubles:
    """Look through pairs: the cells of their sources and targets."""
    texts = list(zip(*sides_in(sources, targets), strict=True))
    languages = [(language_of(one), language_of(other)) for one, other in texts]
    usual = _usual_of(languages)
    found = Troubles()
    for place, (one, other) in enumerate(texts):
        if is_empty(one) or is_empty(other):
            found.empty.append(place)
        elif fold(one) == fold(other):
            found.same.append(place)
        elif all(usual) and usual[0] != usual[1] and languages[place] == usual[::-1]:
            found.swapped.append(place)
        if len(_list_in(targets[place]) or ()) > 1:
            found.several.append(place)
    return found


def languages_of(sources: Sequence[str], targets: Sequence[str]) -> tuple[str, str]:
    """Return the languages that most sources and most targets are in; "" for a side that is in none, or in several."""
    some = zip(sources[:LOOKED_AT], targets[:LOOKED_AT], strict=True)
    return _usual_of([(language_of(one), language_of(other)) for one, other in some])


def _usual_of(languages: Sequence[tuple[str, str]]) -> tuple[str, str]:
    one, other = (_usual([each[side] for each in languages[:LOOKED_AT]]) for side in (0, 1))
    return one, other


def _usual(languages: Sequence[str]) -> str:
    """Return the language of most texts, or "" where they are in none or in several."""
    told = [each for each in languages if each]
    best = max(sorted(set(told)), key=told.count, default="")
    return best if told and told.count(best) >= SURE * len(told) else ""
