"""Sides: what the two sides of a model that rewrites are called, where their columns have names of their own."""

from collections.abc import Mapping


def sides_of(facts: Mapping[str, object]) -> tuple[str, str]:
    """Return the names of source and target, or two empty ones.

    Example: sides_of({"sides": ["translation.en", "translation.zh"]}) == ("en", "zh")
    """
    sides = facts.get("sides")
    if not isinstance(sides, list) or len(sides) != 2:
        return "", ""
    one, other = (str(side).rpartition(".")[2] for side in sides)
    return ("", "") if one.startswith("column_") or other.startswith("column_") else (one, other)
