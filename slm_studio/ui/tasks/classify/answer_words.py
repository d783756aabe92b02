"""What the answers of a classifier are in words: labels, several of them, a number and its range."""

import re
from collections.abc import Mapping, Sequence

from slm_studio.core.errors import show
from slm_studio.core.report import NONE
from slm_studio.core.results import Label, Number, chosen_labels
from slm_studio.core.texts import in_line, tr


def thresholds_of(facts: Mapping[str, object]) -> dict[str, float]:
    """Return from which probability on each of several labels is right."""
    labels, known = facts.get("labels"), facts.get("thresholds")
    return dict(zip(labels, known, strict=False)) if isinstance(labels, list) and isinstance(known, list) else {}


def answer_words(items: Sequence[Label | Number]) -> str:
    """Return an answer in a line: the likeliest label, all that are right, or the number."""
    first = items[0]
    if isinstance(first, Number):
        return first.written or show(first.value)
    if first.chosen is None:
        return first.label
    return ", ".join(chosen_labels(items)) or tr(NONE)


def range_words(number: Number) -> str:
    """Return where a number likely lies."""
    if number.low is None or number.high is None:
        return ""
    return tr(
        "likely between {low} and {high}: nine of ten held-out rows lay as near",
        low=_like(number.written, number.low),
        high=_like(number.written, number.high),
    )


def _like(written: str, value: float) -> str:
    """Return a number with as many decimals as another one that was written, behind the same sign."""
    found = re.search(r"([.,])(\d+)", written)
    if not written or found is None:
        return show(value) if not written else f"{value:.0f}"
    return f"{value:.{len(found[2])}f}".replace(".", found[1])


def more_words(left: int, *, is_none: bool) -> str:
    """Return how many further labels there are, and whether none is right."""
    none = tr("None of the labels is above its threshold: the text has none of them.") if is_none else ""
    return in_line((none, tr("and {n} more", n=left) if left > 0 else ""))
