"""Write small Excel and Word files as those programs do, so that a test can say what is in them."""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

Cell = str | int | float | bool | None


class Raw(str):
    """A cell's markup, for example <c r="A1" t="e"><v>#N/A</v></c>."""


def cell(place: str, value: Cell) -> str:
    """Return the markup of a cell."""
    if value is None:
        return ""
    if isinstance(value, Raw):
        return value
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def sheet(rows: Sequence[Sequence[Cell]], *, hidden_rows: Sequence[int] = (), before: str = "", after: str = "") -> str:
    """Return a worksheet's markup; `hidden_rows` count from 1."""
    lines = []
    for number, row in enumerate(rows, 1):
        hidden = ' hidden="1"' if number in hidden_rows else ""
        cells = "".join(cell(f"{chr(64 + at)}{number}", value) for at, value in enumerate(row, 1))
        lines.append(f'<row r="{number}"{hidden}>{cells}</row>')
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{"".join(lines)}</sheetData>{after}</worksheet>'


def workbook(path: Path, sheets: Mapping[str, str], *, hidden: Sequence[str] = (), styles: str = "") -> Path:
    """Write a workbook of sheets by name."""
    listed, linked = [], []
    for number, name in enumerate(sheets, 1):
        state = ' state="hidden"' if name in hidden else ""
        listed.append(f'<sheet name="{escape(name)}" sheetId="{number}"{state} r:id="rId{number}"/>')
        linked.append(
            f'<Relationship Id="rId{number}" Type="{LINKS}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types"/>')
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r" Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>{"".join(listed)}</sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships">{"".join(linked)}</Relationships>',
        )
        if styles:
            archive.writestr("xl/styles.xml", f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>')
        for number, markup in enumerate(sheets.values(), 1):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", markup)
    return path


def word(path: Path, body: str, before: str = "") -> Path:
    """Write a Word file with this body."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types"/>')
        archive.writestr(
            "word/document.xml", f'{before}<w:document xmlns:w="{WORDS}"><w:body>{body}</w:body></w:document>'
        )
    return path


def paragraph(*texts: str) -> str:
    """Return a paragraph of runs."""
    runs = "".join(f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>' for text in texts)
    return f"<w:p><w:pPr><w:t>unseen</w:t></w:pPr>{runs}</w:p>"
