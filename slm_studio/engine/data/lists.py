"""Lists of candidates, as cells hold them: texts to choose from, their own scores, what stands before, what is right."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from slm_studio.core.candidate_columns import BEFORE, FURTHER, LISTED, OWN, OWNS, RIGHT
from slm_studio.core.emptiness import is_empty
from slm_studio.core.errors import StudioError
from slm_studio.core.prompt import Cell, Prompt, as_text
from slm_studio.engine.data.rows import Rows

MOST = 100  # candidates of a list that are looked at, the first ones


@dataclass(frozen=True, slots=True)
class Listed:
    """The candidates of one row. `own` is () where they have no scores of their own; further kinds of scores stand by role."""

    texts: tuple[str, ...]
    own: tuple[float, ...] = ()
    context: str = ""
    reference: str = ""
    further: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


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
    more = {role: rows.column(role) for role in FURTHER if role in rows.roles}
    found = []
    for row, (candidates, scores, context, reference) in enumerate(zip(*known, strict=True)):
        texts = texts_in(candidates)
        further = {role: own_scores(cells[row], len(texts))[:MOST] for role, cells in more.items()}
        found.append(Listed(texts[:MOST], own_scores(scores, len(texts))[:MOST], context, reference, further))
    return found


def listed(prompt: Prompt) -> Listed:
    """Return what is asked of a model. Raises StudioError where there is nothing to choose, or scores are not as many as candidates."""
    cell = prompt.get(LISTED, ())
    texts = texts_in(cell) if isinstance(cell, str) else tuple(map(str, cell))
    if not texts:
        raise StudioError(
            "text-empty",
            "There are no candidates to choose from.",
            "Give a list of texts, or write one a line.",
        )
    further = {role: _scores_asked(prompt[role], len(texts)) for role in FURTHER if role in prompt}
    own = _scores_asked(prompt.get(OWN, ()), len(texts))
    return Listed(texts, own, as_text(prompt.get(BEFORE, "")), further=further)


def _scores_asked(scores: Cell, count: int) -> tuple[float, ...]:
    """Return the scores of a question; () where it has none. Raises StudioError where they are not as many as the candidates."""
    own = own_scores(scores, count) if isinstance(scores, str) else tuple(map(float, scores))  # type: ignore[arg-type]
    is_given = bool(scores.strip() if isinstance(scores, str) else scores)
    if is_given and len(own) != count:
        raise StudioError(
            "scores-unequal",
            "There are {texts} {texts:candidate|candidates}, and not as many scores.",
            "Give each candidate its own score, in the same order, or none at all.",
            texts=count,
        )
    return own


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


def troubles_of(rows: Rows) -> Troubles:
    """Look through the lists of some rows."""
    return troubles_in(rows.column(LISTED), [rows.column(role) for role in OWNS if role in rows.roles], None)


def troubles_in(
    candidates: Sequence[str], scores: Sequence[Sequence[str]], references: Sequence[str] | None
) -> Troubles:
    """Look through the cells of lists; `scores` are the columns that hold some."""
    found = Troubles()
    for place, cell in enumerate(candidates):
        texts = texts_in(cell)
        if not texts:
            found.without.append(place)
        elif len(texts) == 1:
            found.lone.append(place)
        if len(texts) > MOST:
            found.longer.append(place)
        if texts and not all(own_scores(cells[place], len(texts)) for cells in scores):
            found.unscored.append(place)
        if references is not None and is_empty(references[place]):
            found.unanswered.append(place)
    return found
