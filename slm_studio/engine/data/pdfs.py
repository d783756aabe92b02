"""PDFs: what stands on their pages, line by line, as pdfium finds it. It only reads: forms and scripts stay asleep.

pdfium is native and serves one caller at a time, so every call into it is made under one lock, and what it opened is closed
under it. The lock is never held while somebody else works on a page.
"""

import math
import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes import c_double
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from slm_studio.core.errors import StudioError
from slm_studio.engine.data.paragraphs import Line, is_unspaced
from slm_studio.engine.data.source import Source

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfiumError, PdfPage
    from pypdfium2.raw import FS_RECTF

END = b"%%EOF"
NEAR_END = 4096  # bytes among which it stands; programs write on behind it
LOCKED = (4, 5)  # pdfium's numbers for a password that is missing and for a lock that it does not know

_BREAKS, _HYPHEN = (10, 13), 2  # what pdfium says at a line's end, and where a word is split there
_BLANKS = re.compile(r"\s+")
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1f\ufffe\uffff]")
# Joined letters, and Chinese radicals in place of characters: what is printed so is not what a person types.
_TYPED = {code: unicodedata.normalize("NFKC", chr(code)) for code in (*range(0x2F00, 0x2FD6), *range(0xFB00, 0xFB07))}

# Reentrant: a document that was left half read may be collected, and closed, while its thread is in pdfium.
_lock = threading.RLock()


@dataclass(frozen=True, slots=True)
class Page:
    """What stands on a page: its lines in the order of the file, or why there are none."""

    lines: list[Line] = field(default_factory=list)
    is_picture: bool = False  # there is something on it, but no letter
    is_damaged: bool = False


@dataclass(frozen=True, slots=True)
class Pdf:
    """An open PDF."""

    count: int  # of its pages
    _document: "PdfDocument"

    def page(self, number: int) -> Page:
        """Return a page, counted from 0."""
        from pypdfium2 import PdfiumError

        with _lock:
            try:
                page = self._document[number]
            except PdfiumError:
                return Page(is_damaged=True)
            try:
                return _read(page)
            except PdfiumError:
                return Page(is_damaged=True)
            finally:
                page.close()


@contextmanager
def opened(source: Source) -> Iterator[Pdf]:
    """Open a PDF; pages are read from the disk when they are asked for. Raises StudioError."""
    from pypdfium2 import PdfDocument, PdfiumError  # 50 ms and 8 MB of native code that few files need

    with source.path.open("rb") as stream:
        try:
            with _lock:
                document = PdfDocument(stream)
                count = len(document)
        except PdfiumError as error:
            raise _refusal(source, error) from error
        try:
            yield Pdf(count, document)
        finally:
            with _lock:
                document.close()


def is_cut(source: Source) -> bool:
    """Say whether the end of a PDF is missing."""
    with source.path.open("rb") as stream:
        stream.seek(max(0, source.size - NEAR_END))
        return END not in stream.read()


def _read(page: "PdfPage") -> Page:
    from pypdfium2 import raw

    text = page.get_textpage()
    try:
        count = raw.FPDFText_CountChars(text.raw)
        codes = [min(raw.FPDFText_GetUnicode(text.raw, place), 0xFFFD) for place in range(count)]
        ends = {place for place, code in enumerate(codes) if code in _BREAKS}
        split = {
            place for place, code in enumerate(codes) if code == _HYPHEN and raw.FPDFText_IsHyphen(text.raw, place)
        }
        lines = []
        for start, end in _spans(ends, split, len(codes)):
            said = _said(codes[start:end], is_split=end - 1 in split)
            seen = [place for place in range(start, end) if not chr(codes[place]).isspace()]
            if said and seen:
                lines.append(_line(said, text.raw, seen, codes))
    finally:
        text.close()
    return Page(lines, is_picture=not lines and raw.FPDFPage_CountObjects(page.raw) > 0)


def _spans(ends: set[int], split: set[int], count: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of each line: without what ends it, but with the hyphen of a split word."""
    start = 0
    for place in sorted([*ends, *(place + 1 for place in split), count]):
        if place > start:
            yield start, place
        start = max(start, place + (place in ends))


def _said(codes: Sequence[int], *, is_split: bool) -> str:
    """Return the text of a line. Where characters are kept as halves of 16 bits, they become whole."""
    text = "".join(map(chr, codes))
    text = text[:-1] + "-" if is_split else text
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").translate(_TYPED)
    return _BLANKS.sub(" ", _UNSEEN.sub("", text)).strip()


def _line(said: str, text: object, seen: Sequence[int], codes: Sequence[int]) -> Line:
    """Return a line and its place. Its size is that of most of three letters: a bullet or a footnote's mark has its own."""
    from pypdfium2 import raw

    end = next((place for place in seen if _ends_word(codes, place)), seen[-1])
    left, word, right = (_box(text, place) for place in (seen[0], end, seen[-1]))
    x, base = c_double(), c_double()
    raw.FPDFText_GetCharOrigin(text, seen[0], x, base)
    sizes = sorted(_size(text, place) for place in (seen[0], seen[len(seen) // 2], seen[-1]))
    return Line(said, left.left, right.right, base.value, sizes[1], word.right - left.left)


def _ends_word(codes: Sequence[int], place: int) -> bool:
    after = chr(codes[place + 1]) if place + 1 < len(codes) else " "
    return after.isspace() or is_unspaced(after) or is_unspaced(chr(codes[place]))


def _box(text: object, place: int) -> "FS_RECTF":
    from pypdfium2 import raw

    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(text, place, box)
    return box


def _size(text: object, place: int) -> float:
    """Return how large a letter is: a font of size 1 is often made larger by a matrix."""
    from pypdfium2 import raw

    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(text, place, matrix)
    return max(1.0, raw.FPDFText_GetFontSize(text, place) * math.hypot(matrix.c, matrix.d))


def _refusal(source: Source, error: "PdfiumError") -> StudioError:
    if error.err_code in LOCKED:
        return StudioError(
            "pdf-locked",
            "“{name}” is locked with a password.",
            "Open it in a PDF viewer with its password, save or print it as a new PDF without one, and choose that.",
            name=source.title,
        )
    if is_cut(source):
        return StudioError(
            "pdf-damaged",
            "“{name}” is a PDF whose end is missing, and with it the list of what is in it.",
            "Copy or download it again.",
            name=source.title,
        )
    return StudioError(
        "pdf-damaged",
        "“{name}” is damaged: its pages are not where the file says they are.",
        "Copy or download it again, or open it in a PDF viewer and save or print it as a new PDF.",
        name=source.title,
    )
