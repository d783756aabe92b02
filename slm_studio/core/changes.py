"""Changes: what of a text stands otherwise in another, in words; of Chinese, which has no blanks, in characters."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "added", "removed"]
_UNITS = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\W_\u3400-\u9fff\uf900-\ufaff]+|\s+|.", re.DOTALL)
MOST = 4000  # words beyond which texts are not compared: it would take seconds


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of what two texts are together."""

    text: str
    kind: Kind


def changes(before: str, after: str) -> list[Piece]:
    """Return the pieces of both texts in their order: without those that were added it is the one, without the removed the other.

    Example: changes("I has it", "I have it") == [same "I ", removed "has", added "have", same " it"]
    """
    old, new = _units(before), _units(after)
    if len(old) + len(new) > MOST:
        return [Piece(after, "same")] if after else []
    found: list[Piece] = []
    for _, start, end, other_start, other_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[start:end]), "".join(new[other_start:other_end])
        pieces = [Piece(come, "same")] if gone == come else [Piece(gone, "removed"), Piece(come, "added")]
        found += [piece for piece in pieces if piece.text]
    return found


def new_words(before: str, after: str) -> list[Piece]:
    """Return the later text in pieces: what stands nowhere in the earlier one is added. A summary moves and leaves out much else.

    Example: new_words("The cat sat on the mat.", "A cat sat") == [added "A", same " cat sat"]
    """
    known, found = set(_units(before.casefold())), list[Piece]()
    for unit in _units(after):
        kind: Kind = "same" if unit.casefold() in known or not any(map(str.isalnum, unit)) else "added"
        if found and found[-1].kind == kind:
            found[-1] = Piece(found[-1].text + unit, kind)
        else:
            found.append(Piece(unit, kind))
    return found


def _units(text: str) -> list[str]:
    return _UNITS.findall(text)
