"""HeatMap: a cell says its number by pointer and by key, and all of them can be copied."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from slm_studio.ui.widgets.heat_map import HeatMap

CELLS = ((0.25, -1.0, 0.0), (0.5, 0.125, 2.0))


@pytest.fixture
def heat(theme):
    widget = HeatMap()
    widget.resize(600, widget.heightForWidth(600))
    widget.set_cells(("the", "cat\n"), ("a", "b", "c"), CELLS)
    widget.resize(600, widget.heightForWidth(600))
    widget.show()
    yield widget
    widget.deleteLater()


def test_arrows_and_pointer_tell_a_cell(heat) -> None:
    told: list[str] = []
    heat.cell_pointed.connect(told.append)

    QTest.keyClick(heat, Qt.Key.Key_Right)
    QTest.keyClick(heat, Qt.Key.Key_Right)
    QTest.keyClick(heat, Qt.Key.Key_Down)
    for _ in range(5):
        QTest.keyClick(heat, Qt.Key.Key_Right)  # stays inside
    assert told == ["the · a: 0.25", "the · b: -1", "cat⏎ · b: 0.125", "cat⏎ · c: 2"]
    assert heat.accessibleDescription() == "cat⏎ · c: 2"

    QTest.mouseMove(heat, QPoint(int(heat._names_width()) + 5, int(heat._head()) + 5))
    assert heat.accessibleDescription() == "the · a: 0.25"


def test_the_numbers_can_be_copied_with_their_names(heat) -> None:
    assert heat.copied() == "\ta\tb\tc\nthe\t0.25\t-1\t0\ncat\t0.5\t0.125\t2"


def test_signs_have_colours_of_their_own_and_nothing_has_none(heat, theme) -> None:
    more, less, nothing = heat._colour(2.0), heat._colour(-2.0), heat._colour(0.0)

    assert nothing == theme.colour("surface") and more == theme.colour("accent") and less == theme.colour("warning")


def test_a_scale_that_is_given_does_not_follow_the_numbers(heat, theme) -> None:
    heat.set_cells(("x",), (), ((0.5,),), 1.0)
    half = heat._colour(0.5)
    heat.set_cells(("x",), (), ((0.5,),))

    assert heat._colour(0.5) == theme.colour("accent") != half
