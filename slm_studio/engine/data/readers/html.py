"""HTML: the largest table where the page is mostly one (Excel and web shops export that), else its paragraphs as text."""

import re
from collections.abc import Iterator

from slm_studio.core.dataset import ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.texts import mark
from slm_studio.engine.data.headers import invented_names, settled_names
from slm_studio.engine.data.layout import lay_out
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.page import Grid, Page
from slm_studio.engine.data.readers import Chunk
from slm_studio.engine.data.source import Source

ENDINGS = (".html", ".htm", ".xhtml", ".xls")
GROUP = 5000
MOST = 256 << 20  # characters of a page, which is held whole

_BEGINS = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|meta|table|body)\b", re.I | re.S
)
_BLANKS = re.compile(r"[ \t\r\n\f]+")


def sniff(head: bytes, name: str) -> float:
    """A page begins with its own tags, whatever it is called."""
    if not _BEGINS.match(head[:4096].decode("utf-8", "replace").lstrip("\ufeff")):
        return 0.0
    return 0.95 if name.lower().endswith(ENDINGS) else 0.86


def read(source: Source, options: ReadOptions, notes: Notes) -> Iterator[Chunk]:
    """Yield the rows of the table, or the paragraphs."""
    notes.format, notes.header = "html", False
    pieces, length = [], 0
    for text in source.text(notes.encoding, notes):
        pieces.append(text)
        length += len(text)
        if length > MOST:
            raise _too_large(source)
        yield {}
    page = Page("".join(pieces))
    table = max(page.tables, key=_characters, default=[])
    width = max(map(len, table), default=0)
    if len(table) > 1 and width > 1 and 2 * _characters(table) >= sum(map(len, page.blocks)):
        header = True if options.header is None and table is page.named else options.header
        yield from _table([row + [""] * (width - len(row)) for row in table], len(page.tables), header, notes)
        return
    notes.add(
        "html-text",
        mark("The text of the page was taken: {count} {count:paragraph|paragraphs}."),
        count=len(page.blocks),
    )
    if not source.name.lower().endswith(ENDINGS):
        notes.add(
            "page-not-file",
            mark("“{name}” is a web page, whatever its name says; such a page often tells why a download failed."),
            name=source.title,
        )
    for start in range(0, len(page.blocks), GROUP):
        yield {"text": page.blocks[start : start + GROUP]}


def _table(grid: Grid, tables: int, header: bool | None, notes: Notes) -> Iterator[Chunk]:
    found = lay_out(grid, header)
    found.say(notes)
    notes.header = found.header is not None
    notes.add("html-table", mark("The file is a web page; its table was read."))
    if tables > 1:
        notes.add("html-tables", mark("The largest of {count} tables was read."), count=tables)
    names = (
        settled_names(found.header, notes) if found.header else invented_names(found.rows[:1000], len(found.columns))
    )
    for start in range(0, len(found.rows), GROUP):
        yield dict(zip(names, zip(*found.rows[start : start + GROUP], strict=True), strict=True))


def _characters(table: Grid) -> int:
    return sum(len(cell) for row in table for cell in row)


def _too_large(source: Source) -> StudioError:
    return StudioError(
        "page-too-large",
        "“{name}” is a web page of more than {limit} million characters, which must be held whole.",
        "Save its text as plain text, or its table as CSV.",
        name=source.title,
        limit=MOST >> 20,
    )
