"""Words have the room they need, in both languages, at 100, 150 and 200 %, in the smallest window; or they end in … with a tooltip."""

import time

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolTip,
    QWidget,
)

from slm_studio.core.recipe import make_recipe
from slm_studio.ui.shell.main_window import MainWindow
from slm_studio.ui.train.duration import DurationCard
from slm_studio.ui.widgets.buttons import ElidedButton
from slm_studio.ui.widgets.choice_cards import ChoiceCard
from slm_studio.ui.widgets.labels import ElidedText
from slm_studio.ui.widgets.page import Page
from slm_studio.ui.widgets.rows_model import RowsModel
from slm_studio.ui.widgets.table import Table
from tests.ui.places import until
from tests.ui.whole import SAMPLES, VIEWS, open_and_train, short_file, visit, whole_window

WORDS = (QLabel, QAbstractButton, QComboBox, QLineEdit)
SLACK = 1  # pixels that rounding may take
SMALL, MIDDLE = (1024, 640), (1280, 800)
SIZES = (
    (1.0, (SMALL, MIDDLE)),
    (1.5, (SMALL, MIDDLE)),
    (2.0, (SMALL,)),
)  # what is twice as large is shown once: it takes time


def lack(widget: QWidget) -> str:
    """Return what of a widget's words cannot be seen, or ""."""
    least, size = widget.minimumSizeHint(), widget.size()
    if isinstance(widget, QLabel) and not isinstance(widget, ElidedText):
        if not widget.wordWrap() and size.width() + SLACK < widget.sizeHint().width():
            return f"{size.width()} of {widget.sizeHint().width()} pixels across"
        if widget.wordWrap() and size.height() + SLACK < widget.heightForWidth(size.width()):
            return f"{size.height()} of {widget.heightForWidth(size.width())} pixels down"
    if isinstance(widget, QPushButton) and size.width() + SLACK < min(least.width(), widget.sizeHint().width()):
        return f"{size.width()} of {least.width()} pixels across"
    if size.height() + SLACK < min(least.height(), widget.fontMetrics().height()):
        return f"{size.height()} of {least.height()} pixels down"
    if size.width() + SLACK < least.width():
        return f"{size.width()} of {least.width()} pixels across"
    return beyond(widget)


def beyond(widget: QWidget) -> str:
    """Return how far a widget stands outside of what it stands in; what is scrolled down is not outside."""
    place, up = QRect(QPoint(0, 0), widget.size()), widget
    while not up.isWindow() and up.parentWidget() is not None:
        place.moveTopLeft(up.mapToParent(place.topLeft()))
        up = up.parentWidget()
        is_scrolled = isinstance(up.parentWidget(), QAbstractScrollArea) or isinstance(up, QAbstractScrollArea)
        if place.right() - SLACK > up.width():
            return f"{place.right() - up.width()} pixels beyond the right edge of {type(up).__name__}"
        if not is_scrolled and place.bottom() - SLACK > up.height():
            return f"{place.bottom() - up.height()} pixels beyond the lower edge of {type(up).__name__}"
        if is_scrolled:
            place.moveTop(0)
            place.setHeight(1)
    return ""


def words_of(widget: QWidget) -> str:
    return widget.currentText() if isinstance(widget, QComboBox) else widget.text()


def lacking(window: MainWindow, view: str) -> list[str]:
    """Return what lacks room in a place once it rests: after a change of the zoom, layouts follow each other."""
    visit(window, view)
    end = time.monotonic() + 3.0
    while (found := lacking_now(window)) and time.monotonic() < end:
        QTest.qWait(100)
    return found


def lacking_now(window: MainWindow) -> list[str]:
    found = [
        f"{type(page).__name__}: wider than its place for the sake of {to_blame(page)}"
        for page in window.findChildren(Page)
        if is_too_wide(page)
    ]
    for each in window.findChildren(QWidget):
        if isinstance(each, WORDS) and each.isVisible() and words_of(each).strip() and (why := lack(each)):
            found.append(f"{type(each).__name__} “{words_of(each)[:50]}”: {why}")
    return found


def is_too_wide(page: Page) -> bool:
    return page.isVisible() and hasattr(page, "_area") and page._column.width() > page._area.viewport().width()


def to_blame(page: Page) -> str:
    """Return the widgets that ask for more width than the place has between its margins."""
    margins = page._column.layout().contentsMargins()
    room = page._area.viewport().width() - margins.right()
    found = []
    for each in page._column.findChildren(QWidget):
        needs = max(each.minimumSizeHint().width(), each.minimumWidth())
        if each.isVisible() and each.mapTo(page._column, QPoint(needs, 0)).x() > room:
            found.append(
                f"{type(each).__name__} “{words_of(each)[:30] if isinstance(each, WORDS) else ''}” ({needs} of {room})"
            )
    return ", ".join(found)


@pytest.mark.parametrize("file", ["messages.csv", "alice.txt"])
def test_words_have_room_at_every_size_in_both_languages(theme, tmp_path, file: str) -> None:
    offences = []
    with whole_window() as window:
        open_and_train(
            window,
            short_file(SAMPLES / file, tmp_path),
            **({} if file.endswith("csv") else {"base": "blank:llama-nano"}),
        )
        for language in ("en", "zh_CN"):
            window.session.change_settings(language=language)
            for zoom, sizes in SIZES:
                theme.set_zoom(zoom)
                for size in sizes:
                    window.resize(*size)
                    for view in VIEWS:
                        where = f"{language} {zoom:.0%} {size[0]} {view}"
                        offences += [f"{where}: {each}" for each in lacking(window, view)]

    assert not offences, "\n".join(offences)


def test_a_card_gives_its_title_as_many_lines_as_it_takes(theme) -> None:
    card = ChoiceCard("Continue a model of mine " * 4, "Start from something you trained.")  # in no translation

    assert card.title_height(150) > card.title_height(400)
    assert card.heightForWidth(150) - card.title_height(150) > 0


def test_a_name_of_a_column_that_is_cut_is_said_in_full(theme) -> None:
    table, model = Table("Rows"), RowsModel(["a rather long name of a column", "short"])
    table.setModel(model)
    for column in (0, 1):
        table.setColumnWidth(column, 80)

    assert [table.horizontalHeader().cut_name(at) for at in (0, 1)] == ["a rather long name of a column", ""]


def test_words_of_a_button_end_in_dots_where_its_room_ends(theme, monkeypatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda place, text, *rest: told.append(text))
    button = ElidedButton("{words}", words="channel: 0 contradictions, 22 % guessed right")
    button.setToolTip("why")
    button.show()
    QTest.qWait(10)
    assert button.minimumSizeHint().width() < button.sizeHint().width() / 2
    place = QHelpEvent(QEvent.Type.ToolTip, QPoint(5, 5), QPoint(5, 5))

    button.resize(button.sizeHint())
    QApplication.sendEvent(button, place)
    button.resize(button.minimumSizeHint())
    QApplication.sendEvent(button, place)
    button.grab()
    button.close()

    assert ["22 % guessed right" in text for text in told if "why" in text][-1:] == [True]
    assert sum("22 % guessed right" in text for text in told) == 1


@pytest.mark.parametrize("zoom", [1.1, 1.5, 2.0])
def test_a_guess_with_its_reasons_has_room_at_every_zoom(theme, tmp_path, zoom: float) -> None:
    teams = ("Delivery", "Development", "Billing", "Account")
    rows = [
        f"{teams[at % 4].lower()} words {at},{teams[at % 4]},{('email', 'Acquisition', 'chat')[at % 3]}"
        for at in range(90)
    ]
    path = tmp_path / "tickets.csv"
    path.write_text("\n".join(["text,team,channel", *rows]) + "\n", encoding="utf-8")
    with whole_window() as window:
        window.resize(1024, 640)
        window.open_path(path)
        until(lambda: window.session.recipe is not None and not window.jobs.is_busy, 60)
        theme.set_zoom(zoom)

        offences = lacking(window, "data")
        until(lambda: not window.jobs.is_busy, 60)
        assert not offences, "\n".join(offences)
        model, table = window.panel("data").opened.rows.model, window.panel("data").opened.rows.table
        label = [model.headerData(at, Qt.Orientation.Horizontal) for at in range(model.columnCount())].index("team")
        if zoom == 1.1:
            until(lambda: table.columnWidth(label) >= table._need(label), 5)  # no label is cut


def test_a_budget_of_ones_own_goes_on_in_the_next_line(theme) -> None:
    theme.set_zoom(1.5)
    card = DurationCard()
    recipe = make_recipe(
        "classify", base="blank:bag-small", roles={"text": "text", "label": "label"}, settings={"minutes": 0.0125}
    )
    card.show_plan(recipe, None)
    card.resize(520, 400)
    card.show()
    QTest.qWait(10)

    least = card.minimumSizeHint().width()
    lacking = [why for each in card.pills.findChildren(QPushButton) if (why := lack(each))]
    card.close()

    assert least <= 520
    assert not lacking
