"""Excel: one sheet of a workbook as rows. Cells are text as a person sees them there, as far as the file tells."""

import datetime
import zipfile
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from xml.parsers.expat import ExpatError

import python_calamine as calamine

from slm_studio.core.dataset import ReadOptions
from slm_studio.core.dropped import ZIP_DAMAGE, open_zip
from slm_studio.core.errors import StudioError
from slm_studio.core.texts import mark
from slm_studio.engine.data.headers import invented_names, settled_names
from slm_studio.engine.data.layout import lay_out
from slm_studio.engine.data.markup import ForbiddenMarkup
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.packed import check_archive, check_member, locked
from slm_studio.engine.data.readers import Chunk
from slm_studio.engine.data.sheets import Sheet, formats_of, list_sheets, look_through
from slm_studio.engine.data.source import Source

GROUP = 5000
EXACT = 15  # digits that Excel keeps and shows
DAMAGE = (*ZIP_DAMAGE, calamine.CalamineError, ExpatError, ForbiddenMarkup, KeyError)


@dataclass(slots=True)
class _Page:
    """A sheet, its cells once they were asked for, and in how many of its rows there is text."""

    sheet: Sheet
    cells: calamine.CalamineSheet | None = None
    texts: int = 0


def sniff(head: bytes, name: str) -> float:
    """What is in the zip tells, not the name."""
    return 0.0


def read(source: Source, options: ReadOptions, notes: Notes) -> Iterator[Chunk]:
    """Yield the rows of the chosen sheet: the one named, or the one with most rows of text."""
    notes.format, notes.encoding = "xlsx", ""
    try:
        with calamine.load_workbook(str(source.path)) as book:
            pages = yield from _look_at_sheets(source, book)
            page = _choose(book, pages, options.sheet, source, notes)
            yield from _rows(page, source, options, notes)
    except calamine.PasswordError as error:
        raise locked(source.title) from error
    except DAMAGE as error:
        raise StudioError(
            "sheet-damaged",
            "“{name}” is no whole Excel file: {reason}.",
            "Open it in Excel or LibreOffice and save it again as .xlsx, or as CSV.",
            name=source.title,
            reason=str(error)[:200] or type(error).__name__,
        ) from error


def _look_at_sheets(source: Source, book: calamine.CalamineWorkbook) -> Generator[Chunk, None, list[_Page]]:
    """Look through the markup of every sheet, with a sign of life at times."""
    if not zipfile.is_zipfile(source.path):  # the old .xls has no markup to look through
        visible = calamine.SheetVisibleEnum.Visible
        return [_Page(Sheet(each.name, each.visible != visible)) for each in book.sheets_metadata]
    pages = []
    with open_zip(source.path) as archive:
        check_archive(archive, source.title)
        for sheet in list_sheets(archive):
            check_member(archive.getinfo(sheet.path), source.title)
            for _ in look_through(archive, sheet, source.title):
                yield {}
            sheet.formats = formats_of(archive, sheet)
            pages.append(_Page(sheet))
    return pages


def _choose(
    book: calamine.CalamineWorkbook, pages: Sequence[_Page], wanted: str, source: Source, notes: Notes
) -> _Page:
    names = tuple(page.sheet.name for page in pages)
    if wanted and wanted not in names:
        raise StudioError(
            "no-such-sheet",
            "“{name}” has no sheet “{sheet}”.",
            "Its sheets are: {sheets}.",
            name=source.title,
            sheet=wanted,
            sheets=", ".join(names),
        )
    for page in pages:
        page.cells = book.get_sheet_by_name(page.sheet.name)
        page.texts = sum(any(type(cell) is str and cell.strip() for cell in row) for row in page.cells.iter_rows())
    if not any(page.cells is not None and page.cells.end for page in pages):
        raise StudioError("no-rows", "“{name}” holds no rows.", "Choose a file with rows in it.", name=source.title)
    chosen = max(
        pages, key=lambda page: (page.sheet.name == wanted, page.texts > 0 and not page.sheet.hidden, page.texts)
    )
    notes.sheet, notes.sheets = chosen.sheet.name, names
    others = [page.sheet.name for page in pages if page is not chosen and page.cells is not None and page.cells.end]
    if others:
        notes.add(
            "sheets-others",
            mark("Sheet “{sheet}” was read; the file also has: {names}."),
            count=len(others),
            sheet=chosen.sheet.name,
            names=", ".join(others),
        )
    return chosen


def _rows(page: _Page, source: Source, options: ReadOptions, notes: Notes) -> Iterator[Chunk]:
    assert page.cells is not None
    grid: list[list[str]] = []
    counts: Counter[str] = Counter()
    for number, row in enumerate(page.cells.iter_rows()):
        grid.append([cell if type(cell) is str else spell(cell, counts) for cell in row])
        if number % GROUP == GROUP - 1:
            source.position = source.size * number // max(1, page.cells.total_height) // 2
            yield {}
    _restore(grid, page, counts)
    found = lay_out(grid, options.header)
    found.say(notes)
    _say(page, counts, found.columns, notes)
    notes.header = found.header is not None
    width = len(found.columns)
    names = settled_names(found.header, notes) if found.header else invented_names(found.rows[:1000], width)
    for start in range(0, len(found.rows), GROUP):
        source.position = source.size // 2 + source.size * start // len(found.rows) // 2
        yield dict(zip(names, zip(*found.rows[start : start + GROUP], strict=True), strict=True))


def spell(cell: object, counts: Counter[str]) -> str:
    """Return a cell that is no text as Excel shows it, but for the number format it wears, and count its kind.

    Example: 3.0 → "3", True → "TRUE", date(2024, 1, 5) → "2024-01-05", timedelta(hours=30) → "30:00:00"
    """
    if isinstance(cell, bool):
        counts["truth"] += 1
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        counts["number"] += 1
        is_whole = cell == cell and abs(cell) < 10**EXACT and cell == int(cell)
        return str(int(cell)) if is_whole else f"{cell:.{EXACT}g}"
    counts["date"] += 1
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ", "seconds" if not cell.microsecond else "milliseconds")
    if isinstance(cell, datetime.timedelta):
        seconds = round(cell.total_seconds())
        return f"{'-' if seconds < 0 else ''}{abs(seconds) // 3600}:{abs(seconds) // 60 % 60:02}:{abs(seconds) % 60:02}"
    return cell.isoformat() if isinstance(cell, datetime.date | datetime.time) else str(cell)


def _restore(grid: list[list[str]], page: _Page, counts: Counter[str]) -> None:
    """Put back what calamine leaves out: the names of errors, and a merged cell's text in every row it covers."""
    assert page.cells is not None
    for (row, column), value in page.sheet.errors.items():
        if row < len(grid) and column < len(grid[row]):
            grid[row][column] = value
            counts["error"] += 1
    for (top, left), (bottom, _) in page.cells.merged_cell_ranges or ():
        for row in range(top + 1, min(bottom + 1, len(grid))):
            if left < len(grid[row]) and grid[top][left] and not grid[row][left]:
                grid[row][left] = grid[top][left]
                counts["merged"] += 1


def _say(page: _Page, counts: Counter[str], columns: Sequence[int], notes: Notes) -> None:
    """Say what a person does not see in the sheet, and what they see there but not here."""
    sheet = page.sheet
    height = page.cells.total_height if page.cells is not None else 0
    said = (
        ("hidden-rows", len([row for row in sheet.hidden_rows if row < height]),
         mark("{count} {count:row is|rows are} hidden in Excel and {count:was|were} read all the same.")),
        ("hidden-columns", len(sheet.hidden_columns.intersection(columns)),
         mark("{count} {count:column is|columns are} hidden in Excel and {count:was|were} read all the same.")),
        ("hidden-sheet", int(sheet.hidden), mark("The sheet that was read is hidden in Excel.")),
        ("cells-merged", counts["merged"],
         mark("{count} {count:row|rows} below a merged cell got its text, as Excel shows it.")),
        ("cells-error", counts["error"],
         mark("{count} {count:cell holds an error|cells hold errors}, such as #N/A, and {count:says|say} so.")),
        ("formulas-uncounted", sheet.uncounted,
         mark("{count} {count:formula has|formulas have} no stored result and became empty. Save the file in Excel once.")),
        ("cells-number", counts["number"],
         mark("{count} {count:cell is a number|cells are numbers}; {count:it was|they were} kept as {count:its value|their values}.")),
        ("cells-date", counts["date"], mark("{count} {count:cell is a date or time|cells are dates or times}, written as 2024-01-31.")),
        ("cells-boolean", counts["truth"], mark("{count} {count:cell is|cells are} TRUE or FALSE.")),
    )  # fmt: skip
    for code, count, message in said:
        if count:
            notes.add(code, message, count=count)
    if sheet.formats:
        notes.add(
            "formats-lost",
            mark("Numbers stand without the look that Excel gives them: {formats}."),
            count=len(sheet.formats),
            formats=", ".join(sheet.formats[:5]),
        )
