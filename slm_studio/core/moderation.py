"""Moderation: the label that must not be missed, and the answers that a person should look at. A model's facts hold both.

The label to catch is answered from a probability on that was chosen on held-out rows, though another may be likelier; an
answer whose own probability lies below another threshold is for a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slm_studio.core.results import Item, Label
from slm_studio.core.texts import mark

CATCH, PERSON = "catch", "person"  # among the facts
FOR_A_PERSON = "for_a_person"  # what programs read beside an answer, and a column of a file of answers
SENT = mark("Send it to a person: less than {below} % sure.")


@dataclass(frozen=True, slots=True)
class Catch:
    """A label, the share of its texts that is to be caught, and from which probability on it is answered for that."""

    label: str
    recall: float
    threshold: float
    rows: int  # held-out ones with this label, on which that was chosen


@dataclass(frozen=True, slots=True)
class Person:
    """Below which probability an answer is for a person, and the share of the others that was to be right (0: as somebody set it)."""

    below: float
    right: float = 0.0


def catch_of(facts: Mapping[str, object]) -> Catch | None:
    """Return what a model catches, or None; also where no held-out row was there to choose a threshold on."""
    found = facts.get(CATCH)
    if not isinstance(found, dict):
        return None
    label, recall, threshold, rows = (found.get(name) for name in ("label", "recall", "threshold", "rows"))
    if not isinstance(label, str) or not isinstance(threshold, int | float):
        return None
    return Catch(label, _share(recall), float(threshold), rows if isinstance(rows, int) else 0)


def person_of(facts: Mapping[str, object]) -> Person | None:
    """Return which answers of a model are for a person, or None where it gives all of them by itself."""
    found = facts.get(PERSON)
    below = found.get("below") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(below, int | float) or below <= 0:
        return None
    return Person(float(below), _share(found.get("right")))


def is_for_a_person(items: Sequence[Item], facts: Mapping[str, object]) -> bool | None:
    """Say whether an answer is too unsure to stand by itself; None where the model gives all answers by itself."""
    person = person_of(facts)
    first = items[0] if items else None
    if person is None or not isinstance(first, Label) or first.chosen is not None:
        return None
    return first.score < person.below


def handed_on(items: Sequence[Item], facts: Mapping[str, object]) -> dict[str, bool]:
    """Return what programs are told of an answer beside its items, where the model leaves some to a person."""
    found = is_for_a_person(items, facts)
    return {} if found is None else {FOR_A_PERSON: found}


def _share(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
