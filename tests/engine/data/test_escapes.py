"""Quotes behind a backslash: read as they are meant where a file is written so, and left alone where it is not."""

from pathlib import Path

import pytest

from slm_studio.engine.data.escapes import doubled
from tests.engine.data.ask import cells as cells_of
from tests.engine.data.ask import read, remark

CELLS = (
    'late, "again", and alone',
    'a "word"',
    "plain, with a comma",
    "ends in \\",
    'a \\ within, "so"',
    '"all of it"',
)


def spark(cell: str) -> str:
    r"""Write a cell as Spark does: \" for a quote, and two backslashes where one stands before a quote or the end."""
    out = ""
    for at, sign in enumerate(cell):
        behind = cell[at + 1 : at + 2]
        out += '\\"' if sign == '"' else "\\\\" if sign == "\\" and behind in ("", '"') else sign
    return f'"{out}"'


@pytest.mark.parametrize("columns", [1, 2])
def test_quotes_behind_a_backslash_part_nothing(tmp_path: Path, columns: int) -> None:
    cells = [CELLS[at % len(CELLS)] for at in range(60)]
    path = tmp_path / "a.csv"
    lines = [",".join([spark(cell), f"label {at % 3}"][:columns]) for at, cell in enumerate(cells)]
    path.write_text("\n".join([",".join(["text", "label"][:columns]), *lines]) + "\n")

    dataset = read(path)

    assert [row[0] for row in cells_of(dataset)] == cells
    assert remark(dataset, "quotes-escaped") is not None
    assert remark(dataset, "stray-quotes") is None


def test_a_backslash_at_the_end_of_a_cell_is_no_escape(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("folder,kind\n" + "".join(f'"C:\\dir, {at}\\",b{at % 2}\n' for at in range(20)))

    dataset = read(path)

    assert cells_of(dataset)[3][0] == "C:\\dir, 3\\"
    assert remark(dataset, "quotes-escaped") is None


def test_backslashes_are_halved_before_a_quote_only() -> None:
    assert doubled([r"a\"b", r"\\n", r'x\\"', r"x\\\"", "plain"]) == ['a""b', r"\\n", 'x\\"', 'x\\""', "plain"]
