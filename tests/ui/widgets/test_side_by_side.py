"""Widgets stand side by side while they fit, and below each other where they do not."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QSizePolicy, QWidget

from slm_studio.ui.widgets.side_by_side import SideBySide

Make = Callable[..., SideBySide]


@pytest.fixture
def make(qapp) -> Iterator[Make]:
    """Return a function that shows widgets of these least widths; the first has two shares, the others one."""
    holder = QWidget()  # a window of its own would never be narrower than what stands in it
    holder.resize(1000, 400)
    holder.show()

    def made(*least: int) -> SideBySide:
        row = SideBySide(gap=10, parent=holder)
        for at, width in enumerate(least):
            row.add(QWidget(), 2 if at == 0 else 1).setMinimumSize(width, 20)
        row.show()
        return row

    yield made
    holder.close()


def parts(row: SideBySide) -> list[QWidget]:
    return [widget for widget, _, _ in row._shares]


def is_across(row: SideBySide, width: int) -> bool:
    row.resize(width, 200)
    row.layout().activate()
    one, other = parts(row)
    return other.x() >= one.x() + one.width()


def test_they_stand_side_by_side_as_long_as_they_fit(make: Make) -> None:
    row = make(200, 100)

    assert [is_across(row, width) for width in (400, 310, 309, 220, 311)] == [True, True, False, False, True]
    assert row.minimumSizeHint().width() == 200


def test_below_each_other_nothing_is_kept_narrow(qapp, make: Make) -> None:
    row = make(200)
    side = QWidget()
    side.setMinimumWidth(90)
    side.setMaximumWidth(120)
    row.add(side).show()

    assert is_across(row, 600) and side.width() == 120
    assert not is_across(row, 250) and side.width() == 250
    assert is_across(row, 600) and side.width() == 120


def test_what_takes_its_share_only_needs_room_for_that_share(make: Make) -> None:
    row = make(200, 150)
    for widget in parts(row):
        widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    assert not is_across(row, 400)  # 360 would do for both, but the second has a third of the room
    assert is_across(row, 470)


def test_a_hidden_widget_needs_no_room(make: Make) -> None:
    row = make(200, 100)
    parts(row)[0].hide()

    assert row.minimumSizeHint().width() == 100
