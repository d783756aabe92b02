"""Write what a report holds as files that spreadsheets and programs read."""

import csv
import io
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from slm_studio.core import codec, files, targets
from slm_studio.core.errors import StudioError
from slm_studio.core.report import CASES_FILE, Case, CaseReader, Wanted, first_case
from slm_studio.core.results import Report

# The mark with which Excel knows that a CSV file is UTF-8.
UTF8 = "utf-8-sig"
PART = 1000  # rows that are written together


def write_classes(report: Report, out: Path) -> None:
    """Write precision, recall, F1 and rows of each label as CSV."""
    header = ("label", "precision", "recall", "f1", "rows")
    rows = [(each.label, each.precision, each.recall, each.f1, each.support) for each in report.per_label]
    _safely(out, lambda stream: stream.write(_csv([header, *rows]).encode(UTF8)))


def write_cases(report: Report, out: Path) -> None:
    """Write every scored row as CSV, or as JSON lines where `out` ends so."""
    if out.suffix == ".jsonl":
        _safely(out, lambda stream: _copy(Path(report.folder) / CASES_FILE, stream))
    else:
        _safely(out, lambda stream: _write_rows(report, stream))


def write_report(report: Report, out: Path) -> None:
    """Write the report as JSON; the paths of this computer stay out of it."""
    plain = codec.to_json(report)
    assert isinstance(plain, dict)
    try:
        files.write_json(targets.check_file(out), plain | {"folder": "", "cases": ""})
    except OSError as error:
        raise unwritable(out, error) from error


def _write_rows(report: Report, stream: BinaryIO) -> None:
    folder = Path(report.folder)
    first = first_case(folder)
    keys = tuple(first.cells) if first is not None else ()
    stream.write(_csv([("row", *keys)]).encode(UTF8))
    reader = CaseReader(folder, Wanted())
    while not reader.is_over:
        rows = [(case.row, *(_cell(case, key) for key in keys)) for case in reader.read(PART, 60.0)]
        stream.write(files.encode(_csv(rows)))


def _cell(case: Case, key: str) -> object:
    """Return a cell for a spreadsheet: lists as JSON, as the file has them."""
    cell = case.cells.get(key, "")
    return case.text(key) if isinstance(cell, list | dict) else cell


def _copy(source: Path, stream: BinaryIO) -> None:
    with source.open("rb") as rows:
        shutil.copyfileobj(rows, stream)


def _csv(rows: Iterable[Iterable[object]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _safely(out: Path, write: Callable[[BinaryIO], object]) -> None:
    try:
        with targets.target_file(out) as stream:
            write(stream)
    except OSError as error:
        raise unwritable(out, error) from error


def unwritable(out: Path, error: OSError) -> StudioError:
    """Return the error for a file that the disk did not take."""
    return StudioError(
        "file-unwritable",
        "“{file}” cannot be written: {reason}.",
        "Choose another folder, or make room on the disk.",
        file=str(out),
        reason=error.strerror or str(error),
    )
