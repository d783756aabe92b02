"""What stands above the cards of a place leaves them room, or scrolls along with them."""

from collections.abc import Iterator

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from slm_studio.ui.widgets.banner import Banner
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.page import Page

LONG = "It is not shown to do better than always answering the most frequent label. " * 4


@pytest.fixture
def page(theme) -> Iterator[Page]:
    """Return a page with a notice, in the smallest window at twice the size."""
    theme.set_zoom(2.0)
    window = QWidget()
    page = Page("A place", parent=window)
    page.notice = Banner(LONG)
    page.notices.addWidget(page.notice)
    page.button = page.header.add_action(Button("Start", "primary"))
    page.add(QWidget(), 1)
    window.resize(608, 640)
    page.resize(608, 640)
    window.show()
    QTest.qWait(30)
    yield page
    window.deleteLater()
    QTest.qWait(1)


def is_along(page: Page) -> bool:
    return page._column.isAncestorOf(page.header)


def test_what_stands_above_scrolls_along_where_it_leaves_too_little(page: Page) -> None:
    assert is_along(page) and page.header.parent().y() == 0

    page.notice.hide()
    QTest.qWait(10)
    assert not is_along(page)
    page.notice.show()
    QTest.qWait(10)
    assert is_along(page)
    page.resize(608, 1200)
    assert not is_along(page)


def test_the_keys_stay_where_they_were_as_it_begins_to_scroll(page: Page) -> None:
    page.window().activateWindow()
    page.button.setFocus()

    page.resize(608, 1200)

    assert page.window().focusWidget() is page.button


def test_it_shows_another_thing_from_its_beginning(page: Page) -> None:
    page.add(QWidget()).setMinimumHeight(3000)
    QTest.qWait(10)
    bar = page._area.verticalScrollBar()
    bar.setValue(900)
    assert bar.value() == 900

    page.to_top()

    assert bar.value() == 0
