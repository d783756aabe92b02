"""Sides: what the two sides of a model that rewrites are called, where their columns have names of their own."""

from collections.abc import Mapping

from slm_studio.core.texts import mark

TURNED = "other-direction"  # the code of a Note on a text in the language of the answer
# What is said of such a text, by its language and by whether it was asked from the target's side.
SAID_OF_TURNED = {
    ("zh", False): mark("This looks like Chinese, which the model writes here: to translate it, give --back."),
    ("en", False): mark("This looks like English, which the model writes here: to translate it, give --back."),
    ("zh", True): mark("This looks like Chinese, which the model writes here: to translate it, leave out --back."),
    ("en", True): mark("This looks like English, which the model writes here: to translate it, leave out --back."),
}


def sides_of(facts: Mapping[str, object]) -> tuple[str, str]:
    """Return the names of source and target, or two empty ones.

    Example: sides_of({"sides": ["translation.en", "translation.zh"]}) == ("en", "zh")
    """
    sides = facts.get("sides")
    if not isinstance(sides, list) or len(sides) != 2:
        return "", ""
    one, other = (str(side).rpartition(".")[2] for side in sides)
    return ("", "") if one.startswith("column_") or other.startswith("column_") else (one, other)
