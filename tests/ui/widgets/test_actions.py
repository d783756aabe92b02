"""Buttons beside a neighbour: below it before their line breaks, and on several lines where even that is too narrow."""

from collections.abc import Iterator

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.fields import LineField
from slm_studio.ui.widgets.page import Page
from slm_studio.ui.widgets.side_by_side import SideBySide


@pytest.fixture
def page(theme) -> Iterator[QWidget]:
    made = QWidget()
    QVBoxLayout(made)
    yield made
    made.close()
    made.deleteLater()


def row_in(page: QWidget) -> tuple[LineField, Actions]:
    row, field = SideBySide(), LineField(name="Name")
    actions = Actions(*(Button("A whole file…") for _ in range(4)))
    row.limit(row.add(field, 1), 200)
    row.add(actions, 0)
    page.layout().addWidget(row)
    page.layout().addStretch(1)
    page.show()
    return field, actions


def test_a_row_breaks_where_its_room_ends_and_heals_where_it_has_room_again(page: QWidget) -> None:
    field, actions = row_in(page)
    heights = []
    for width in (1200, actions.beside() + 60, actions.beside() // 2 + 60, 1200):
        page.resize(width, 400)
        QTest.qWait(10)
        heights.append(
            (actions.y() > field.y() + field.height() // 2, actions.height() // actions.flow.minimumSize().height())
        )
        assert all(each.geometry().right() <= actions.width() for each in actions.findChildren(Button))
        assert all(each.geometry().bottom() <= actions.height() for each in actions.findChildren(Button))

    assert heights == [(False, 1), (True, 1), (True, 2), (False, 1)]
    assert page.minimumSizeHint().width() <= actions.beside() + 60 < 1200


def test_every_action_of_a_place_is_whole_though_its_name_is_longer_than_the_window(theme) -> None:
    theme.set_zoom(2.0)
    window, place = QWidget(), Page("A model with a name that is longer than a small window is wide, by far")
    buttons = [place.header.add_action(Button(words)) for words in ("A whole file…", "Serve…", "Use from code")]
    place.setParent(window)
    place.resize(608, 640)  # beside the sidebar of the smallest window
    window.show()
    QTest.qWait(30)

    actions = buttons[0].parentWidget()
    assert buttons[2].y() > buttons[0].y()
    assert all(each.geometry().bottom() <= actions.height() for each in buttons)
    assert place.header.title.isVisible() and place.header.width() <= 544
    window.deleteLater()
    QTest.qWait(1)
