"""Places of remarks: the row of the table, or the line that a text editor shows."""

from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.dataset import Remark
from slm_studio.ui.data.dataset_words import remark_places

ROWS = [f"I like my red card number {n} very much,card" for n in range(20)]
BODY = "\n".join(ROWS[:5]) + "\n\n" + "\n".join(ROWS[5:]) + "\n"
LABELLED = "\n".join(f"__label__a text number {n}" for n in range(5)) + "\n\n" + "\n".join(f"__label__b text number {n}" for n in range(5)) + "\n"  # fmt: skip
FILES = {
    "a blank line below a cell of two lines": ("a.csv", "text,label\n" + '"two\nlines",card\n' + BODY, "blank-lines"),
    "a blank line among labelled lines": ("a.txt", LABELLED, "blank-lines"),
    "a byte that is no UTF-8": ("b.txt", "a line of café text\n" * 7 + "na\udcffve line\n" + "a line of café text\n" * 7, "bytes-undecodable"),
    "a line that is no JSON": ("a.jsonl", '{"text":"a"}\n{"text":"b"}\nnot json\n{"text":"c"}\n', "lines-unreadable"),
}  # fmt: skip


def remark_of(path: Path, text: str, code: str) -> Remark:
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    report = list(engine.read(str(path)))[-1].result.report
    return next(each for each in report.remarks if each.code == code)


@pytest.mark.parametrize("what", FILES)
@pytest.mark.usefixtures("home")
def test_a_line_that_became_no_row_is_named_as_an_editor_counts(what: str, tmp_path: Path) -> None:
    name, text, code = FILES[what]
    odd = [
        number
        for number, line in enumerate(text.split("\n")[:-1], 1)
        if not line or "\udcff" in line or line == "not json"
    ]

    remark = remark_of(tmp_path / name, text, code)

    assert len(odd) == 1 and remark_places(remark) == f"in line {odd[0]} of the file"


@pytest.mark.usefixtures("home")
def test_a_repaired_row_is_named_as_the_table_counts(tmp_path: Path) -> None:
    text = "text,label\n" + "\n".join(ROWS[:5]) + "\nonly one\n" + "\n".join(ROWS[5:]) + "\n"

    assert remark_places(remark_of(tmp_path / "a.csv", text, "rows-short")) == "in row 6"
