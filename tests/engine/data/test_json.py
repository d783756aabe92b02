"""JSON in its shapes: lines, arrays, nested, by columns, cut, damaged, hostile."""

import json
import time
from pathlib import Path

import pytest

from slm_studio.core.errors import StudioError
from tests.engine.data.ask import cells, remark, rows, write_and_read


def test_numbers_keep_their_spelling_and_other_values_are_counted(tmp_path: Path) -> None:
    line = '{"text": "a", "n": 1.50, "e": 1e5, "big": 123456789012345678901234567890, "b": true, "none": null, "l": [1.0, "x"], "007": "007"}'

    dataset = write_and_read(tmp_path / "a.jsonl", line + "\n")

    expected = {
        "text": "a",
        "n": "1.50",
        "e": "1e5",
        "big": "123456789012345678901234567890",
        "b": "true",
        "none": "",
        "l": '[1.0, "x"]',
        "007": "007",
    }
    assert rows(dataset) == [expected]
    counts = {each.code: each.count for each in dataset.report.remarks}
    assert counts == {"cells-number": 3, "cells-boolean": 1, "cells-null": 1, "cells-nested": 1}


def test_lists_stay_json_in_their_own_script(tmp_path: Path) -> None:
    value = [{"role": "user", "content": "你好 “quoted” \\ \n"}, {"role": "assistant", "content": "hi"}]

    dataset = write_and_read(tmp_path / "a.jsonl", json.dumps({"messages": value}) + "\n")

    cell = rows(dataset)[0]["messages"]
    assert json.loads(cell) == value and "你好" in cell
    assert dataset.columns[0].kind == "messages"


def test_keys_that_come_late_open_a_column(tmp_path: Path) -> None:
    content = "".join('{"text": "a"}\n' for _ in range(100_000)) + '{"text": "b", "label": "x"}\n'

    dataset = write_and_read(tmp_path / "a.jsonl", content)

    assert cells(dataset)[0] == ("a", "") and cells(dataset)[-1] == ("b", "x")
    assert remark(dataset, "keys-missing") is None or dataset.rows == 100_001


def test_columns_side_by_side_become_rows(tmp_path: Path) -> None:
    lists = {"text": ["a", "b"], "label": ["x", "y"]}
    numbered = {name: {str(n): cell for n, cell in enumerate(column)} for name, column in lists.items()}

    for number, content in enumerate((lists, numbered)):
        dataset = write_and_read(tmp_path / f"{number}.json", json.dumps(content))

        assert cells(dataset) == [("a", "x"), ("b", "y")]


def test_records_under_keys_keep_the_key(tmp_path: Path) -> None:
    content = {f"id{n}": {"text": f"t{n}", "label": "x"} for n in range(4)}

    dataset = write_and_read(tmp_path / "a.json", json.dumps(content))

    assert cells(dataset)[1] == ("id1", "t1", "x")


def test_longest_list_is_taken_and_the_others_are_named(tmp_path: Path) -> None:
    content = {"about": {"people": [{"n": "a"}, {"n": "b"}]}, "rows": [{"text": str(n)} for n in range(5)]}

    dataset = write_and_read(tmp_path / "a.json", json.dumps(content))

    assert dataset.rows == 5 and dataset.report.path == "rows"
    assert remark(dataset, "lists-unread").values["names"] == "about.people"


def test_array_of_texts_and_array_of_lists(tmp_path: Path) -> None:
    assert cells(write_and_read(tmp_path / "a.json", '["a", "b"]')) == [("a",), ("b",)]
    assert cells(write_and_read(tmp_path / "b.json", '[["a", 1], ["b", 2]]')) == [("a", "1"), ("b", "2")]


def test_array_streams_whatever_the_chunks(tmp_path: Path) -> None:
    values = [{"text": "x" * (n % 5000), "n": n} for n in range(3000)]

    dataset = write_and_read(tmp_path / "a.json", json.dumps(values))

    assert cells(dataset) == [(value["text"], str(value["n"])) for value in values]


def test_documents_in_a_row_are_rows(tmp_path: Path) -> None:
    content = '{\n "text": "a"\n}\n{\n "text": "b"\n}\n'

    assert cells(write_and_read(tmp_path / "a.json", content)) == [("a",), ("b",)]


def test_array_that_is_cut_off_keeps_its_whole_records(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.json", '[{"text": "a"}, {"text": "b"}, {"text": "c')

    assert cells(dataset) == [("a",), ("b",)]
    assert remark(dataset, "file-cut").values["rows"] == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("[{'text': 'python'}]", "json-damaged"),
        ('[{"text": "a"}, oops, {"text": "b"}]', "json-damaged"),
        ('{"text": ', "json-damaged"),
        ("[" * 100_000, "json-too-deep"),
        ('{"a":' * 100_000, "json-too-deep"),
    ],
    ids=["python", "broken-inside", "cut-object", "deep-lists", "deep-objects"],
)
def test_damaged_json_is_refused_with_the_place(tmp_path: Path, content: str, code: str) -> None:
    with pytest.raises(StudioError) as caught:
        write_and_read(tmp_path / "a.json", content)

    assert caught.value.code == code and "a.json" in str(caught.value)


def test_deep_line_among_good_ones_is_skipped(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.jsonl", '{"text": "a"}\n{"text": ' + "[" * 100_000 + '\n{"text": "b"}\n')

    assert cells(dataset) == [("a",), ("b",)]
    assert remark(dataset, "lines-unreadable").rows == (2,)


def test_half_characters_become_a_sign_and_are_counted(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.jsonl", '{"text": "bad \\ud800 half"}\n{"text": "good \\ud83d\\ude00"}\n')

    assert cells(dataset) == [("bad \ufffd half",), ("good 😀",)]
    assert remark(dataset, "half-characters").rows == (0,)


def test_thousands_of_keys_are_refused(tmp_path: Path) -> None:
    content = "".join(json.dumps({f"k{n}": "a", f"j{n}": "b"}) + "\n" for n in range(400))

    with pytest.raises(StudioError) as caught:
        write_and_read(tmp_path / "a.jsonl", content)

    assert caught.value.code == "too-many-columns"


def test_one_record_of_many_megabytes_takes_no_long_time(tmp_path: Path) -> None:
    began = time.monotonic()

    dataset = write_and_read(tmp_path / "a.json", json.dumps([{"text": "x" * 20_000_000}]))

    assert dataset.rows == 1 and time.monotonic() - began < 5
