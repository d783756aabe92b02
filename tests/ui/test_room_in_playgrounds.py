"""Every playground has room for its words with an answer in it, in both languages, at 150 and 200 %, in the smallest window."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractScrollArea, QPlainTextEdit, QTextEdit, QWidget

from slm_studio.ui.widgets.table import Table
from tests.ui.playgrounds import TASKS, answered
from tests.ui.test_room_for_words import lacking
from tests.ui.whole import whole_window

NEVER = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
SMALL, MIDDLE = (1024, 640), (1280, 800)
# A change of the text size is what takes time, so the languages share it.
SIZES = (
    ("en", 1.0, SMALL),
    ("en", 1.5, SMALL),
    ("en", 1.5, MIDDLE),
    ("zh_CN", 1.5, MIDDLE),
    ("zh_CN", 1.5, SMALL),
    ("zh_CN", 2.0, SMALL),
    ("en", 2.0, SMALL),
)
SLACK = 1  # pixels that rounding may take


def sideways(widget: QWidget) -> list[str]:
    """Return what would have to be moved sideways to be read."""
    areas = [each for each in widget.findChildren(QAbstractScrollArea) if each.isVisible()]
    return [
        f"{type(each).__name__} “{each.accessibleName()}” moves sideways by {each.horizontalScrollBar().maximum()}"
        for each in areas
        if each.horizontalScrollBar().maximum() > 0 and each.horizontalScrollBarPolicy() != NEVER
    ]


def unreadable(widget: QWidget) -> list[str]:
    """Return the texts of tables that show no more than a few letters."""
    found = []
    for table in widget.findChildren(Table):
        shown = [at for at in range(table.model().columnCount()) if not table.isColumnHidden(at)]
        for at in shown if table.isVisible() else ():
            style = table.cells.styles.get(at, "text")
            if style in ("text", "changes") and at in table._stretches and table.columnWidth(at) < 110:
                found.append(f"Table “{table.accessibleName()}”: {table.columnWidth(at)} pixels for column {at}")
    return found


def cut_hints(widget: QWidget) -> list[str]:
    """Return the fields whose hint is higher than they are."""
    found = []
    for field in [*widget.findChildren(QPlainTextEdit), *widget.findChildren(QTextEdit)]:
        room = field.viewport().rect()
        words = field.fontMetrics().boundingRect(
            room.adjusted(0, 0, 0, 9999), int(Qt.TextFlag.TextWordWrap), field.placeholderText()
        )
        if field.isVisible() and field.document().isEmpty() and words.height() > room.height() + SLACK:
            found.append(f"“{field.placeholderText()}”: {room.height()} of {words.height()} pixels down")
    return found


@pytest.mark.parametrize("task", TASKS)
def test_a_playground_with_an_answer_has_room_in_both_languages(theme, model_of, task: str) -> None:
    model, offences = model_of(task), []
    with whole_window() as window:
        window.resize(1024, 640)
        view = answered(window, model)
        for language, zoom, size in SIZES:
            window.session.change_settings(language=language)
            theme.set_zoom(zoom)
            window.resize(*size)
            found = lacking(window, "playground") + unreadable(view) + cut_hints(view)
            found += sideways(view) if zoom < 2 else []  # at twice the size a table of numbers may have to be moved
            offences += [f"{language} {zoom:.0%} {size[0]}: {each}" for each in found]

    assert not offences, "\n".join(offences)
