"""Read a report and its rows from disk: the report at once, the rows as far as somebody looks."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from slm_studio.core import codec, files
from slm_studio.core.results import Report

REPORT_FILE, CASES_FILE = "report.json", "cases.jsonl"


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One scored row. A passage of a writing task has a loss (nats a token) in place of label, answer and score."""

    row: int
    text: str
    label: str = ""
    predicted: str = ""
    score: float = 0.0
    right: bool = False
    loss: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which rows somebody wants to see; "" means any."""

    label: str = ""
    predicted: str = ""
    mistakes: bool = False
    words: str = ""

    def fits(self, case: Case) -> bool:
        """Say whether a row is wanted."""
        return (
            (not self.mistakes or not case.right)
            and (not self.label or case.label == self.label)
            and (not self.predicted or case.predicted == self.predicted)
            and (not self.words or self.words.casefold() in case.text.casefold())
        )


def read_report(folder: Path) -> Report | None:
    """Return the report in a folder, or None where there is none. Raises StudioError where it is damaged."""
    path = folder / REPORT_FILE
    if not path.is_file():
        return None
    # The folder may have been moved since it was written.
    return replace(codec.read(Report, path), folder=str(folder))


class CaseReader:
    """Reads the rows of a report that are wanted, a page at a time, in the order of the file."""

    def __init__(self, folder: Path, wanted: Wanted) -> None:
        self._path = folder / CASES_FILE
        self._wanted = wanted
        self._place = 0
        self.is_over = not self._path.is_file()

    def read(self, most: int, seconds: float) -> list[Case]:
        """Return up to `most` further rows; fewer where the time is up (`is_over` says whether there are more)."""
        found: list[Case] = []
        end = time.monotonic() + seconds
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._place)
                while len(found) < most and time.monotonic() < end:
                    line = stream.readline()
                    if not line:
                        self.is_over = True
                        break
                    case = _case(line)
                    if case is not None and self._wanted.fits(case):
                        found.append(case)
                self._place = stream.tell()
        except OSError:
            self.is_over = True
        return found


def all_cases(folder: Path, most_bytes: int = 20_000_000) -> Sequence[Case]:
    """Return every row of a report; none where the file is larger than `most_bytes`."""
    path = folder / CASES_FILE
    try:
        if path.stat().st_size > most_bytes:
            return ()
        lines = path.read_bytes().splitlines()
    except OSError:
        return ()
    return [case for line in lines if (case := _case(line)) is not None]


def _case(line: bytes) -> Case | None:
    try:
        plain = files.parse_json(line)
        if not isinstance(plain, dict):
            return None
        return Case(
            row=int(plain["row"]), text=str(plain["text"]), label=str(plain.get("label", "")), predicted=str(plain.get("predicted", "")),
            score=float(plain.get("score", 0.0)), right=bool(plain.get("right", False)), loss=float(plain.get("loss", 0.0)),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError):
        return None  # a damaged line costs one row, not the report
