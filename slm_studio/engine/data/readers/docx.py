"""Word: each paragraph of a .docx is one row of the column “text”, as a person reads it."""

import zipfile
from collections.abc import Iterator
from xml.parsers.expat import ExpatError

from slm_studio.core.dataset import ReadOptions
from slm_studio.core.dropped import ZIP_DAMAGE, open_zip
from slm_studio.core.errors import StudioError
from slm_studio.core.texts import mark
from slm_studio.engine.data.markup import ForbiddenMarkup, parts
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.packed import check_member
from slm_studio.engine.data.readers import Chunk
from slm_studio.engine.data.source import Source

DOCUMENT = "word/document.xml"
GROUP = 1000
SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011", "softHyphen": "\u00ad"}
UNSEEN = ("del", "moveFrom", "Fallback", "pPr", "rPr", "instrText")  # what stands in these is not on the page
_APART = ("footnotes", "endnotes", "comments")


def sniff(head: bytes, name: str) -> float:
    """What is in the zip tells, not the name."""
    return 0.0


def read(source: Source, options: ReadOptions, notes: Notes) -> Iterator[Chunk]:
    """Yield the paragraphs, those in tables too, empty ones as empty rows."""
    notes.format, notes.header, notes.encoding = "docx", False, ""
    try:
        with open_zip(source.path) as archive:
            check_member(archive.getinfo(DOCUMENT), source.title)
            _name_what_is_apart(archive, notes)
            with archive.open(DOCUMENT) as stream:
                yield from _groups(_paragraphs(stream, notes))
    except (*ZIP_DAMAGE, ExpatError, ForbiddenMarkup, KeyError) as error:
        raise StudioError(
            "word-damaged",
            "“{name}” is no whole Word file: {reason}.",
            "Open it in Word or LibreOffice and save it again as .docx.",
            name=source.title,
            reason=str(error)[:200] or type(error).__name__,
        ) from error


def _groups(paragraphs: Iterator[str]) -> Iterator[Chunk]:
    group: list[str] = []
    for paragraph in paragraphs:
        group.append(paragraph)
        if len(group) == GROUP:
            yield {"text": group}
            group = []
    yield {"text": group}


def _paragraphs(stream, notes: Notes) -> Iterator[str]:  # type: ignore[no-untyped-def]  # noqa: ANN001  (a zip's member)
    open_paragraphs: list[list[str]] = []  # a text box stands within a paragraph
    unseen, in_text, in_cell, cells = 0, False, 0, 0
    for what, name, _ in parts(stream):
        if what == "text":
            if in_text and not unseen and open_paragraphs:
                open_paragraphs[-1].append(name)
        elif name in UNSEEN:
            unseen += 1 if what == "start" else -1
        elif name == "t":
            in_text = what == "start"
        elif name == "tc":
            in_cell += 1 if what == "start" else -1
            cells += what == "start"
        elif name == "p" and what == "start":
            open_paragraphs.append([])
        elif name == "p" and open_paragraphs:
            yield "".join(open_paragraphs.pop())
        elif what == "start" and name in SIGNS and open_paragraphs and not unseen:
            open_paragraphs[-1].append(SIGNS[name])
    if cells:
        notes.add(
            "word-tables",
            mark("{count} table {count:cell|cells} became rows of text like the paragraphs around {count:it|them}."),
            count=cells,
        )


def _name_what_is_apart(archive: zipfile.ZipFile, notes: Notes) -> None:
    apart = [each for each in _APART if f"word/{each}.xml" in archive.namelist()]
    apart = [each for each in apart if archive.getinfo(f"word/{each}.xml").file_size > 3000]  # Word writes empty ones
    if apart:
        notes.add(
            "word-apart",
            mark("What stands apart from the text was left out: {names}."),
            count=len(apart),
            names=", ".join(apart),
        )
