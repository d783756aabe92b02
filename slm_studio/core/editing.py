"""Editing: cells that a person changes by hand: one by one, checked at once, and kept on disk until they are a version.

A table of a million rows takes seconds to write, so changes wait in `edits.json` beside the rows that they are about
and become a new version together. The file is written whole at each change: a crash loses nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from slm_studio.core import codec
from slm_studio.core.dataset import Dataset, Kind, Split
from slm_studio.core.errors import StudioError
from slm_studio.core.prompt import read_cell
from slm_studio.core.spans import read_list, read_spans

EDITED = " (edited)"  # what the name of a version ends with
LONGEST = 60_000  # characters of a cell that can be edited: twice as many still travel on one line of the protocol
SUMMED = 100_000  # characters of changes that travel together


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One cell that becomes another. `row` counts from 0 within its part."""

    split: Split = "train"
    row: int
    column: str
    before: str
    after: str

    @property
    def place(self) -> tuple[str, int, str]:
        """Return which cell it is about."""
        return self.split, self.row, self.column

    @property
    def reverse(self) -> "Change":
        """Return what takes it back."""
        return replace(self, before=self.after, after=self.before)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Journal:
    fingerprint: str
    changes: tuple[Change, ...]


def merge(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return one change for each cell that is another one in the end. Raises StudioError where one does not follow the other."""
    merged: dict[tuple[str, int, str], Change] = {}
    for change in changes:
        former = merged.get(change.place)
        if former is not None and former.after != change.before:
            raise moved_on(change, former.after)
        merged[change.place] = replace(change, before=former.before) if former else change
    return tuple(change for change in merged.values() if change.before != change.after)


def portions(changes: Sequence[Change]) -> list[tuple[Change, ...]]:
    """Return the changes in portions that travel on one line each."""
    found: list[tuple[Change, ...]] = []
    size = 0
    for change in changes:
        length = len(change.before) + len(change.after) + len(change.column) + 40
        if not found or size + length > SUMMED:
            found.append(())
            size = 0
        found[-1] += (change,)
        size += length
    return found


def check_change(change: Change, kinds: Mapping[str, Kind], cells: Mapping[str, str]) -> None:
    """Raise StudioError where a change cannot be kept, or would break a list of its row. `cells`: of the row before."""
    check_length(change.after)
    check_cell(kinds[change.column], change.before, change.after)
    if kinds[change.column] in ("words", "tags"):
        check_row(kinds, {**cells, change.column: change.after}, change.row)


def check_cell(kind: Kind, before: str, after: str) -> None:
    """Raise StudioError where a list is no longer one: words, tags, spans, messages. What was none may stay so."""
    reader = _READERS.get(kind)
    if reader is None or not after.strip() or (before.strip() and not _reads(reader, before)):
        return
    if not _reads(reader, after):
        raise StudioError(
            "cell-form",
            "“{cell}” is no list of {reads}.",
            "Write it as the other cells of the column are written.",
            cell=after[:80],
            reads=kind,
        )


def check_row(kinds: Mapping[str, Kind], cells: Mapping[str, str], row: int) -> None:
    """Raise StudioError where a row has tags of another number than its words (and the words are one column)."""
    words = [name for name, kind in kinds.items() if kind == "words"]
    if len(words) != 1 or not _reads(read_list, cells[words[0]]):
        return
    count = len(read_list(cells[words[0]]))
    for name in (name for name, kind in kinds.items() if kind == "tags"):
        if _reads(read_list, cells[name]) and len(read_list(cells[name])) != count:
            raise StudioError(
                "tags-unequal",
                "Row {row} would have {tags} {tags:tag|tags} in “{column}” for {words} {words:word|words} in “{other}”.",
                "Give each word one tag, and change both cells together.",
                row=row + 1,
                tags=len(read_list(cells[name])),
                column=name,
                words=count,
                other=words[0],
            )


def check_length(text: str) -> None:
    """Raise StudioError where a cell is too long to be edited here."""
    if len(text) > LONGEST:
        raise StudioError(
            "cell-long",
            "A cell of {n} characters is too long to be edited here; at most {most} are.",
            "Edit the file itself and open it again.",
            n=len(text),
            most=LONGEST,
        )


def moved_on(change: Change, now: str) -> StudioError:
    """Return the error of a change whose cell holds something else by now."""
    return StudioError(
        "cell-moved-on",
        "Row {row} of “{column}” holds “{now}”, no longer “{before}”.",
        "Look at the row and edit what stands there now.",
        row=change.row + 1,
        column=change.column,
        now=now[:80],
        before=change.before[:80],
    )


def edited_name(name: str) -> str:
    """Return what an edited version of `name` is called."""
    return name if EDITED in name.rpartition(".")[2] else f"{name}{EDITED}"  # a file may be called “my (edited).csv”


def keep_pending(dataset: Dataset, changes: Sequence[Change]) -> None:
    """Write the changes that are no version yet beside the rows, atomically; none: the file goes."""
    path = pending_file(dataset)
    if changes:
        codec.write(path, codec.to_json(_Journal(fingerprint=dataset.fingerprint, changes=tuple(changes))))
    else:
        path.unlink(missing_ok=True)


def pending_of(dataset: Dataset) -> tuple[Change, ...]:
    """Return the changes that were made to these rows and are no version yet; a damaged file costs what it held."""
    try:
        journal = codec.read(_Journal, pending_file(dataset))
    except StudioError:
        return ()
    return journal.changes if journal.fingerprint == dataset.fingerprint else ()


def pending_file(dataset: Dataset) -> Path:
    """Return where changes wait."""
    return Path(dataset.folder) / "edits.json"


def _reads(reader: Callable[[str], object], cell: str) -> bool:
    try:
        reader(cell)
    except (StudioError, ValueError):
        return False
    return True


def _read_messages(cell: str) -> object:
    return read_cell(cell, "messages")


_READERS: dict[Kind, Callable[[str], object]] = {
    "words": read_list,
    "tags": read_list,
    "list": read_list,
    "spans": read_spans,
    "messages": _read_messages,
}
