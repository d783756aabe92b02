"""Corrections: what a person made of a guess about a file, so that the same file is understood the same way next time.

Roles are found again by the content of the rows, or by where the file lies where it has the same columns still (a table
that grew). How a file is to be read is found again by where it lies: that is asked before there are rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from slm_studio.core import codec, files, paths
from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.errors import StudioError

KEPT = 300  # files, the ones corrected last


@dataclass(frozen=True, kw_only=True, slots=True)
class Correction:
    """What was settled for one file."""

    source: str
    fingerprint: str = ""
    columns: tuple[str, ...] = ()
    task: str = ""  # "" where nobody chose one
    roles: dict[str, str] = field(default_factory=dict)
    options: ReadOptions = field(default_factory=ReadOptions)


def correction_of(dataset: Dataset) -> Correction | None:
    """Return the task and roles that were chosen for these rows, or for the file with these columns; else None."""
    columns = tuple(column.name for column in dataset.columns)
    known = [each for each in _read() if each.task and set(each.roles.values()) <= set(columns)]
    same = [each for each in known if each.fingerprint == dataset.fingerprint]
    grown = [each for each in known if (each.source, each.columns) == (dataset.source, columns)]
    found = same or grown
    return found[-1] if found else None


def options_of(path: Path) -> ReadOptions:
    """Return how a file was last told to be read."""
    return next((each.options for each in _read() if each.source == str(path.absolute())), ReadOptions())


def keep_roles(dataset: Dataset, task: str, roles: dict[str, str]) -> None:
    """Remember what a person chose for the rows of a file."""
    columns = tuple(column.name for column in dataset.columns)
    _change(
        dataset.source,
        lambda former: replace(former, fingerprint=dataset.fingerprint, columns=columns, task=task, roles=dict(roles)),
    )


def keep_options(dataset: Dataset, options: ReadOptions) -> None:
    """Remember how a person wants a file to be read; its held-out files may be gone next time."""
    _change(dataset.source, lambda former: replace(former, options=replace(options, validation="", test="", beside=())))


def corrections_file() -> Path:
    """Return where corrections are kept."""
    return paths.home() / "corrections.json"


def _change(source: str, change: Callable[[Correction], Correction]) -> None:
    found = _read()
    former = next((each for each in found if each.source == source), Correction(source=source))
    changed = change(former)
    others = [each for each in found if each.source != source]
    if changed != former:
        _write([*others, changed] if changed != Correction(source=source) else others)


def _read() -> list[Correction]:
    """Return all of them, the last one last; a damaged file costs what it held and nothing else."""
    try:
        plain = files.read_json(corrections_file())
    except StudioError:
        return []
    found = []
    for each in plain if isinstance(plain, list) else []:
        try:
            found.append(codec.from_json(Correction, each))
        except StudioError:
            continue
    return found


def _write(found: Sequence[Correction]) -> None:
    files.write_json(corrections_file(), [codec.to_json(each) for each in found[-KEPT:]])
