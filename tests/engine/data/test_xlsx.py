"""Excel: which sheet, which rows, and cells as a person sees them there."""

import json
from pathlib import Path

import pytest

from slm_studio.core.errors import StudioError
from tests.engine.data.ask import cells, read, remark, rows
from tests.engine.data.office import Raw, sheet, workbook

TABLE = [["text", "label"], *([f"This is sentence {n}", "ab"[n % 2]] for n in range(6))]


def names_of(dataset) -> list[str]:
    return [column.name for column in dataset.columns]


def test_the_sheet_with_most_text_rows_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    numbers = sheet([["year", "n"], *([2000 + n, n] for n in range(50))])
    file = workbook(tmp_path / "a.xlsx", {"Numbers": numbers, "Texts": sheet(TABLE), "Empty": sheet([])})

    dataset = read(file)

    assert cells(dataset) == [tuple(row) for row in TABLE[1:]]
    assert (dataset.report.format, dataset.report.sheet) == ("xlsx", "Texts")
    assert dataset.report.sheets == ("Numbers", "Texts", "Empty")
    assert remark(dataset, "sheets-others").values["names"] == "Numbers"


def test_another_sheet_can_be_chosen_and_a_missing_one_is_said(tmp_path: Path) -> None:
    file = workbook(tmp_path / "a.xlsx", {"Texts": sheet(TABLE), "2": sheet([["text", "label"], ["other", "x"]])})

    assert cells(read(file, sheet="2")) == [("other", "x")]
    with pytest.raises(StudioError) as caught:
        read(file, sheet="Absent")
    assert caught.value.code == "no-such-sheet" and "Texts, 2" in caught.value.advice


def test_a_hidden_sheet_is_read_only_where_it_is_named(tmp_path: Path) -> None:
    longer = sheet([*TABLE, *TABLE[1:]])
    file = workbook(tmp_path / "a.xlsx", {"Old": longer, "New": sheet(TABLE)}, hidden=["Old"])

    assert read(file).report.sheet == "New"
    assert remark(read(file, sheet="Old"), "hidden-sheet")


def test_titles_above_and_totals_below_are_no_rows_and_are_said(tmp_path: Path) -> None:
    grid = [["Report of May", None, None], [None], ["text", "label", "n"]]
    grid += [[f"This is sentence {n}", "ab"[n % 2], n] for n in range(6)]
    grid += [[None], ["Total", None, None]]

    dataset = read(workbook(tmp_path / "a.xlsx", {"1": sheet(grid)}))

    assert names_of(dataset) == ["text", "label", "n"] and dataset.rows == 6
    assert remark(dataset, "title-rows").values["text"] == "Report of May"
    assert remark(dataset, "foot-rows").values["text"] == "Total"
    assert remark(dataset, "rows-empty").count == 1


def test_cells_are_text_as_a_person_sees_them(tmp_path: Path) -> None:
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="46"/></cellXfs>'
    values = [
        " padded ",
        "a\nb",
        "007",
        "NA",
        3.0,
        0.1 + 0.2,
        12345678901234,
        True,
        Raw('<c r="I2" t="e"><v>#N/A</v></c>'),
        Raw('<c r="J2" s="1"><v>45296</v></c>'),
        Raw('<c r="K2" s="2"><v>45296.5</v></c>'),
        Raw('<c r="L2" s="3"><v>1.25</v></c>'),
    ]
    header = [f"column {n}" for n in range(len(values))]

    dataset = read(workbook(tmp_path / "a.xlsx", {"1": sheet([header, values])}, styles=styles), header=True)

    shown = (" padded ", "a\nb", "007", "NA", "3", "0.3", "12345678901234", "TRUE", "#N/A", "2024-01-05")
    assert cells(dataset) == [(*shown, "2024-01-05 12:00:00", "30:00:00")]
    assert remark(dataset, "cells-error").count == 1 and remark(dataset, "cells-date").count == 3


def test_hidden_rows_and_columns_are_read_and_said(tmp_path: Path) -> None:
    markup = sheet(TABLE, hidden_rows=[3, 4], before='<cols><col min="2" max="2" hidden="1"/></cols>')

    dataset = read(workbook(tmp_path / "a.xlsx", {"1": markup}))

    assert dataset.rows == 6
    assert remark(dataset, "hidden-rows").count == 2 and remark(dataset, "hidden-columns").count == 1


def test_what_excel_never_stored_or_only_paints_is_said(tmp_path: Path) -> None:
    styles = '<numFmts><numFmt numFmtId="164" formatCode="#,##0.00 €"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs>'
    grid = [
        ["text", "label", "price"],
        ["one", "a", Raw('<c r="C2" s="1"><v>1234.5</v></c>')],
        ["two", "b", Raw('<c r="C3"><f>C2*2</f><v></v></c>')],
    ]

    dataset = read(workbook(tmp_path / "a.xlsx", {"1": sheet(grid)}, styles=styles))

    assert cells(dataset) == [("one", "a", "1234.5"), ("two", "b", "")]
    assert remark(dataset, "formulas-uncounted").count == 1
    assert remark(dataset, "formats-lost").values["formats"] == "#,##0.00 €"


def test_a_merged_label_belongs_to_every_row_it_covers(tmp_path: Path) -> None:
    grid = [["label", "text"], ["x", "one"], [None, "two"], [None, "three"], ["y", "four"]]
    markup = sheet(grid, after='<mergeCells count="1"><mergeCell ref="A2:A4"/></mergeCells>')

    dataset = read(workbook(tmp_path / "a.xlsx", {"1": markup}))

    assert [row["label"] for row in rows(dataset)] == ["x", "x", "x", "y"]
    assert remark(dataset, "cells-merged").count == 2


def test_two_cells_that_span_billions_are_refused(tmp_path: Path) -> None:
    corner = Raw('<c r="XFD1048576"><v>1</v></c>')

    with pytest.raises(StudioError) as caught:
        read(workbook(tmp_path / "a.xlsx", {"1": sheet([["a"], [corner]])}))

    assert caught.value.code == "sheet-too-large"


def test_a_bomb_a_torn_file_and_entities_get_a_sentence(tmp_path: Path) -> None:
    bomb = workbook(tmp_path / "bomb.xlsx", {"1": sheet([["x" * 30_000_000]])})
    whole = workbook(tmp_path / "whole.xlsx", {"1": sheet(TABLE)})
    torn = tmp_path / "torn.xlsx"
    torn.write_bytes(whole.read_bytes()[:-80])
    broken = workbook(tmp_path / "broken.xlsx", {"1": "<worksheet><sheetData><row>"})
    old = tmp_path / "old.xls"
    old.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096))

    codes = {}
    for file in (bomb, torn, broken, old):
        with pytest.raises(StudioError) as caught:
            read(file)
        codes[file.stem] = caught.value.code

    assert codes["bomb"] == "expands-too-much" and codes["old"] == "sheet-damaged"
    assert codes["torn"] in ("format-unknown", "archive-damaged")  # without its end nobody can tell what it was
    assert codes["broken"] in ("sheet-damaged", "no-rows")


def test_the_real_workbooks_hold_what_is_known_of_them(real_data: Path) -> None:
    expected = json.loads((real_data / "messy" / "expected.json").read_text("utf-8"))
    second = read(real_data / "messy" / "labels_second_sheet.xlsx")
    simple = read(real_data / "messy" / "simple_zh.xlsx")
    real = real_data / "messy" / "real_ca8_dataset_statistics.xlsx"

    known = expected["labels_second_sheet.xlsx"]
    assert (second.rows, second.report.sheet) == (known["rows"], known["sheet"])
    assert names_of(second) == ["编号", "用户问题", "意图", "备注"]
    assert cells(simple)[-3:] == [("12345", "1"), ("", "0"), ("只有文本", "")]
    assert rows(simple)[199]["label"] in ("0", "1")
    for name, (height, width) in expected["real_ca8_dataset_statistics.xlsx"]["sheets"].items():
        dataset = read(real, sheet=name)
        assert abs(dataset.rows - height) <= 1 and len(dataset.columns) <= width
