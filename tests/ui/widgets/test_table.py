"""Columns share what room there is: none is pushed out of view, and what can be spared goes first."""

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QStyleOptionViewItem

from slm_studio.ui.widgets.rows_model import Row, RowsModel
from slm_studio.ui.widgets.table import Table, parted


@pytest.fixture
def table(theme):
    made = Table("Order", fits=True)
    model = RowsModel(("now", "candidate", "own", "model"), made)
    made.setModel(model)
    model.set_rows([Row(("1", "a rather long candidate " * 3, "-3", "-4"), 1)])
    made.set_style(0, "number", width=60)
    made.set_style(1, "text", stretch=1)
    for column in (2, 3):
        made.set_style(column, "number", width=100, spare=True)
    made.show()
    yield made
    made.close()
    made.deleteLater()


def test_shares_never_take_more_than_there_is() -> None:
    assert parted({0: 5, 1: 1, 2: 1}, 600, 100) == {0: 400, 1: 100, 2: 100}
    assert parted({0: 1, 1: 1}, 600, 100) == {0: 300, 1: 300}


@pytest.mark.parametrize(("width", "shown"), [(500, [0, 1, 2, 3]), (400, [0, 1, 2]), (260, [0, 1])])
def test_what_can_be_spared_goes_where_a_text_lacks_room(table: Table, width: int, shown: list[int]) -> None:
    for wide in (width, 900, width):  # and comes back where there is room
        table.resize(wide, 200)
        QTest.qWait(1)

    assert [at for at in range(4) if not table.isColumnHidden(at)] == shown
    assert table.horizontalScrollBar().maximum() == 0 and table.columnWidth(1) >= 184
    table.clear_styles()
    assert not any(table.isColumnHidden(at) for at in range(4))


def test_labels_and_texts_share_a_narrow_table(theme) -> None:
    made = Table("Rows", fits=True)
    model = RowsModel(("text", "label", "said"), made)
    made.setModel(model)
    model.set_rows([Row(("a text of some length " * 4, "product_question", "product_fault"), 1)])
    made.set_style(0, "text", stretch=1)
    made.set_style(1, "outline", most=240)
    made.set_style(2, "chip", most=240)
    made.resize(420, 200)
    made.show()
    QTest.qWait(1)
    widths = [made.columnWidth(at) for at in range(3)]
    made.close()
    made.deleteLater()

    assert sum(widths) <= 420 and widths[0] >= 150 and abs(widths[1] - widths[2]) < 30


def test_a_table_that_moves_sideways_cuts_no_label(theme) -> None:
    table, model = Table("Scores"), RowsModel(["label", "F1", "precision", "recall"])
    table.setModel(model)
    table.set_style(0, "outline", stretch=3)
    table.set_style(1, "bar", stretch=2)
    for column in (2, 3):
        table.set_style(column, "number", width=110)
    model.set_rows([Row(("product_question", "0.5", "0.5", "0.5"))])

    table.resize(300, 200)
    table.show()
    QTest.qWait(10)
    needed = table.cells.sizeHint(QStyleOptionViewItem(), model.index(0, 0)).width()
    width, high = table.columnWidth(0), table.sizeHint().height()
    theme.set_zoom(2.0)
    higher = table.sizeHint().height()
    table.close()

    assert width >= needed > 72
    assert higher == 2 * high


@pytest.mark.parametrize(("name", "widened"), [("row", 60), ("likeness", 0), ("how much alike they are", 90)])
def test_a_column_gives_its_name_room_up_to_half_its_width_more(theme, name: str, widened: int) -> None:
    made = Table("Rows", fits=True)
    model = RowsModel(("text", name), made)
    made.setModel(model)
    model.set_rows([Row(("a text", "0.5"), 1)])
    made.set_style(0, "text", stretch=1)
    made.set_style(1, "number", width=60)
    made.resize(420, 200)
    made.show()
    QTest.qWait(1)
    width, needed = made.columnWidth(1), made.fontMetrics().horizontalAdvance(name)
    made.close()
    made.deleteLater()

    assert width == widened if widened else needed < width <= 90
