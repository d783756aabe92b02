"""Prose: how much the cells of a column look like language rather than like names, codes or markup."""

import re
from collections.abc import Sequence
from enum import IntEnum

from slm_studio.engine.data.shapes import ADDRESS, NUMBER

LOOKED_AT = 400  # cells
FEWEST_WORDS = 3
FEWEST_SIGNS = 4  # of Chinese, Japanese and Korean, which part no words
_WORD = re.compile(r"[^\W\d_]{2,}")
_SIGN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>")
_JSON = re.compile(r"^\s*[\[{]")


class Prose(IntEnum):
    """How many cells of a column are language."""

    NONE = 0  # hardly any
    SOME = 1
    MOST = 2


def prose_of(cells: Sequence[str]) -> Prose:
    """Judge a column by cells from all over it; blank ones do not count."""
    filled = [cell[:1000] for cell in cells if cell.strip()]
    filled = filled[:: max(1, len(filled) // LOOKED_AT)]
    found = sum(is_prose(cell) for cell in filled) / max(1, len(filled))
    if found < 0.1:
        return Prose.NONE
    marked = sum(bool(_MARKUP.search(cell) or _JSON.match(cell)) for cell in filled) / len(filled)
    return Prose.MOST if found >= 0.5 and marked < 0.5 else Prose.SOME


def is_prose(cell: str) -> bool:
    """Say whether a cell reads like language. Example: is_prose("where is my card") but not is_prose("T-10007 open")."""
    if NUMBER.match(cell) or ADDRESS.match(cell):
        return False
    signs = len(_SIGN.findall(cell))
    words = _WORD.findall(cell)
    letters = sum(character.isalpha() for character in cell)
    visible = sum(not character.isspace() for character in cell)
    return (signs >= FEWEST_SIGNS or len(words) >= FEWEST_WORDS) and letters >= 0.6 * visible
