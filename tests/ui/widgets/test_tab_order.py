"""The Tab key follows the layout, whatever was made first."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from slm_studio.ui.widgets.tab_order import order_tabs


def test_what_was_made_last_is_reached_where_it_stands(qapp) -> None:
    page, below, above = QWidget(), QLineEdit(), QWidget()
    column, row = QVBoxLayout(page), QHBoxLayout(above)
    column.addWidget(above)
    column.addWidget(below)
    fields = [QLineEdit() for _ in range(3)]
    for field in fields:
        row.insertWidget(0, field)  # the last made stands first
    fields[1].hide()
    page.show()
    fields[2].setFocus()
    went = [fields[2]]

    order_tabs(page)
    for _ in range(2):
        QTest.keyClick(page.focusWidget(), Qt.Key.Key_Tab)
        went.append(page.focusWidget())
    page.close()
    page.deleteLater()

    assert went == [fields[2], fields[0], below]
