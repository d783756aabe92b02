"""Dataset: a handle on an app-owned Arrow file and how it came to be."""

import contextlib
import os
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Literal

from slm_studio.core import codec, paths
from slm_studio.core.errors import StudioError, Value

Kind = Literal["text", "label", "number", "list", "messages", "words", "tags", "spans", "id", "date", "time", "address"]
NESTED: tuple[Kind, ...] = ("list", "messages", "words", "tags", "spans")  # whose cells are lists or objects, as text
Split = Literal["train", "validation", "test"]
UNDIVIDED = "none"  # as a delimiter: each line is one cell

FILE = "dataset.json"
MOST_DISTINCT = 10_000  # different values of a column that are counted


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column as it was read: every cell is text, `kind` is our guess of what the text means."""

    name: str
    kind: Kind
    filled: int  # rows with a cell that is not empty
    distinct: int  # different values, counted to at most 10,000
    examples: tuple[str, ...] = ()
    joins: str = ""  # how a cell joins several labels: by this sign, or as a “list”
    measures: bool = False  # its numbers measure something rather than name it


def counted(distinct: int) -> int | str:
    """Return a column's count of different values for a sentence: a number, or “10,000+” where counting stopped."""
    return f"{MOST_DISTINCT:,}+" if is_capped(distinct) else distinct


def is_capped(distinct: int) -> bool:
    """Say whether counting stopped at this number of different values."""
    return distinct >= MOST_DISTINCT


# What reading says of lines that became no row of their own.
NO_ROWS = (
    "lines-unreadable", "blank-lines", "rows-empty", "foot-rows", "header-repeated", "turns-gathered", "files-skipped",
    "files-left-out", "texts-left-out", "tables-left-out", "files-unreadable",
)  # fmt: skip
RAGGED = ("rows-wide", "rows-short")  # … and of lines with another number of cells than the others


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """One thing that was guessed, repaired or skipped while reading, with how often and where."""

    code: str
    message: str  # a template
    count: int = 1
    rows: tuple[int, ...] = ()  # the first few places: row numbers from 0, or with `in_lines` …
    in_lines: bool = False  # … lines of the file from 1, as an editor counts them, where no row came of it
    values: dict[str, Value] | None = None

    @property
    def told(self) -> dict[str, Value]:
        """Return what the message is filled with: its values, and how often."""
        return {"count": self.count, **(self.values or {})}


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadReport:
    """How a file was understood."""

    format: (
        str  # csv tsv txt labelled conll jsonl json parquet xlsx docx html pdf; folder where each file is a row, judged
    )
    encoding: str = ""  # Python's codec name; "" where the format has its own
    delimiter: str = ""
    header: bool = True
    path: str = ""  # where in nested JSON the records stand
    sheet: str = ""  # the sheet of a workbook that was read
    sheets: tuple[str, ...] = ()  # all of its sheets
    offered: dict[str, str] = field(default_factory=dict)  # “test” → a file beside this one that its name is about
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadOptions:
    """What a person may settle where the guess was wrong. Empty means guess."""

    encoding: str = ""
    delimiter: str = ""  # or UNDIVIDED
    header: bool | None = None
    sheet: str = ""  # of a workbook; empty: the one with most rows of text
    validation: str = ""  # a file of rows for choosing, in the same shape
    test: str = ""  # a file of rows for the final score, in the same shape
    beside: tuple[str, ...] = ()  # further files that were dropped together with the first


EXAMPLES = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing worth a look before training, what it costs, and the named step that mends it."""

    code: str
    message: str  # a template
    cost: str = ""  # a template: what happens if it stays
    count: int = 0
    rows: tuple[int, ...] = ()  # the first EXAMPLES of them
    fix: str = ""  # the name of a cleaning step; empty where only a person can decide
    values: dict[str, Value] | None = None
    serious: bool = False  # True: training would be useless or impossible

    @property
    def told(self) -> dict[str, Value]:
        """Return what message and cost are filled with: the values, and how often."""
        return {"count": self.count, **(self.values or {})}


EXCEL = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
SAYS_NOTHING = (
    "train",
    "training",
    "data",
    "dataset",
    "file",
    "rows",
    "text",
    "texts",
    "all",
    "full",
)  # as a file's name


@dataclass(frozen=True, kw_only=True, slots=True)
class Dataset:
    """Rows that the app owns: `folder`/train.arrow (+ validation.arrow, test.arrow), every column text."""

    id: str
    name: str
    source: str  # the file the person dropped
    folder: str
    columns: tuple[Column, ...]
    rows: int
    held_out: dict[str, int]  # "validation" and "test" → rows of the person's own split, where they gave one
    fingerprint: str  # sha256 over all rows of all parts
    report: ReadReport
    created: str  # ISO 8601

    @property
    def title(self) -> str:
        """Return what a model of these rows is called unless the person names it: “tickets” of tickets.csv.

        A file called train.csv says nothing; its folder does: “banking77” of banking77/train.csv.
        """
        stem, folder = PurePath(self.name).stem, PurePath(self.source).parent.name
        return folder if stem.casefold() in SAYS_NOTHING and folder else stem or self.name

    @property
    def is_from_excel(self) -> bool:
        """Say whether Excel likely wrote the file, and will open what becomes of it: it takes UTF-8 only with a mark."""
        if PurePath(self.source).suffix.lower() in EXCEL:
            return True
        encoding = self.report.encoding.lower().replace("_", "-")
        is_marked_or_old = encoding not in ("", "ascii", "utf-8")
        return self.report.format in ("csv", "tsv") and (is_marked_or_old or self.report.delimiter == ";")

    def part(self, split: Split = "train") -> Path:
        """Return the Arrow file (IPC, memory-mappable, all columns `string`) of one split."""
        return Path(self.folder) / f"{split}.arrow"

    def column(self, name: str) -> Column:
        """Return the column called `name`. Raises StudioError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise StudioError(
            "no-such-column",
            "“{dataset}” has no column “{column}”.",
            "Its columns are: {columns}.",
            dataset=self.name,
            column=name,
            columns=", ".join(column.name for column in self.columns),
        )


def distinct_values(dataset: Dataset, column: str) -> int | str:
    """Return how many different values a column has, for a sentence; 0 where there is no such column."""
    return next((counted(each.distinct) for each in dataset.columns if each.name == column), 0)


def save_dataset(dataset: Dataset) -> None:
    """Write dataset.json beside the rows, atomically."""
    codec.write(Path(dataset.folder) / FILE, codec.to_json(dataset))


def open_dataset(folder: Path) -> Dataset:
    """Read dataset.json back. The folder may have been moved since."""
    dataset = codec.read(Dataset, folder / FILE)
    return replace(dataset, folder=str(folder))


def note_opened(dataset: Dataset) -> None:
    """Note that somebody opened a dataset now: `opened_before` tells in which order that was."""
    with contextlib.suppress(OSError):  # where the folder may only be read, the order stays as it is
        os.utime(Path(dataset.folder) / FILE)


def opened_before() -> list[Dataset]:
    """Return the datasets in the app's folder, the last opened first."""
    return sorted(list_datasets(), key=_when_opened, reverse=True)


def _when_opened(dataset: Dataset) -> int:
    try:
        return (Path(dataset.folder) / FILE).stat().st_mtime_ns
    except OSError:  # it was removed meanwhile
        return 0


def remove_dataset(folder: str) -> None:
    """Remove a dataset's folder for good; what cannot be removed stays."""
    shutil.rmtree(folder, ignore_errors=True)


def list_datasets() -> list[Dataset]:
    """Return the datasets in the app's folder, newest first; damaged ones are left out."""
    found = []
    for path in paths.datasets().glob(f"*/{FILE}"):
        try:
            found.append(open_dataset(path.parent))
        except StudioError:
            continue  # not listed; its files stay where they are
    return sorted(found, key=lambda dataset: dataset.created, reverse=True)
