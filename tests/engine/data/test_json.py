"""JSON in its shapes: lines, arrays, nested, by columns, cut, damaged, hostile."""

import json
from pathlib import Path

import pytest

from slm_studio.core.errors import StudioError
from tests.engine.data.ask import cells, remark, rows, write_and_read
from tests.work import at_most


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
    assert remark(dataset, "cells-nested") is None, "a column of messages is meant to hold lists"


def test_nested_cells_that_are_no_messages_are_said_beside_some_that_are(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    line = json.dumps({"messages": turns, "meta": {"a": [1, 2], "b": [[3]]}})

    dataset = write_and_read(tmp_path / "a.jsonl", f"{line}\n" * 3)

    found = remark(dataset, "cells-nested")
    assert found is not None and found.count > 3


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
        ('[{"text": "a"}, oops, {"text": "b"}]', "json-damaged"),
        ('{"text": ', "json-damaged"),
        ("[" * 100_000, "json-too-deep"),
        ('{"a":' * 100_000, "json-too-deep"),
    ],
    ids=["broken-inside", "cut-object", "deep-lists", "deep-objects"],
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


def test_of_thousands_of_keys_the_most_filled_become_columns(tmp_path: Path) -> None:
    often = [{"text": "a", "label": "x"} for _ in range(50)]
    content = [*often, *({f"k{n}": "a", f"j{n}": "b"} for n in range(400)), *({f"k{n}": "c"} for n in range(300, 400))]

    dataset = write_and_read(tmp_path / "a.jsonl", "".join(json.dumps(each) + "\n" for each in content))

    names = {column.name for column in dataset.columns}
    assert dataset.rows == 550 and len(names) == 500
    assert {"text", "label"} | {f"k{n}" for n in range(300, 400)} <= names
    assert remark(dataset, "keys-left-out").values["columns"] == 802 and remark(dataset, "keys-left-out").count == 302


def test_one_record_of_many_megabytes_takes_no_long_time(tmp_path: Path) -> None:
    with at_most(5):
        dataset = write_and_read(tmp_path / "a.json", json.dumps([{"text": "x" * 20_000_000}]))

    assert dataset.rows == 1


def test_a_comma_at_a_lines_end_is_harmless(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.jsonl", '{"text": "a"},\n{"text": "b"} ,\n\n{"text": "c"}\n')

    assert cells(dataset) == [("a",), ("b",), ("c",)]
    assert remark(dataset, "commas").count == 2 and remark(dataset, "lines-unreadable") is None


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
@pytest.mark.parametrize(
    "content",
    [
        '{"text": "a"}{"text": "b"} {"text": "c"}\n{"text": "d"}',
        '{\n  "text": "a"\n}\n{\n  "text": "b"\n},\n{\n  "text": "c"\n}\n{"text": "d"}\n',
        '[{"text": "a"}, {"text": "b"}]\n[{"text": "c"}, {"text": "d"}]\n',
        '\ufeff[\n{"text": "a"},\n{"text": "b"},\n]\n\ufeff[{"text": "c"},{"text": "d"}]',
        '{"text": "a"}\r{"text": "b"}\r{"text": "c"}\r{"text": "d"}\r',
    ],
    ids=["no-line-ends", "pretty-printed", "two-arrays", "with-marks", "old-mac"],
)
def test_no_record_is_dropped_however_records_stand_in_a_row(tmp_path: Path, name: str, content: str) -> None:
    assert cells(write_and_read(tmp_path / name, content)) == [("a",), ("b",), ("c",), ("d",)]


def test_text_after_the_end_is_said_with_its_line(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.json", '[{"text": "a"},\n{"text": "b"}]\nthat was all\n{"text": "c"}\n')

    assert cells(dataset) == [("a",), ("b",), ("c",)]
    assert remark(dataset, "lines-unreadable").rows == (3,)


def test_a_cut_record_costs_no_row_after_it(tmp_path: Path) -> None:
    lines = [
        '{"text": "a"}',
        '{"text": "b", "n": [1',
        '{"text": "c",',
        '{"text": "d',
        '{"text": "e"}',
        '{"text": ',
        '{"text": "f"}',
        '{"text": "g"}',
    ]

    dataset = write_and_read(tmp_path / "a.jsonl", "\n".join(lines) + "\n")

    assert cells(dataset) == [("a",), ("e",), ("f",), ("g",)]
    assert remark(dataset, "lines-unreadable").rows == (2, 3, 4, 6)


def test_a_key_that_stands_twice_is_said(tmp_path: Path) -> None:
    dataset = write_and_read(
        tmp_path / "a.jsonl", '{"text": "a", "label": "x", "label": "y"}\n{"text": "b", "label": "z"}\n'
    )

    assert cells(dataset) == [("a", "y"), ("b", "z")]
    said = remark(dataset, "keys-twice")
    assert (said.count, said.rows, said.values["name"]) == (1, (0,), "label")


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_python_dicts_are_read_as_they_mean(tmp_path: Path, name: str) -> None:
    records = [
        "{'text': 'it\\'s \"so\"', 'n': 1.50, 'none': None, 'yes': True, 'deep': [1, {'a': 'b'}]}",
        "{\"text\": \"isn't\", 'n': -1e5, 'none': nan, 'yes': False, 'deep': (1, 2)}",
    ]

    dataset = write_and_read(
        tmp_path / name, "[" + ",\n".join(records) + "]" if name == "a.json" else "\n".join(records)
    )

    assert cells(dataset) == [
        ('it\'s "so"', "1.50", "", "true", '[1, {"a": "b"}]'),
        ("isn't", "-1e5", "nan", "false", "[1, 2]"),
    ]
    assert remark(dataset, "records-python").count == 2


def test_python_that_would_run_is_no_record(tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        write_and_read(tmp_path / "a.jsonl", "{'text': open('/etc/passwd').read()}\n{'text': __import__('os')}\n")

    assert caught.value.code == "no-rows"


def test_a_file_of_which_most_lines_are_unusable_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        write_and_read(tmp_path / "a.jsonl", '{"text": "a"}\nnot json\n{"text": "b"}\nnor this\nnor that\n')

    assert caught.value.code == "lines-mostly-unreadable" and "2 of 5" in str(caught.value)


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_null_and_empty_lists_and_bare_texts_are_no_rows(tmp_path: Path, name: str) -> None:
    values = ['{"text": "a"}', "null", "[]", '"bare"', "{}", *('{"text": "b"}' for _ in range(4))]

    dataset = write_and_read(tmp_path / name, "[" + ",".join(values) + "]" if name == "a.json" else "\n".join(values))

    assert cells(dataset) == [("a",), *[("b",)] * 4]
    assert remark(dataset, "no-record").count == 4


def test_raw_line_ends_in_a_text_are_kept_and_said(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.json", '[{"text": "one\ntwo\tthree"}, {"text": "b"}]')

    assert cells(dataset) == [("one\ntwo\tthree",), ("b",)]
    assert remark(dataset, "texts-raw").count == 1


def test_splits_of_pairs_are_read_as_clinc_writes_them(tmp_path: Path) -> None:
    def pairs(count: int) -> list[list[str]]:
        return [[f"sentence number {n} of these", "ab"[n % 2]] for n in range(count)]

    content = {"oos_val": pairs(4), "val": pairs(6), "train": pairs(10), "test": pairs(8), "oos_train": pairs(3)}

    dataset = write_and_read(tmp_path / "a.json", json.dumps(content))

    assert dataset.rows == 10 and dataset.held_out == {"validation": 6, "test": 8}
    assert rows(dataset)[1] == {"text": "sentence number 1 of these", "label": "b", "split": "train"}
    assert remark(dataset, "lists-unread").values["names"] == "oos_val, oos_train"


def test_labels_over_their_texts_are_read(tmp_path: Path) -> None:
    uneven = {"praise": ["very good", "well done", "nice"], "blame": ["too slow", "bad"]}
    even = {"pos": ["very good", "well done"], "neg": ["too slow", "bad"]}
    columns = {"en": ["yes", "no"], "de": ["ja", "nein"]}

    for number, content in enumerate((uneven, even)):
        dataset = write_and_read(tmp_path / f"{number}.json", json.dumps(content))
        wanted = [(text, label) for label, texts in content.items() for text in texts]
        assert cells(dataset) == wanted and remark(dataset, "keys-as-labels")
    assert cells(write_and_read(tmp_path / "c.json", json.dumps(columns))) == [("yes", "ja"), ("no", "nein")]


@pytest.mark.parametrize("content", ["", " \n\n ", "[]", "{}", "null", "\n", "[\n]", "//", "[null]", '{"a"', "["])
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_json_that_holds_nothing_gets_a_sentence(tmp_path: Path, name: str, content: str) -> None:
    with pytest.raises(StudioError) as caught:
        write_and_read(tmp_path / name, content)

    assert caught.value.code in ("file-empty", "no-rows", "json-damaged")


def test_values_are_the_same_wherever_the_text_is_cut(tmp_path: Path) -> None:
    from types import SimpleNamespace

    from slm_studio.engine.data.notes import Notes
    from slm_studio.engine.data.values import Values

    text = '{"a": -1.5e3, "b": [true, null]},\n{"a": NaN}{"a": "\\ud83d\\ude00"}\n[{"a": "x"},{"a": "y"}]\nbad {\n{"a": 12}\n12'
    source = SimpleNamespace(name="a.jsonl", title="a.jsonl")
    whole = list(Values(iter([text]), source, Notes()))

    for size in range(1, 20):
        notes = Notes()
        pieces = iter([text[at : at + size] for at in range(0, len(text), size)])
        assert list(Values(pieces, source, notes)) == whole
        assert notes.found["lines-unreadable"].places == [4]
    assert len(whole) == 7


PYTHON = [{"text": f'it\'s row {n} "so" it says', "label": "ab"[n % 2], "ok": (None, True)[n % 2]} for n in range(3000)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", "\n".join(map(repr, PYTHON))),
        ("a.txt", "\n".join(map(repr, PYTHON))),
        ("one_line.json", repr(PYTHON)),
        ("a_line_each.json", "[" + ",\n".join(map(repr, PYTHON)) + "]"),
        ("pretty.json", "[\n" + ",\n".join(repr(each).replace(", ", ",\n  ") for each in PYTHON) + "\n]"),
    ],
)
def test_python_dicts_of_many_blocks_lose_no_row(tmp_path: Path, name: str, content: str) -> None:
    dataset = write_and_read(tmp_path / name, content)

    assert dataset.rows == 3000
    assert {each.code for each in dataset.report.remarks} <= {"records-python", "cells-null", "cells-boolean"}
    texts = [row[0] for row in cells(dataset)]
    assert [text.replace(",\n  ", ", ") for text in texts] == [each["text"] for each in PYTHON]
