"""Sets of labels in a cell: “billing#urgent”, JSON lists, lists as Python and numpy print them, <tags><of><questions>."""

import json
import re

from slm_studio.core.results import LIST

LONGEST_PRINTED = 4000  # characters of a list as Python prints it
_STRING = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_QUOTED = re.compile(_STRING)
_PRINTED = re.compile(
    rf"[\[({{]\s*(?:{_STRING}(?:\s*,\s*|\s+|(?=\s*[\])}}])))*\s*[\])}}]$"
)  # by Python; by numpy, with blanks
_IN_ANGLES = re.compile(r"<([^<>]+)>")
_ANGLES = re.compile(r"(?:<[^<>/]+>)+$")  # the tags of a question: <python><pandas>


def labels_in(cell: str, joined: str) -> tuple[str, ...]:
    """Return the labels of a cell, each once: of a list whatever joins the others, else parted by `joined`.

    Example: labels_in("billing#urgent", "#") == ("billing", "urgent"); labels_in("[]", "#") == ()
    """
    bare = cell.strip()
    items = items_in(bare)
    if items is None:
        items = bare.split(joined) if joined and joined != LIST else [bare]
    return tuple(dict.fromkeys(part for item in items if (part := item.strip())))


def items_in(cell: str) -> list[str] | None:
    """Return the labels of a list, or of Label Studio's {"choices": […]}; None where a cell is neither."""
    if cell[:1] == "<":
        return _IN_ANGLES.findall(cell) if _ANGLES.match(cell) else None
    if cell[:1] not in tuple("[{("):
        return None
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        is_printed = len(cell) < LONGEST_PRINTED and _PRINTED.match(cell)
        return [part[1:-1] for part in _QUOTED.findall(cell)] if is_printed else None
    value = value.get("choices") if isinstance(value, dict) else value
    if not isinstance(value, list) or not all(isinstance(item, str | int) for item in value):
        return None
    return [str(item) for item in value]
