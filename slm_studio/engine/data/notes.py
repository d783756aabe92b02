"""Notes: what a reader guessed, repaired or skipped, gathered while it reads and frozen into a ReadReport at the end."""

from dataclasses import dataclass, field

from slm_studio.core.dataset import ReadReport, Remark
from slm_studio.core.errors import Value

PLACES = 20  # the first places of a remark that are kept; the count goes on


@dataclass(slots=True)
class Note:
    """One kind of remark as it grows."""

    message: str
    count: int = 0
    places: list[int] = field(default_factory=list)
    in_lines: bool = False
    values: dict[str, Value] = field(default_factory=dict)


@dataclass(slots=True)
class Notes:
    """The changing form of a ReadReport."""

    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    header: bool = True
    path: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    offered: dict[str, str] = field(default_factory=dict)
    columns: frozenset[str] | None = None  # which keys of records become columns, where not all do
    pages: dict[str, list[int]] = field(default_factory=dict)  # file → the page, from 1, on which each row of it begins
    found: dict[str, Note] = field(default_factory=dict)

    def add(
        self,
        code: str,
        message: str,
        *,
        place: int | None = None,
        line: int | None = None,
        count: int = 1,
        **values: Value,
    ) -> None:
        """Count one more `code`; `place` is a row number from 0, or where no row came of it `line` from 1."""
        note = self.found.setdefault(code, Note(message, in_lines=line is not None))
        place = line if note.in_lines else place
        note.count += count
        if place is not None and len(note.places) < PLACES:
            note.places.append(place)
        note.values.update(values)

    def report(self) -> ReadReport:
        """Return the finished report."""
        remarks = tuple(
            Remark(
                code=code,
                message=note.message,
                count=note.count,
                rows=tuple(note.places),
                in_lines=note.in_lines,
                values={"count": note.count} | note.values,
            )
            for code, note in self.found.items()
        )
        return ReadReport(
            format=self.format,
            encoding=self.encoding,
            delimiter=self.delimiter,
            header=self.header,
            path=self.path,
            sheet=self.sheet,
            sheets=self.sheets,
            offered=self.offered,
            remarks=remarks,
        )
