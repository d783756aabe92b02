"""Tables of texts: the text takes what room there is, and a row opens in full."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from slm_studio.core.dataset import Column, Dataset, ReadReport
from slm_studio.core.report import read_report
from slm_studio.ui.data.rows import RowsCard
from slm_studio.ui.evaluate.cases_card import CasesCard
from slm_studio.ui.widgets.row_reader import MOST
from slm_studio.ui.widgets.table import shared
from tests.ui.places import classify_report, until, write_report

TEXT = "the courier never came and nobody answers the telephone when I call about parcel"
LONG = {
    "id": [f"10{n}" for n in range(40)],
    "channel": [("e-mail", "telephone", "letter with an enclosure")[n % 3] for n in range(40)],
    "text": [f"{TEXT} {n}\nsecond line" for n in range(40)],
    "team": [("delivery and logistics", "refunds")[n % 2] for n in range(40)],
    "status": [("open", "closed")[n % 2] for n in range(40)],
}


@pytest.fixture
def card(theme, tmp_path: Path) -> Iterator[RowsCard]:
    made = RowsCard()
    dataset = made_of(tmp_path / "rows", LONG)
    made.open(dataset, {"text": "text", "team": "label"})
    made.resize(638, 400)
    made.show()
    QTest.qWait(5)
    yield made
    made.close_file()
    made.close()


def made_of(folder: Path, cells: dict[str, list[str]]) -> Dataset:
    folder.mkdir()
    table = pa.table(cells)
    with pa.OSFile(str(folder / "train.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    columns = tuple(
        Column(name=name, kind="text", filled=len(each), distinct=len(set(each)), examples=tuple(each[:3]))
        for name, each in cells.items()
    )
    return Dataset(
        id="rows", name="tickets.csv", source="/home/me/tickets.csv", folder=str(folder), columns=columns,
        rows=table.num_rows, held_out={}, fingerprint="", created="", report=ReadReport(format="csv"),
    )  # fmt: skip


def letters(table: QWidget, column: int) -> int:
    return table.columnWidth(column) // table.fontMetrics().averageCharWidth()


def test_room_goes_to_those_who_need_it() -> None:
    assert shared({1: 60, 2: 300, 3: 500}, 500, 40) == {1: 60, 2: 220, 3: 220}
    assert shared({1: 60, 2: 80}, 500, 40) == {1: 60, 2: 80}
    assert shared({1: 300, 2: 300}, 50, 40) == {1: 40, 2: 40}
    assert shared({}, 500, 40) == {}


@pytest.mark.parametrize("width", [460, 638, 1000])
def test_the_text_is_the_widest_column_of_the_data(card: RowsCard, width: int) -> None:
    card.resize(width, 400)
    QTest.qWait(5)
    widths = [card.table.columnWidth(at) for at in range(6)]

    assert max(widths) == widths[3]
    assert letters(card.table, 3) >= 26
    assert widths[5] < 90  # “closed” needs no more
    if width == 1000:  # and the label has what it needs
        assert widths[4] >= card.table.fontMetrics().horizontalAdvance("delivery and logistics") + 20
    if width >= 638:
        assert widths[3] >= 0.39 * card.table.viewport().width()


def test_the_text_is_the_widest_column_of_the_mistakes(theme, tmp_path: Path) -> None:
    made = CasesCard()
    classify_report(tmp_path)
    made.set_report(read_report(tmp_path))
    made.resize(600, 420)
    made.show()
    QTest.qWait(5)

    assert letters(made.table, 0) >= 26
    assert made.table.columnWidth(0) == max(made.table.columnWidth(at) for at in range(4))
    made.close()


def test_a_search_does_not_move_the_columns(card: RowsCard) -> None:
    until(lambda: card.table.verticalScrollBar().isVisible())
    before = [card.table.columnWidth(at) for at in range(6)]
    card.search.searched.emit("telephone when I call about parcel 7")
    until(lambda: card.model.rowCount() == 1 and not card.table.verticalScrollBar().isVisible())

    assert [card.table.columnWidth(at) for at in range(6)] == before


def test_a_row_opens_in_full_with_space_and_leads_to_its_neighbours(card: RowsCard) -> None:
    card.table.select(0)
    QTest.keyClick(card.table, Qt.Key.Key_Space)
    assert card.pages.is_open
    assert card.pages.reader.title.text() == "Row 1"
    assert card.pages.reader.text.toPlainText().split("\n")[4:7] == ["text", f"{TEXT} 0", "second line"]
    assert not card.pages.reader.previous.isEnabled()

    QTest.keyClick(card.pages.reader.text, Qt.Key.Key_Right)
    QTest.mouseClick(card.pages.reader.next, Qt.MouseButton.LeftButton)
    assert card.pages.reader.title.text() == "Row 3"
    QTest.keyClick(card.pages.reader.text, Qt.Key.Key_Left)
    assert f"{TEXT} 1" in card.pages.reader.text.toPlainText()

    QTest.keyClick(card.pages.reader.text, Qt.Key.Key_Escape)
    assert not card.pages.is_open and card.table.current_row() == 1


def test_a_double_click_on_its_number_opens_a_row_and_other_rows_close_it(card: RowsCard) -> None:
    place = card.table.visualRect(card.model.index(2, 0)).center()
    QTest.mouseClick(card.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(card.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert card.pages.reader.title.text() == "Row 3"

    card.show_rows([5, 6])
    assert not card.pages.is_open


def test_a_passage_opens_in_full(theme, tmp_path: Path) -> None:
    made = CasesCard()
    write_report(tmp_path)
    made.set_report(read_report(tmp_path))
    made.show()
    made.table.row_opened.emit(0)

    assert made.pages.reader.text.toPlainText().startswith("passage\nxyzzy\nOnce there was a cat\nperplexity\n")
    made.close()


def test_a_cell_is_shown_letter_by_letter_and_a_huge_one_in_part(theme, tmp_path: Path) -> None:
    made = RowsCard()
    cells = {"text": ["<b>bold</b> <img src='file:///etc/passwd'>", "x" * (MOST + 5)], "label": ["a", "b"]}
    made.open(made_of(tmp_path / "rows", cells), {"text": "text", "label": "label"})
    made.table.row_opened.emit(0)
    assert "<b>bold</b> <img" in made.pages.reader.text.toPlainText()

    made.table.row_opened.emit(1)
    assert "… (5 more characters)" in made.pages.reader.text.toPlainText()
    made.close_file()
