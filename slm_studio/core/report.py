"""Read a report and its rows from disk: the report at once, the rows as far as somebody looks."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from slm_studio.core import codec, files
from slm_studio.core.results import Report, Span, spans_of
from slm_studio.core.tasks import all_tasks
from slm_studio.core.tasks.info import Shown
from slm_studio.core.texts import mark, tr

REPORT_FILE, CASES_FILE = "report.json", "cases.jsonl"
NONE = mark("(none)")  # an answer of several labels that holds none
FIRST_SECONDS = 1.0  # that reading one row may take


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One scored row: its place among them, and what its task says of it, by the keys of `TaskInfo.cases`."""

    row: int
    cells: Mapping[str, object]
    place: int = -1  # where it stands in the file that its report names, from 0; -1 where the report does not say

    @property
    def right(self) -> bool | None:
        """Say whether the answer was right; None where rows of this task are neither."""
        found = self.cells.get("right")
        return found if isinstance(found, bool) else None

    def text(self, key: str) -> str:
        """Return a cell as it is written, or ""."""
        found = self.cells.get(key)
        if found is None:
            return ""
        if isinstance(found, list) and all(isinstance(each, str) for each in found):
            return ", ".join(found) or tr(NONE)  # a set of labels
        return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)

    def number(self, key: str) -> float:
        """Return a cell as a number; 0 where it is none."""
        found = self.cells.get(key)
        return float(found) if isinstance(found, int | float) else 0.0

    def spans(self, key: str) -> tuple[Span, ...]:
        """Return the spans that a cell marks."""
        return spans_of(self.cells.get(key))

    def says(self, key: str, value: str) -> bool:
        """Say whether a cell is this value, or marks something as it."""
        found = self.cells.get(key)
        is_among = isinstance(found, list) and value in found
        return is_among or self.text(key) == value or any(span.label == value for span in self.spans(key))


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which rows somebody wants to see."""

    says: Mapping[str, str] = field(default_factory=dict)  # cell → what it is or marks
    mistakes: bool = False
    words: str = ""  # stand in a text
    texts: tuple[str, ...] = ()  # the cells that are texts

    def fits(self, case: Case) -> bool:
        """Say whether a row is wanted."""
        words = self.words.casefold()
        return (
            (not self.mistakes or case.right is False)
            and all(case.says(key, value) for key, value in self.says.items())
            and (not words or any(words in case.text(key).casefold() for key in self.texts))
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


def first_case(folder: Path) -> Case | None:
    """Return the first row of a report, or None."""
    return next(iter(CaseReader(folder, Wanted()).read(1, FIRST_SECONDS)), None)


def columns_of(task: str, first: Case | None, target: str = "") -> tuple[Shown, ...]:
    """Return the columns in which the rows of a task are shown, without those that a report may lack and lacks; of an unknown task, all.

    `target` says what the answers are, where the task has several kinds of them.
    """
    known = next((info.shaped({"target": target}).cases for info in all_tasks() if info.key == task), None)
    if known is not None:
        return tuple(each for each in known if first is None or each.key in first.cells or not each.may_lack)
    return tuple(Shown(key, key) for key in first.cells) if first else ()


def _case(line: bytes) -> Case | None:
    try:
        plain = files.parse_json(line)
        if not isinstance(plain, dict) or len(plain) < 2:
            return None
        return Case(row=int(plain.pop("row")), place=int(plain.pop("place", -1)), cells=plain)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None  # a damaged line costs one row, not the report
