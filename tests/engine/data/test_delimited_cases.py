"""Files of kinds that people report as going wrong elsewhere: the rows and columns that shared/cases/reading names."""

import csv
from pathlib import Path

import pytest

from tests.engine.data.ask import cells, read, remark

COLUMNS = {  # file → rows, columns
    "min_de.csv": (4, "Text Preis Klasse"),
    "o14_german.csv": (100, "Datum Betrag Kommentar Kategorie"),
    "q01_de_preis.csv": (120, "Produkt Preis Rezension Sterne"),
    "q05_comma_in_every_text.csv": (100, "text label"),
    "s08_german_price_half.csv": (120, "Preis Text Klasse"),
    "s09_zh_semicolon_no.csv": (100, "问题 意图"),
    "o15_tsv_quotes.tsv": (100, "text label"),
    "o31_sentiment140.csv": (200, "column_1 column_2 column_3 column_4 column_5 column_6"),
    "o40_title_rows.csv": (60, "No Date Text Category"),
    "s07_extra_title_row.csv": (80, "comment topic"),
    "o54_goemotions.tsv": (120, "text label column_3"),
    "p50_two_annotators.csv": (100, "text label label_2"),
    "q28_cr_5_percent.csv": (100, "text label"),
    "q30_single_column.csv": (80, "text"),
    "r01_last_first.csv": (4, "name"),
    "r04_prose_quoted_some.csv": (120, "text"),
    "s01_single_quoted_proper.csv": (100, "text"),
    "o49_emotions_semicolon.txt": (200, "text label"),
    "o50_toutiao_separator.txt": (150, "column_1 column_2 label text column_5"),
    "o58_comma.txt": (100, "text label"),
    "p05_fasttext_comma.txt": (120, "text label"),
    "p06_fasttext.txt": (120, "text label"),
    "p07_fasttext_multi.txt": (120, "text label"),
    "p28_pipe_lone_quote.txt": (40, "Col1 Col2 Col3 Col4"),
    "p31_space_label.txt": (80, "text label"),
    "o55_html_table.xls": (40, "text label"),
}
LABELS = {
    "o49_emotions_semicolon.txt": 3,
    "o50_toutiao_separator.txt": 4,
    "p05_fasttext_comma.txt": 4,
    "p06_fasttext.txt": 4,
    "p31_space_label.txt": 4,
}
QUESTIONS = {
    "min_q.csv": (4, ["What went wrong?", "team"]),
    "q08_one_question.csv": (80, ["What happened?", "team"]),
    "s10_question_header.csv": (100, ["Q1. What is your role?", "Q2. Which tool do you use most often?", "Q3. Please describe your main problem."]),
    "o36_google_forms.csv": (90, ["Timestamp", "How satisfied are you with our service? (1-5)", "What could we do better?", "Would you recommend us?"]),
    "o37_wenjuan.csv": (90, ["序号", "提交答卷时间", "所用时间", "来源", "来自IP", "1、您的性别", "2、满意度", "3、您的建议"]),
}  # fmt: skip


@pytest.fixture
def cases(real_data: Path) -> Path:
    folder = real_data.parent / "cases" / "reading"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing")
    return folder


@pytest.mark.parametrize("name", COLUMNS)
def test_file_has_its_rows_and_columns(cases: Path, name: str) -> None:
    rows, columns = COLUMNS[name]

    dataset = read(cases / name)

    assert (dataset.rows, [column.name for column in dataset.columns]) == (rows, columns.split(" "))


@pytest.mark.parametrize("name", QUESTIONS)
def test_question_above_its_answers_is_a_column_name(cases: Path, name: str) -> None:
    rows, columns = QUESTIONS[name]

    dataset = read(cases / name)

    assert (dataset.rows, [column.name for column in dataset.columns][: len(columns)]) == (rows, columns)


@pytest.mark.parametrize(
    ("name", "delimiter", "encoding"),
    [
        ("o14_german.csv", ";", "cp1252"),
        ("q01_de_preis.csv", ";", "utf-8-sig"),
        ("q05_comma_in_every_text.csv", ";", "utf-8"),
        ("o15_tsv_quotes.tsv", "\t", "utf-8"),
        ("s01_single_quoted_proper.csv", ",", "utf-8"),
        ("o58_comma.txt", ",", "utf-8"),
    ],
)
def test_every_cell_is_what_the_csv_module_reads(cases: Path, name: str, delimiter: str, encoding: str) -> None:
    with (cases / name).open(newline="", encoding=encoding) as stream:
        truth = [tuple(row) for row in csv.reader(stream, delimiter=delimiter)][1:]

    assert cells(read(cases / name)) == truth


@pytest.mark.parametrize("name", ["q30_single_column.csv", "r01_last_first.csv", "r04_prose_quoted_some.csv"])
def test_commas_of_a_single_column_stay_and_the_quotes_around_a_cell_go(cases: Path, name: str) -> None:
    lines = (cases / name).read_text("utf-8").splitlines()[1:]

    found = [cell for (cell,) in cells(read(cases / name))]

    assert found == [line[1:-1].replace('""', '"') if line.startswith('"') else line for line in lines]


def test_title_above_the_header_is_said(cases: Path) -> None:
    found = remark(read(cases / "o40_title_rows.csv"), "title-rows")

    assert found is not None and found.count == 2
    assert found.values["text"] == "Customer feedback export · Generated 2026-03-01"


@pytest.mark.parametrize("name", LABELS)
def test_labels_of_a_text_file_are_a_few(cases: Path, name: str) -> None:
    assert read(cases / name).column("label").distinct == LABELS[name]
