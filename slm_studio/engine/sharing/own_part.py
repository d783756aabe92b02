"""A card that somebody wrote on stays theirs: what is written from the evidence stands between two marks, the rest is kept."""

import json
import re
from collections.abc import Mapping

import yaml

BEGIN = "<!-- slm-studio: what stands up to the end mark is written anew with each publication -->"
END = "<!-- slm-studio: end -->"
# Of the front matter these follow from the evidence; every other key that stands there already is somebody's.
_EVIDENCE = ("library_name", "pipeline_tag", "base_model", "base_model_relation", "model-index")
_FRONT = re.compile(r"\A\ufeff?---\r?\n(.*?\r?\n)?---[ \t]*\r?\n", re.DOTALL)
_HEADING = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)
# The headings of cards from before there were marks; such a card has no part of anybody else.
_OLD_HEADINGS = {
    "What it is", "Intended use", "How to use it", "Training data", "Where it comes from", "Recipe", "Machine and time",
    "Evaluation", "Limits", "Licence",
}  # fmt: skip
_LONGEST_FRONT = 64 * 1024  # characters


def marked(body: str) -> str:
    """Return a text between the marks."""
    return f"{BEGIN}\n{body.strip()}\n{END}\n"


def keep_own(old: str, new: str) -> str:
    """Return the new card with what others wrote on the old one. `new` holds the marks.

    Example: keep_own("# Mine\\n", "<begin>\\nours\\n<end>\\n") == "# Mine\\n\\n<begin>\\nours\\n<end>\\n"
    """
    old_front, old_body = _split(old)
    new_front, new_body = _split(new)
    return _front(old_front, new_front) + _body(old_body, new_body)


def has_own(card: str) -> bool:
    """Say whether somebody wrote on a card: outside the marks, or all of it."""
    _, body = _split(card)
    before, marks, after = _around(body)
    return bool(before.strip() or after.strip()) if marks else not _is_old(body)


def _body(old: str, new: str) -> str:
    before, marks, after = _around(old)
    if marks:
        return before + new.strip() + after
    if _is_old(old):
        return new
    return f"{old.rstrip()}\n\n{new}"


def _around(body: str) -> tuple[str, bool, str]:
    begin = body.find(BEGIN)
    end = body.find(END, begin)
    if begin < 0 or end < 0:
        return body, False, ""
    return body[:begin], True, body[end + len(END) :]


def _is_old(body: str) -> bool:
    """Say whether a card without marks is wholly ours, or empty."""
    headings = set(_HEADING.findall(body))
    return not body.strip() or ({"What it is", "Limits", "Licence"} <= headings <= _OLD_HEADINGS)


def _split(card: str) -> tuple[str, str]:
    """Return the front matter without its fences, and the text."""
    found = _FRONT.match(card)
    return (found[1] or "", card[found.end() :]) if found else ("", card)


def _front(old: str, new: str) -> str:
    theirs, ours = _table(old), _table(new)
    merged: dict[str, object] = dict(theirs)
    for key, value in ours.items():
        if key == "tags":
            merged[key] = list(dict.fromkeys([*_listed(theirs.get(key)), *_listed(value)]))
        else:
            merged[key] = value
    for key in _EVIDENCE:
        if key not in ours:
            merged.pop(key, None)  # said of another model
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False, default=str)}" for key, value in merged.items()]
    return "\n".join(["---", *lines, "---"]) + "\n"


def _table(front: str) -> Mapping[str, object]:
    """Return the front matter as a table; one that is no table, or would grow when it is read, holds nothing for us."""
    if len(front) > _LONGEST_FRONT:
        return {}
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(front)):
            return {}
        plain = yaml.safe_load(front)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return {str(key): value for key, value in plain.items()} if isinstance(plain, dict) else {}


def _listed(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [] if value is None else [str(value)]
