"""Keeping: Arrow files that were just written become a dataset of the app's, in a folder of its own."""

import re
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from slm_studio.core import codec, files, paths
from slm_studio.core.dataset import Column, Dataset, ReadReport, Remark, open_dataset, save_dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.texts import mark
from slm_studio.engine.data.columns import look_at_columns
from slm_studio.engine.data.notes import Notes

MEANT = ("messages", "words", "tags", "spans")  # kinds of columns that hold lists by their nature
_NUMBERS = re.compile(r"^\[-?\d")


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One split as it was written."""

    title: str
    path: Path
    columns: tuple[str, ...]
    rows: int
    fingerprint: str
    notes: Notes


@contextmanager
def staging_folder() -> Iterator[Path]:
    """Yield a temporary folder beside the datasets, which is gone afterwards."""
    folder = paths.datasets() / f".partial-{uuid.uuid4().hex[:8]}-reading"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep_dataset(name: str, source: str, parts: Mapping[str, Part], report: ReadReport) -> Dataset:
    """Move the Arrow files of `parts` into a dataset folder, or find the one that holds the same rows already."""
    train = parts["train"]
    fingerprint = fingerprint_of(parts)
    identity = f"{files.slug(_stem(name))}-{fingerprint[:8]}"
    folder = paths.datasets() / identity
    columns = look_at_columns(train.path, train.rows)
    dataset = Dataset(
        id=identity,
        name=name,
        source=source,
        folder=str(folder),
        columns=columns,
        rows=train.rows,
        held_out={split: part.rows for split, part in parts.items() if split != "train"},
        fingerprint=fingerprint,
        report=_without_what_is_meant(_with_numbers_said(report, columns), columns, parts),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    if former := _same_dataset(folder, dataset):
        dataset = replace(dataset, created=former.created)
        if dataset != former:
            save_dataset(dataset)
        return dataset
    with files.atomic_folder(folder) as partial:
        for split, part in parts.items():
            part.path.replace(partial / f"{split}.arrow")
        codec.write(partial / "dataset.json", codec.to_json(dataset))
    return dataset


def fingerprint_of(parts: Mapping[str, Part]) -> str:
    """Return the fingerprint that a dataset of these parts has."""
    return sha256("".join(f"{split} {part.fingerprint}\n" for split, part in parts.items()).encode()).hexdigest()


def _with_numbers_said(report: ReadReport, columns: Sequence[Column]) -> ReadReport:
    """Return the report with a remark for each column of tags that are numbers: the file does not say their names."""
    said = [
        Remark(
            code=f"tags-numbers-{column.name}",
            message=mark("Column “{column}” holds tags as numbers, and the file does not name them; they stand as they are."),
            values={"count": 1, "column": column.name},
        )
        for column in columns
        if column.kind == "tags" and any(_NUMBERS.match(cell) for cell in column.examples)
    ]  # fmt: skip
    known = {remark.code for remark in report.remarks}
    return replace(report, remarks=(*report.remarks, *(each for each in said if each.code not in known)))


def _without_what_is_meant(report: ReadReport, columns: Sequence[Column], parts: Mapping[str, Part]) -> ReadReport:
    """Return the report without the remark that lists became JSON, where all of them are what they should be: messages, tags …"""
    meant = [column for column in columns if column.kind in MEANT]
    held_out = sum(part.rows for split, part in parts.items() if split != "train")
    most = sum(column.filled + held_out for column in meant)
    remarks = tuple(each for each in report.remarks if each.code != "cells-nested" or each.count > most)
    return replace(report, remarks=remarks)


def _stem(name: str) -> str:
    """Return a file's name without its endings, or a version's name with what was said about it."""
    if name.endswith(")"):
        before, _, after = name.rpartition(" (")
        return f"{_stem(before)}-{after}"
    return Path(name.removesuffix(".gz")).stem


def _same_dataset(folder: Path, dataset: Dataset) -> Dataset | None:
    """Return the dataset in `folder` if it holds the same rows, all of them there."""
    if not (folder / "dataset.json").is_file():
        return None
    try:
        former = open_dataset(folder)
    except StudioError:
        return None  # damaged: it is written anew
    whole = all(former.part(split).is_file() for split in ("train", *dataset.held_out))  # type: ignore[arg-type]
    return former if whole and former.fingerprint == dataset.fingerprint else None
