"""Names stand before their fields, or above them where the room ends; a field with a most width lets its column grow."""

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.field_rows import FieldRows
from slm_studio.ui.widgets.labels import ElidedText, Text


def test_names_stand_above_their_fields_where_the_room_ends(theme) -> None:
    place = QWidget()
    rows, name, field, button = FieldRows(place), Text("Column with the texts"), Button("one"), Button("Choose…")
    field.setMaximumWidth(120)
    rows.add(name, field, button)
    rows.add(Text("File"), ElidedText("{name}", name="a rather long name of a file.csv"))

    rows.resize(600, 200)
    place.show()
    QTest.qWait(10)
    assert abs(name.geometry().center().y() - field.geometry().center().y()) < 3
    assert name.geometry().right() < field.geometry().left() and button.geometry().right() >= 598
    assert field.x() < 200

    rows.resize(rows.minimumSizeHint().width(), 200)
    QTest.qWait(10)
    assert name.geometry().bottom() < field.geometry().top() and field.x() == name.x() == 0
    assert button.geometry().right() < rows.width() < 400

    rows.resize(600, 200)
    QTest.qWait(10)
    assert name.geometry().right() < field.geometry().left()
    place.deleteLater()
    QTest.qWait(1)
