"""Lists of candidates, as cells hold them: texts to choose from, their own scores, what stands before, what is right."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from slm_studio.core.candidate_columns import BEFORE, LISTED, OWN, RIGHT
from slm_studio.core.errors import StudioError
from slm_studio.core.prompt import Prompt, as_text
from slm_studio.engine.data.rows import Rows

MOST = 100  # candidates of a list that are looked at, the first ones


@dataclass(frozen=True, slots=True)
class Listed:
    """The candidates of one row. `own` is () where they have no scores of their own."""

    texts: tuple[str, ...]
    own: tuple[float, ...] = ()
    context: str = ""
    reference: str = ""


@dataclass(slots=True)
class Troubles:
    """Rows that teach nothing, or less than they seem to, by their places."""

    without: list[int] = field(default_factory=list)  # no candidates
    lone: list[int] = field(default_factory=list)  # one only
    unscored: list[int] = field(
        default_factory=list
    )  # scores that cannot be read, or of another number than the candidates
    unanswered: list[int] = field(default_factory=list)  # no right text
    longer: list[int] = field(default_factory=list)  # more candidates than are looked at


def lists_in(rows: Rows) -> list[Listed]:
    """Return the list of each row; what a cell does not say is empty."""
    known = [rows.column(role) if role in rows.roles else [""] * len(rows) for role in (LISTED, OWN, BEFORE, RIGHT)]
    found = []
    for candidates, scores, context, reference in zip(*known, strict=True):
        texts = texts_in(candidates)
        found.append(Listed(texts[:MOST], own_scores(scores, len(texts))[:MOST], context, reference))
    return found


def listed(prompt: Prompt) -> Listed:
    """Return what is asked of a model. Raises StudioError where there is nothing to choose, or scores are not as many as candidates."""
    cell, scores = prompt.get(LISTED, ()), prompt.get(OWN, ())
    texts = texts_in(cell) if isinstance(cell, str) else tuple(map(str, cell))
    if not texts:
        raise StudioError(
            "text-empty",
            "There are no candidates to choose from.",
            "Give a list of texts, or write one a line.",
        )
    own = own_scores(scores, len(texts)) if isinstance(scores, str) else tuple(map(float, scores))  # type: ignore[arg-type]
    is_given = bool(scores.strip() if isinstance(scores, str) else scores)
    if is_given and len(own) != len(texts):
        raise StudioError(
            "scores-unequal",
            "There are {texts} {texts:candidate|candidates}, and not as many scores.",
            "Give each candidate its own score, in the same order, or none at all.",
            texts=len(texts),
        )
    return Listed(texts, own, as_text(prompt.get(BEFORE, "")))


def texts_in(cell: str) -> tuple[str, ...]:
    """Return the texts of a cell: a JSON list of them, or its lines; () where it is a list of something else."""
    if not cell.lstrip().startswith("["):
        return tuple(line.strip() for line in cell.splitlines() if line.strip())
    try:
        parts = json.loads(cell)
    except (ValueError, RecursionError):
        return tuple(line.strip() for line in cell.splitlines() if line.strip())  # a text may begin with a bracket
    return tuple(parts) if isinstance(parts, list) and all(isinstance(part, str) for part in parts) else ()


def own_scores(cell: str, count: int) -> tuple[float, ...]:
    """Return the numbers of a cell; () where they are not as many as the candidates, or no numbers."""
    try:
        parts = json.loads(cell) if cell.lstrip().startswith("[") else cell.replace(",", " ").split()
        found = tuple(float(part) for part in parts)
    except (ValueError, TypeError, RecursionError):
        return ()
    return found if len(found) == count and all(map(math.isfinite, found)) else ()


def troubles_in(candidates: Sequence[str], scores: Sequence[str] | None, references: Sequence[str] | None) -> Troubles:
    """Look through the cells of lists."""
    found = Troubles()
    for place, cell in enumerate(candidates):
        texts = texts_in(cell)
        if not texts:
            found.without.append(place)
        elif len(texts) == 1:
            found.lone.append(place)
        if len(texts) > MOST:
            found.longer.append(place)
        if scores is not None and texts and not own_scores(scores[place], len(texts)):
            found.unscored.append(place)
        if references is not None and not references[place].strip():
            found.unanswered.append(place)
    return found
