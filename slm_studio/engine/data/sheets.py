"""Sheets: what an Excel file says of its sheets beside their cells. calamine gives the cells; it says nothing of what is hidden,
gives error cells as empty ones, and holds every sheet as one full rectangle, so its size is looked at before."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from slm_studio.core.errors import StudioError
from slm_studio.engine.data.markup import parts

MOST_CELLS = 20_000_000  # of the rectangle that holds all cells
BLOCK = 4 << 20
MOST_ROW = 64 << 20  # bytes of one row's markup

_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_ROW_END = re.compile(rb"</(?:\w+:)?row>")
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,9})"')
_NUMBER = re.compile(rb'\br="(\d{1,9})"')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_COLUMN = re.compile(rb"<(?:\w+:)?col\b([^>]*)>")
_ERROR = re.compile(
    rb'<(?:\w+:)?c\b(?=[^>]*\bt="e")[^>]*\br="([A-Z]{1,3})(\d{1,9})"[^>]*>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]{1,40})</',
    re.DOTALL,
)
_UNCOUNTED = re.compile(rb"</(?:\w+:)?f>(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>")
_STYLE = re.compile(rb'\bs="(\d{1,6})"')


@dataclass(slots=True)
class Sheet:
    """One sheet's markup, looked through. Rows and columns count from 0."""

    name: str
    hidden: bool
    path: str = ""  # in the zip
    height: int = 0
    width: int = 0
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)  # (row, column) → what stands there, such as #N/A
    uncounted: int = 0  # formulas whose result was never stored
    styles: set[int] = field(default_factory=set)
    formats: tuple[str, ...] = ()  # that its numbers wear


def list_sheets(archive: zipfile.ZipFile) -> list[Sheet]:
    """Return the worksheets in their order, not yet looked through."""
    targets: dict[str, str] = {}
    with archive.open("xl/_rels/workbook.xml.rels") as stream:
        for what, name, attributes in parts(stream):
            if what == "start" and name == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
                target = attributes.get("Target", "")
                targets[attributes.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    found = []
    with archive.open("xl/workbook.xml") as stream:
        for what, name, attributes in parts(stream):
            if what == "start" and name == "sheet" and attributes.get("id") in targets:
                hidden = attributes.get("state", "visible") != "visible"
                found.append(Sheet(attributes.get("name", ""), hidden, targets[attributes["id"]]))
    return found


def look_through(archive: zipfile.ZipFile, sheet: Sheet, title: str) -> Iterator[int]:
    """Fill in `sheet` and yield how many bytes of it were looked at. Raises StudioError where it is too large."""
    with archive.open(sheet.path) as stream:
        for piece in _pieces(stream, title):
            _look(piece, sheet)
            if sheet.height * sheet.width > MOST_CELLS:
                raise StudioError(
                    "sheet-too-large",
                    "Sheet “{sheet}” of “{name}” spans {rows} rows and {columns} columns, more than can be held at once.",
                    "Delete stray cells far below or beside the table, or save the sheet as CSV.",
                    name=title,
                    sheet=sheet.name,
                    rows=sheet.height,
                    columns=sheet.width,
                )
            yield len(piece)


def formats_of(archive: zipfile.ZipFile, sheet: Sheet) -> tuple[str, ...]:
    """Return the number formats of one's own making that the sheet's cells wear, such as “0.0%” or “#,##0 €”."""
    if "xl/styles.xml" not in archive.namelist():
        return ()
    own: dict[str, str] = {}
    worn: list[str] = []
    inside = False
    with archive.open("xl/styles.xml") as stream:
        for what, name, attributes in parts(stream):
            if name == "cellXfs":
                inside = what == "start"
            elif what == "start" and name == "numFmt":
                own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
            elif what == "start" and name == "xf" and inside:
                worn.append(attributes.get("numFmtId", "0"))
    codes = {worn[style] for style in sheet.styles if style < len(worn)}
    builtin = {"9": "0%", "10": "0.00%"}
    found = [own.get(code, builtin.get(code, "")) for code in sorted(codes)]
    return tuple(
        code for code in found if code and not re.search(r"[ymdhs@]|General", code.split("]")[-1], re.IGNORECASE)
    )


def column_number(letters: bytes) -> int:
    """Return a column's place from 0. Example: column_number(b"AA") == 26"""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _pieces(stream: IO[bytes], title: str) -> Iterator[bytes]:
    """Yield the markup in pieces that end where a row ends."""
    rest = b""
    while block := stream.read(BLOCK):
        rest += block
        end = max(rest.rfind(b"</row>") + 6, rest.rfind(b":row>") + 5)
        if end < 7:
            if len(rest) > MOST_ROW:
                raise StudioError(
                    "sheet-too-large", "A row of “{name}” is longer than any sheet's.", "Save it as CSV.", name=title
                )
            continue
        yield rest[:end]
        rest = rest[end:]
    yield rest


def _look(piece: bytes, sheet: Sheet) -> None:
    places = set(_PLACE.findall(piece))
    if places:
        sheet.height = max(sheet.height, *(int(row) for _, row in places))
        sheet.width = max(sheet.width, *(column_number(column) + 1 for column in {column for column, _ in places}))
    if b"hidden=" in piece:
        for number, match in enumerate(_ROW.finditer(piece)):
            if _HIDDEN.search(match[1]):
                place = _NUMBER.search(match[1])
                sheet.hidden_rows.add(int(place[1]) - 1 if place else number)
        for match in _COLUMN.finditer(piece):
            if _HIDDEN.search(match[1]):
                bounds = dict(re.findall(rb'\b(min|max)="(\d{1,5})"', match[1]))
                first, last = int(bounds.get(b"min", 1)), min(int(bounds.get(b"max", 1)), 16_384)
                sheet.hidden_columns |= set(range(first - 1, last))
    if b't="e"' in piece:
        for column, row, value in _ERROR.findall(piece):
            sheet.errors[(int(row) - 1, column_number(column))] = value.decode("utf-8", "replace")
    sheet.uncounted += len(_UNCOUNTED.findall(piece)) if b"</f>" in piece or b":f>" in piece else 0
    sheet.styles |= {int(style) for style in set(_STYLE.findall(piece))}
