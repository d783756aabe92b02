"""What a person corrected for a file is remembered for that file, and costs nothing where it cannot be read."""

from dataclasses import replace
from pathlib import Path

import pytest

from slm_studio.core import corrections
from slm_studio.core.corrections import correction_of, corrections_file, keep_options, keep_roles, options_of
from slm_studio.core.dataset import Column, Dataset, ReadOptions, ReadReport

ROLES = {"text": "body", "label": "team"}


def dataset(
    source: str = "/home/me/a.csv", fingerprint: str = "1", names: tuple[str, ...] = ("body", "team")
) -> Dataset:
    columns = tuple(Column(name=name, kind="text", filled=1, distinct=1) for name in names)
    return Dataset(
        id="a", name="a.csv", source=source, folder="/nowhere", columns=columns, rows=1, held_out={}, fingerprint=fingerprint,
        report=ReadReport(format="csv"), created="",
    )  # fmt: skip


def test_same_content_elsewhere_is_known_again() -> None:
    keep_roles(dataset(), "classify", ROLES)

    found = correction_of(dataset("/mnt/copy.csv"))

    assert found is not None and (found.task, found.roles) == ("classify", ROLES)


def test_file_that_grew_is_known_by_its_place_and_columns() -> None:
    keep_roles(dataset(), "classify", ROLES)

    assert correction_of(dataset(fingerprint="2")) is not None
    assert correction_of(dataset(fingerprint="2", names=("body", "team", "new"))) is None
    assert correction_of(dataset("/home/me/b.csv", fingerprint="2")) is None


def test_last_choice_counts_and_roles_of_columns_that_are_gone_do_not() -> None:
    keep_roles(dataset(), "classify", ROLES)
    keep_roles(dataset(), "write", {"text": "team"})

    found = correction_of(dataset())

    assert found is not None and (found.task, found.roles) == ("write", {"text": "team"})
    assert correction_of(dataset(names=("body",))) is None


def test_reading_is_remembered_by_place_and_forgotten_when_undone() -> None:
    keep_options(dataset(), ReadOptions(encoding="big5", header=False, validation="/gone.csv"))
    keep_roles(dataset(), "classify", ROLES)

    assert options_of(Path("/home/me/a.csv")) == ReadOptions(encoding="big5", header=False)
    assert options_of(Path("/home/me/b.csv")) == ReadOptions()

    keep_options(dataset(), ReadOptions())
    assert options_of(Path("/home/me/a.csv")) == ReadOptions()
    assert correction_of(dataset()) is not None


def test_nothing_is_written_where_nothing_was_corrected() -> None:
    keep_options(dataset(), ReadOptions())

    assert not corrections_file().exists()


def test_damaged_memory_is_no_memory_and_heals() -> None:
    corrections_file().parent.mkdir(parents=True)
    corrections_file().write_text('[{"source": 3}, {"source": "/x", "options": {"encoding": "big5"}}]')
    assert options_of(Path("/x")).encoding == "big5"

    corrections_file().write_text("{")
    assert correction_of(dataset()) is None
    keep_roles(dataset(), "classify", ROLES)
    assert correction_of(dataset()) is not None


def test_oldest_corrections_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corrections, "KEPT", 5)
    for number in range(8):
        keep_roles(replace(dataset(f"/{number}"), fingerprint=str(number)), "classify", ROLES)

    assert correction_of(dataset("/0", fingerprint="0")) is None
    assert correction_of(dataset("/5", fingerprint="5")) is not None
