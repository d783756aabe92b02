"""The odd files of shared/data/messy: expected.json says what each one holds."""

import csv
import json
from pathlib import Path

import pytest

from slm_studio.core.errors import StudioError
from tests.engine.data.ask import cells, read, remark, rows

ROWS = {  # file → rows
    "zh_gb18030.csv": 800, "zh_gb2312.tsv": 780, "zh_gbk_semicolon.csv": 799, "zh_utf16le_bom.csv": 800, "zh_utf16be_bom.tsv": 800,
    "zh_utf16le_nobom.csv": 800, "zh_utf8_bom.csv": 800, "zh_big5.tsv": 500, "zh_gbk_bad_bytes.csv": 300, "zh_utf8_then_gbk.csv": 300,
    "en_latin1.csv": 120, "mixed_newlines.csv": 400, "old_mac_cr_only.csv": 200, "embedded_newlines.csv": 110, "ragged.csv": 300,
    "unclosed_quote.csv": 51, "quote_none.tsv": 60, "tabs_as_spaces.txt": 200, "sep_line_excel.csv": 80, "no_header_label_first.csv": 200,
    "fasttext.txt": 300, "multilabel_pipe.csv": 150, "array.json": 500, "array_one_line.json": 500, "lines_in_dot_json.json": 500,
    "array_in_dot_jsonl.jsonl": 500, "nested.json": 200, "columns.json": 200, "bad_lines.jsonl": 197, "huge_single_line.txt": 1,
    "banking.parquet": 500, "zh_dictionary.parquet": 800, "dirty_values.csv": 234, "one_class.csv": 50, "three_rows.csv": 3,
    "banking.csv.gz": 300, "labels_second_sheet.xlsx": 300, "real_sms_mojibake.csv": 5572, "real_wiki_long_lines.txt": 6,
}  # fmt: skip
REFUSED = {
    "header_only.csv": "no-rows",
    "empty.csv": "file-empty",
    "bom_only.csv": "file-bom-only",
    "binary_as.csv": "file-one-letter",
    "zh_folders.tar.gz": "format-unknown",
    "zip_slip.zip": "unsafe-name",
}
ENCODINGS = ("zh_gb18030.csv", "zh_gb2312.tsv", "zh_gbk_semicolon.csv", "zh_utf16le_bom.csv", "zh_utf16be_bom.tsv", "zh_utf16le_nobom.csv",
             "zh_utf8_bom.csv", "zh_big5.tsv", "en_latin1.csv")  # fmt: skip


@pytest.fixture
def messy(real_data: Path) -> Path:
    return real_data / "messy"


@pytest.fixture
def expected(messy: Path) -> dict[str, dict[str, object]]:
    return json.loads((messy / "expected.json").read_text("utf-8"))


@pytest.mark.parametrize("name", ROWS)
def test_file_has_the_expected_rows(messy: Path, expected: dict, name: str) -> None:
    dataset = read(messy / name)

    known = expected[name]
    assert dataset.rows == ROWS[name]
    told = known.get("rows", known.get("lines", known.get("rows_if_repaired")))
    assert told in (ROWS[name], known.get("lines"))


@pytest.mark.parametrize("name", REFUSED)
def test_file_is_refused_with_its_name(messy: Path, name: str) -> None:
    with pytest.raises(StudioError) as caught:
        read(messy / name)

    assert caught.value.code == REFUSED[name]
    assert name in str(caught.value)
    assert caught.value.advice


@pytest.mark.parametrize("name", ENCODINGS)
def test_encoding_is_guessed_and_every_cell_is_right(messy: Path, expected: dict, name: str) -> None:
    known = expected[name]
    codec = str(known["encoding"]).replace(
        "gb2312", "gb18030"
    )  # as everyone reads it; the strict table has another dash
    text = (messy / name).read_bytes().decode(codec)
    delimiter = "\t" if name.endswith("tsv") else known.get("delimiter", ",")
    truth = [tuple(row) for row in csv.reader(text.splitlines(keepends=True), delimiter=str(delimiter))][1:]

    assert cells(read(messy / name)) == truth


@pytest.mark.parametrize("name", ["zh_gb18030.csv", "zh_gbk_semicolon.csv", "zh_utf16le_bom.csv", "zh_utf8_bom.csv"])
def test_labels_are_counted_as_expected(messy: Path, expected: dict, name: str) -> None:
    labels = [row["label"] for row in rows(read(messy / name))]

    assert {label: labels.count(label) for label in set(labels)} == expected[name]["labels"]


def test_every_text_of_the_declaration_decodes_as_its_encoding(messy: Path, expected: dict) -> None:
    for name, known in expected.items():
        if not name.startswith("real_udhr/"):
            continue
        truth = (messy / name).read_bytes().decode(str(known["encoding"]), "replace").lstrip("\ufeff")

        read_back = "\n".join(cell for (cell,) in cells(read(messy / name)))

        assert read_back.rstrip("\n\ufffd") == truth.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n\ufffd"), name


def test_damaged_bytes_are_counted_with_line_numbers(messy: Path, expected: dict) -> None:
    found = remark(read(messy / "zh_gbk_bad_bytes.csv"), "bytes-undecodable")

    assert found is not None
    assert [line - 1 for line in found.rows] == expected["zh_gbk_bad_bytes.csv"]["damaged_lines"]  # theirs count from 0


def test_second_half_in_another_encoding_is_read_in_it(messy: Path) -> None:
    dataset = read(messy / "zh_utf8_then_gbk.csv")

    found = remark(dataset, "mixed-encodings")
    assert found is not None and found.count == 150
    assert not any("\ufffd" in cell for row in cells(dataset) for cell in row)


def test_ragged_rows_are_kept_and_counted(messy: Path, expected: dict) -> None:
    kinds = expected["ragged.csv"]["kinds"]

    dataset = read(messy / "ragged.csv")

    assert remark(dataset, "blank-lines").count == kinds["blank"]
    assert remark(dataset, "rows-trailing").count == kinds["trail"] + kinds["extra"]
    assert remark(dataset, "rows-short").count == kinds["short"]
    assert remark(dataset, "spaces-outside-quotes").count == kinds["space"]
    assert 'he said "What retailers accept my card?" ok' in {row["text"] for row in rows(dataset)}


def test_unclosed_quote_costs_no_row_and_stays_in_the_text(messy: Path) -> None:
    first = rows(read(messy / "unclosed_quote.csv"))[0]

    assert first == {"text": '"this quote never ends', "category": "card_arrival"}


def test_literal_quotes_between_tabs_stay(messy: Path) -> None:
    assert all(row[0].startswith('"') for row in cells(read(messy / "quote_none.tsv")))


def test_newlines_in_quoted_cells_are_kept_as_they_stand(messy: Path) -> None:
    with (messy / "embedded_newlines.csv").open(newline="", encoding="utf-8") as stream:
        truth = [tuple(row) for row in csv.reader(stream)][1:]

    assert cells(read(messy / "embedded_newlines.csv")) == truth


def test_bad_json_lines_are_skipped_and_numbered(messy: Path, expected: dict) -> None:
    dataset = read(messy / "bad_lines.jsonl")

    bad = set(expected["bad_lines.jsonl"]["bad_lines_1based"])
    # 11 ends in a comma, 51 holds NaN, 61 is written as Python: they are read; 41 is blank.
    assert set(remark(dataset, "lines-unreadable").rows) == bad - {11, 41, 51, 61}
    assert (remark(dataset, "commas").count, remark(dataset, "records-python").count) == (1, 1)
    assert remark(dataset, "cells-constant").count == 1


def test_nested_records_are_found_and_their_path_is_shown(messy: Path) -> None:
    dataset = read(messy / "nested.json")

    assert dataset.report.path == "data.items"
    assert {"content.text", "annotations[0].label"} <= {column.name for column in dataset.columns}


def test_headerless_columns_are_named_by_content(messy: Path) -> None:
    dataset = read(messy / "no_header_label_first.csv")

    assert [column.name for column in dataset.columns] == ["label", "text"]
    assert remark(dataset, "no-header") is not None
    assert not dataset.report.header


def test_lone_returns_inside_fields_do_not_end_rows(messy: Path) -> None:
    dataset = read(messy / "real_sms_mojibake.csv")

    assert [column.name for column in dataset.columns] == ["class", "sms"]
    assert sum("\r" in row[1] for row in cells(dataset)) == 2


def test_words_that_mean_nothing_elsewhere_stay_text(messy: Path) -> None:
    texts = [row["text"] for row in rows(read(messy / "dirty_values.csv"))]

    assert {"NULL", "nan", "１２３ＡＢＣ"} <= set(texts)
    assert max(map(len, texts)) == 20000
    assert any("\0" in text for text in texts) and any("\a" in text for text in texts)


def test_parquet_keeps_texts_and_turns_the_rest_into_text(messy: Path) -> None:
    chinese, banking = read(messy / "zh_dictionary.parquet"), read(messy / "banking.parquet")

    assert json.loads(rows(chinese)[0]["tokens"]) == ["不", "知", "道", "携", "城"]
    assert {column.name for column in chinese.columns} == {"文本", "标签", "tokens"}
    assert rows(banking)[0]["n_chars"] == "46"
