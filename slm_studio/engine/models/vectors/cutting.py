"""From a text to its words: at blanks and signs, by a Chinese dictionary, or as the file has them.

Signs are no words here. What is left out of the text leaves no gap: the words around it are neighbours.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from slm_studio.core.errors import StudioError
from slm_studio.core.prompt import Cell, read_cell
from slm_studio.engine.data.languages import is_han
from slm_studio.engine.models.features import UNSPACED

# A word of letters and digits; what stands around an apostrophe belongs together: don't, l'eau, 3D打印
PIECES = re.compile(r"\w+(?:['’]\w+)*")
MOST_ENTRIES, LONGEST_ENTRY = 1_000_000, 50  # of an own dictionary: lines, and characters of a word
WEIGHT = 1_000_000  # how frequent an own word is taken to be, so that nothing else is made of its characters


class Cutter(Protocol):
    """What cuts Chinese: rjieba's Jieba."""

    def cut(self, text: str, hmm: bool = True) -> list[str]:
        """Return the words of a text, which joined give it back."""


@dataclass(frozen=True, kw_only=True)
class Cutting:
    """Say how texts become words; that must not change once vectors stand for them."""

    segmentation: str = "auto"  # auto | given | characters
    lowercase: bool = True
    dictionary: tuple[str, ...] = ()  # words that are never cut

    def words(self, cell: Cell) -> list[str]:
        """Return the words of a text, or of a list of words as they are. Example: “Don't panic!” → don't, panic"""
        meaning = read_cell(cell, "words") if isinstance(cell, str) else cell
        if not isinstance(meaning, str):
            found = [word for part in meaning if (word := "_".join(str(part).split()))]
            return [word.lower() for word in found] if self.lowercase else found
        text = unicodedata.normalize("NFKC", meaning)
        text = text.lower() if self.lowercase else text
        if self.segmentation == "given":
            return text.split()
        found = PIECES.findall(text.replace("’", "'"))
        if text.isascii() or not UNSPACED.search(text):
            return found
        cut = self._cut
        return [word for piece in found for word in (cut(piece) if UNSPACED.search(piece) else (piece,))]

    @cached_property
    def _cut(self) -> Callable[[str], list[str]]:
        """Return what cuts a piece that holds characters of a script without blanks."""
        if self.segmentation == "characters":
            return characters
        by_dictionary = dictionary_cutter(self.dictionary)

        def cut(piece: str) -> list[str]:
            if by_dictionary is None or not any(map(is_han, piece)):
                return characters(piece)
            return [word for word in by_dictionary.cut(piece) if word.strip()]

        return cut


def characters(piece: str) -> list[str]:
    """Return each character of a script without blanks, and what stands between them whole. Example: 3D打印 → 3d, 打, 印"""
    return [part for part in re.split(f"({UNSPACED.pattern})", piece) if part]


def dictionary_cutter(own: tuple[str, ...]) -> Cutter | None:
    """Return rjieba with some words of one's own; None where it is not there (it has no wheel for Windows on ARM)."""
    try:
        import rjieba
    except ImportError:
        return None
    if not own:  # the one that the library made while it was imported: another takes a quarter of a second
        plain: Cutter = rjieba
        return plain
    cutter: Cutter = rjieba.Jieba()
    for word in own:
        cutter.add_word(word, WEIGHT, None)  # type: ignore[attr-defined]
    return cutter


def read_dictionary(path: str) -> tuple[str, ...]:
    """Return the words of a file, one a line; what follows a blank (jieba's frequency and kind) is left out. Raises StudioError."""
    file = Path(path).expanduser()
    if not path:
        return ()
    if not file.is_file():
        raise StudioError(
            "file-missing", "“{path}” does not exist.", "Check the name, or choose another file.", path=path
        )
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise StudioError(
            "dictionary-encoding",
            "“{path}” is not written in UTF-8.",
            "Save it again as UTF-8, one word a line.",
            path=path,
        ) from error
    words = [unicodedata.normalize("NFKC", line).split()[0] for line in lines if line.strip()]
    _check_entries(path, words)
    return tuple(dict.fromkeys(words))


def _check_entries(path: str, words: Sequence[str]) -> None:
    longest = max(words, key=len, default="")
    if len(words) > MOST_ENTRIES or len(longest) > LONGEST_ENTRY or not words:
        raise StudioError(
            "dictionary-form",
            "“{path}” is no list of words: it has {lines} lines, the longest word is “{longest}”.",
            "Write one word a line.",
            path=path,
            lines=len(words),
            longest=longest[:LONGEST_ENTRY],
        )
