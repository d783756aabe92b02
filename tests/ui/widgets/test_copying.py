"""Copy on every number, text, table and chart, wherever they stand in the window."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QPlainTextEdit, QTableView, QTextEdit, QVBoxLayout, QWidget

from slm_studio import ui
from slm_studio.core.errors import StudioError
from slm_studio.ui.parts.errors import ErrorDialog
from slm_studio.ui.shell.main_window import MainWindow
from slm_studio.ui.widgets.bars import Bars
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.chart import CurveChart
from slm_studio.ui.widgets.copying import copies, let_copy
from slm_studio.ui.widgets.histogram import Histogram
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.matrix import ConfusionMatrix
from slm_studio.ui.widgets.rows_model import Cell, Row, RowsModel
from slm_studio.ui.widgets.stat import Stat
from slm_studio.ui.widgets.table import Table
from tests.ui.whole import SAMPLES, VIEWS, open_and_train, short_file, visit, whole_window

# Painted by us, and yet nothing to copy: what one presses, drags or chooses with, and what only decorates.
CONTROLS = {
    "Check", "Choice", "DropCover", "DropZone", "IconLabel", "Legend", "ProgressBar", "SizeSlider", "StepSlider", "_Beginning",
    "ChoiceCard", "PlaceButton", "Tab", "Dot", "ElidedButton",
}  # fmt: skip


@pytest.fixture
def holder(theme) -> Iterator[QWidget]:
    """A window that offers Copy, with a column to fill."""
    window = QWidget()
    QVBoxLayout(window)
    window.resize(700, 500)
    let_copy(window)
    yield window
    window.close()
    window.deleteLater()
    QTest.qWait(1)


def shown(holder: QWidget, widget: QWidget) -> QWidget:
    holder.layout().addWidget(widget)
    holder.show()
    QTest.qWaitForWindowExposed(holder)
    return widget


def right_click(widget: QWidget, place: QPoint | None = None) -> QMenu:
    """Click with the right button and return the menu that came, or fail."""
    target = widget.childAt(widget.rect().center()) or widget
    place = place or target.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, target.mapToGlobal(place))
    QApplication.sendEvent(target, event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu), f"no menu at {widget}"
    return menu


def take(menu: QMenu, words: str) -> str:
    """Choose an entry; return what the clipboard holds then."""
    action = next(each for each in menu.actions() if each.text().startswith(words))
    action.trigger()
    menu.hide()
    QTest.qWait(1)
    return QApplication.clipboard().text()


def test_a_label_is_copied_by_the_right_button(holder: QWidget) -> None:
    label = shown(holder, Text("{text}", text="refund & return", role="big"))

    assert take(right_click(label), "Copy “refund") == "refund & return"


def test_a_label_whose_words_can_be_selected_is_copied_in_part_or_whole(holder: QWidget) -> None:
    label = shown(holder, Text("{text}", text="It learns well."))
    label.let_select()
    assert take(right_click(label), "Copy “") == "It learns well."

    label.setSelection(3, 6)

    assert take(right_click(label), "Copy “") == "learns"


def test_a_number_is_copied_alone_or_with_its_name(holder: QWidget) -> None:
    stat = shown(holder, Stat("accuracy", "0.931", "0.90 – 0.95"))

    assert take(right_click(stat.value), "Copy “0.931") == "0.931"
    assert take(right_click(stat.value), "Copy “accuracy") == "accuracy: 0.931 (0.90 – 0.95)"


def test_rows_are_copied_as_spreadsheets_take_them(holder: QWidget) -> None:
    table, model = shown(holder, Table("Rows")), RowsModel(["text", "run"])
    table.setModel(model)
    model.set_rows([Row(("a\tb\nc", Cell("one", "classify"))), Row(("d", "two"))])

    whole = take(right_click(table), "Copy the table")
    table.select(0)
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    rows = QApplication.clipboard().text()

    assert whole == "text\trun\na b c\tone · classify\nd\ttwo"
    assert rows == "a b c\tone · classify"
    assert take(right_click(table), "Copy the cell") == "a\tb\nc"


@pytest.mark.parametrize("place", ["bars", "matrix", "histogram", "curve"])
def test_a_chart_is_copied_as_numbers_and_as_a_picture(holder: QWidget, place: str) -> None:
    card = Card("Chart")
    chart, numbers = charts()[place]
    card.add(chart)
    shown(holder, card)

    assert take(right_click(chart), "Copy the numbers") == numbers
    take(right_click(chart), "Copy as a picture")
    assert QApplication.clipboard().image().size() == card.size() * card.devicePixelRatioF()


def charts() -> dict[str, tuple[QWidget, str]]:
    bars, matrix, histogram, curve = Bars(), ConfusionMatrix(most=2), Histogram(), CurveChart("loss")
    bars.set_counts([(f"label {n}", 20 - n) for n in range(9)])
    matrix.set_matrix(("a", "b", "c"), ((1, 0, 0), (0, 2, 1), (0, 3, 4)))
    histogram.set_bins((3, 4), (0, 10, 20))
    n = np.arange(1.0, 4.0)
    curve.add_columns(n, n / 2, n * 2, np.array([3.0, np.nan, 1.0]))
    lines = "\n".join(f"label {n}\t{20 - n}" for n in range(9))
    return {
        "bars": (bars, lines),
        "matrix": (matrix, "\ta\tb\tc\na\t1\t0\t0\nb\t0\t2\t1\nc\t0\t3\t4"),
        "histogram": (histogram, "from\tto\trows\n0\t10\t3\n10\t20\t4"),
        "curve": (curve, "step\tepoch\tseconds\tloss\n1\t0.5\t2.0\t3.0\n2\t1.0\t4.0\t\n3\t1.5\t6.0\t1.0"),
    }


def test_the_chart_with_the_focus_is_copied_by_its_key(holder: QWidget) -> None:
    chart, numbers = charts()["matrix"]
    shown(holder, chart)
    chart.setFocus()

    QTest.keyClick(chart, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)

    assert QApplication.clipboard().text() == numbers


def test_the_right_button_opens_no_rows(holder: QWidget) -> None:
    bars, _ = charts()["bars"]
    matrix, _ = charts()["matrix"]
    opened: list[object] = []
    bars.label_clicked.connect(opened.append)
    matrix.cell_opened.connect(lambda *cell: opened.append(cell))
    for chart in (bars, matrix):
        shown(holder, chart)
        QTest.mouseClick(chart, Qt.MouseButton.RightButton, pos=QPoint(chart.width() // 2, chart.height() // 2))

    assert not opened


def test_a_card_is_copied_whole(holder: QWidget) -> None:
    card = Card("Learning well")
    card.add(Text("The loss falls."))
    hidden = Text("Not now.")
    card.add(hidden)
    card.add(Stat("accuracy", "0.9"))
    hidden.hide()
    shown(holder, card)

    assert take(right_click(card.title), "Copy the whole card") == "Learning well\nThe loss falls.\naccuracy: 0.9"


def test_an_error_is_copied(theme) -> None:
    dialog = ErrorDialog(StudioError("out-of-memory", "The memory was not enough.", "Halve the batch."), "a trace")
    dialog.show()
    label = next(each for each in dialog.findChildren(Text) if each.text().startswith("The memory"))

    assert take(right_click(label), "Copy “") == "The memory was not enough."
    dialog.close()
    dialog.deleteLater()


def can_be_copied(widget: QWidget) -> bool:
    if isinstance(widget, QTextEdit | QPlainTextEdit):
        return bool(widget.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse)
    own = widget.copied().strip() if hasattr(widget, "copied") else None
    if own is None or not copies(widget):
        return False
    target = widget.viewport() if isinstance(widget, QTableView) else widget
    region = target.visibleRegion()
    if region.isEmpty():  # scrolled out of sight
        return True
    place = region.begin().center() if hasattr(region, "begin") else region.boundingRect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, target.mapToGlobal(place))
    QApplication.sendEvent(target, event)
    menu = QApplication.activePopupWidget()
    if not isinstance(menu, QMenu):
        return False
    menu.hide()
    return True


def data_of(place: QWidget) -> Iterator[QWidget]:
    """Yield what shows something: labels, tables with rows, texts, and what we paint."""
    for each in place.findChildren(QWidget):
        if not each.isVisible():
            continue
        if isinstance(each, QLabel):
            if each.text().strip():
                yield each
        elif isinstance(each, QTableView):
            if each.model() is not None and each.model().rowCount():
                yield each
        elif isinstance(each, QTextEdit | QPlainTextEdit) or is_painted(type(each)) or isinstance(each, CurveChart):
            yield each


def is_painted(kind: type) -> bool:
    return any("paintEvent" in vars(each) for each in kind.__mro__ if each.__module__.startswith("slm_studio"))


@pytest.mark.parametrize(("file", "plan"), [("messages.csv", {}), ("alice.txt", {"base": "blank:llama-nano"})])
def test_everything_that_shows_something_can_be_copied(theme, tmp_path, file: str, plan: dict[str, str]) -> None:
    with whole_window() as window:
        open_and_train(window, short_file(SAMPLES / file, tmp_path), **plan)
        looked_at = check(window)

    assert len(looked_at) > 60, "this test looked at nothing"
    assert {"Text", "FittedText", "Table", "CurveChart"} <= set(looked_at)


def check(window: MainWindow) -> list[str]:
    looked_at, offences = [], []
    for view in VIEWS:
        for widget in data_of(visit(window, view)):
            kind = type(widget).__name__
            if kind in CONTROLS:
                continue
            looked_at.append(kind)
            if not can_be_copied(widget):
                offences.append(f"{view}: {kind} {getattr(widget, 'text', str)()!r}")
    assert not offences
    return looked_at


def test_the_list_of_controls_names_only_what_there_is() -> None:
    painted = set()
    for module in pkgutil.walk_packages(ui.__path__, "slm_studio.ui."):
        for name, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if kind.__module__ == module.name and issubclass(kind, QWidget) and is_painted(kind):
                painted.add(name)

    assert not {kind for kind in CONTROLS if kind not in painted}
