"""The characters of a cell are those of the file, less what the format itself removes: over any table, over any text."""

import csv
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.engine.data.characters import read_cells

DELIMITERS = (",", ";", "\t", "|")
LETTERS = st.text(alphabet=st.sampled_from("abc XY.?!,;|\t\"'_:=-\n\r中，é\u2028\x0b0189"), max_size=12)
LINES = st.text(alphabet=st.sampled_from("ab ,;|\t\"'中.0"), max_size=10)
CALM = settings(deadline=None, max_examples=150)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(1, 4))
    return draw(st.lists(st.lists(LETTERS, min_size=width, max_size=width), min_size=1, max_size=12))


@given(
    table=tables(),
    delimiter=st.sampled_from(DELIMITERS),
    quoting=st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
    end=st.sampled_from(("\n", "\r\n")),
)
@example(table=[[""], ["0"]], delimiter="\t", quoting=csv.QUOTE_MINIMAL, end="\n")
@example(table=[["\r"]], delimiter="\t", quoting=csv.QUOTE_MINIMAL, end="\r\n")
@example(table=[["\r"]], delimiter="\t", quoting=csv.QUOTE_ALL, end="\n")
@example(table=[["0"], ["\r"]], delimiter="\t", quoting=csv.QUOTE_MINIMAL, end="\r\n")
@CALM
def test_any_table_that_was_written_as_csv_comes_back(
    folder: Path, table: list[list[str]], delimiter: str, quoting: int, end: str
) -> None:
    names = ["text", "label", "one", "two"][: len(table[0])]
    if end == "\n" and any("\r" in cell for row in table for cell in row):
        quoting = csv.QUOTE_ALL  # Python's writer leaves a lone \r bare, which ends a row elsewhere
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    writer.writerows([names, *table])

    found, rows, _ = read_cells(folder / "a.csv", out.getvalue().encode(), delimiter=delimiter, header=True)

    assert found == names
    written = [tuple(row) for row in table]
    if len(names) > 1 and quoting == csv.QUOTE_MINIMAL:  # lines of nothing but delimiters are no rows
        written = [row for row in written if any(row)]
    assert rows == written


@given(lines=st.lists(LINES, min_size=1, max_size=12), name=st.sampled_from(("a.csv", "a.tsv", "a.psv")))
@example(lines=["city", *["Austin, TX"] * 9], name="a.csv")
@example(lines=["text", '"a, b", c', "d, e"], name="a.csv")
@example(lines=["label,text", *["x,well, yes"] * 4, 'x,"he, said", no', *["y,fine"] * 4], name="a.csv")
@CALM
def test_no_character_of_any_text_is_lost(folder: Path, lines: list[str], name: str) -> None:
    text = "\n".join(lines)
    if not text.strip():
        return

    _, rows, notes = read_cells(folder / name, text.encode(), header=False)

    removed = set('"\n' + notes.delimiter + (" \t" if "spaces-outside-quotes" in notes.found else ""))
    kept = "".join(cell for row in rows for cell in row)
    assert _less(kept, removed) == _less(text, removed)


@given(
    lines=st.lists(LINES.map(lambda line: line.replace('"', "")), min_size=1, max_size=12),
    name=st.sampled_from(("a.csv", "a.tsv")),
)
@example(lines=["city", *["Austin, TX"] * 9], name="a.csv")
@CALM
def test_cells_of_a_line_without_quotes_give_the_line_back(folder: Path, lines: list[str], name: str) -> None:
    if not "".join(lines).strip():
        return

    _, rows, notes = read_cells(folder / name, "\n".join(lines).encode(), header=False)

    parted = notes.delimiter
    if not parted:
        assert [cell for (cell,) in rows] == lines[: len(rows)] and not any(lines[len(rows) :])
        return
    written = [line.rstrip(parted) for line in lines if line.strip(parted)]
    assert [parted.join(row).rstrip(parted) for row in rows] == written


@given(lines=st.lists(LINES, min_size=1, max_size=12))
@CALM
def test_lines_of_plain_text_stay_as_they_are(folder: Path, lines: list[str]) -> None:
    if not "".join(lines).strip():
        return

    _, rows, notes = read_cells(folder / "a.txt", "\n".join(lines).encode())

    if notes.format == "txt":
        assert [cell for (cell,) in rows] == lines[: len(rows)] and not any(lines[len(rows) :])


def _less(text: str, removed: set[str]) -> str:
    return "".join(letter for letter in text if letter not in removed)
