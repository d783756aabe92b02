"""Changes to cells: put together, checked, and kept until they are a version."""

import json
from pathlib import Path

import pytest

from slm_studio.core.dataset import Dataset, ReadReport
from slm_studio.core.editing import (
    SUMMED,
    Change,
    check_cell,
    check_length,
    check_row,
    edited_name,
    keep_pending,
    merge,
    pending_file,
    pending_of,
    portions,
)
from slm_studio.core.errors import StudioError
from slm_studio.core.nouns import pack, unpack


def change(before: str, after: str, row: int = 0, column: str = "label") -> Change:
    return Change(row=row, column=column, before=before, after=after)


def dataset_in(folder: Path, fingerprint: str = "f") -> Dataset:
    folder.mkdir(exist_ok=True)
    return Dataset(
        id="a", name="a.csv", source="/a.csv", folder=str(folder), columns=(), rows=1, held_out={}, fingerprint=fingerprint,
        report=ReadReport(format="csv"), created="2026-01-01T00:00:00+00:00",
    )  # fmt: skip


def test_a_change_crosses_the_protocol() -> None:
    some = Change(split="test", row=3, column="标签", before="a\u2029", after="😀")

    assert unpack(json.loads(json.dumps(pack((some,))))) == (some,)


def test_changes_of_one_cell_become_one_and_those_taken_back_none() -> None:
    made = [change("a", "b"), change("x", "y", row=1), change("b", "c"), change("y", "x", row=1)]

    assert merge(made) == (change("a", "c"),)
    assert merge([some for each in made for some in (each, each.reverse)][:2]) == ()


def test_a_change_that_does_not_follow_the_one_before_is_refused() -> None:
    with pytest.raises(StudioError) as caught:
        merge([change("a", "b"), change("z", "c")])

    assert caught.value.code == "cell-moved-on" and "“b”" in str(caught.value)


def test_changes_travel_in_portions_that_fit_a_line() -> None:
    some = [change("a", "x" * (SUMMED // 3), row=row) for row in range(7)]

    found = portions(some)

    assert [each for portion in found for each in portion] == some
    assert [len(portion) for portion in found] == [2, 2, 2, 1]


@pytest.mark.parametrize(
    ("kind", "before", "after", "fits"),
    [
        ("text", "a", "[broken", True),
        ("tags", '["O"]', '["B-X"]', True),
        ("tags", '["O"]', '["B-X"', False),
        ("tags", '["O"]', "", True),
        ("words", "", "no list", False),
        ("spans", "[]", '[{"start": 0, "end": 2, "label": "X"}]', True),
        ("spans", "[]", '[{"start": 0, "end": 2}]', False),
        ("spans", '[{"begin": 0}]', '[{"begin": 1}]', True),  # it never was what we read
        ("messages", "[]", '[{"role": "user", "content": "hi"}]', True),
        ("messages", "[]", '[{"role": "user"}]', False),
        ("list", "[1]", "1, 2", False),
    ],
)
def test_a_list_stays_a_list(kind, before: str, after: str, fits: bool) -> None:
    if fits:
        check_cell(kind, before, after)
        return
    with pytest.raises(StudioError) as caught:
        check_cell(kind, before, after)
    assert caught.value.code == "cell-form" and after[:20] in str(caught.value)


def test_each_word_has_one_tag() -> None:
    kinds = {"w": "words", "t": "tags", "x": "text"}

    check_row(kinds, {"w": '["a", "b"]', "t": '["O", "O"]', "x": "["}, 0)
    with pytest.raises(StudioError, match="Row 5 would have 1 tag in “t” for 2 words in “w”"):
        check_row(kinds, {"w": '["a", "b"]', "t": '["O"]', "x": ""}, 4)


def test_what_is_too_long_for_the_protocol_is_refused_in_words() -> None:
    with pytest.raises(StudioError, match="60,001 characters"):
        check_length("x" * 60_001)


def test_pending_changes_are_found_again_for_the_same_rows_only(tmp_path: Path) -> None:
    dataset, some = dataset_in(tmp_path / "a"), (change("a", "b"), change("c", "d", row=2))

    keep_pending(dataset, some)

    assert pending_of(dataset) == some
    assert pending_of(dataset_in(tmp_path / "a", "other")) == ()
    pending_file(dataset).write_text('{"fingerprint": "f", "changes": [{')
    assert pending_of(dataset) == ()
    keep_pending(dataset, ())
    assert not pending_file(dataset).exists()
    keep_pending(dataset, ())


def test_a_version_says_once_that_it_was_edited() -> None:
    assert edited_name("a.csv") == edited_name("a.csv (edited)") == "a.csv (edited)"
    assert edited_name("my (edited).csv") == "my (edited).csv (edited)"
    assert edited_name("a.csv (edited) (cleaned)") == "a.csv (edited) (cleaned)"
