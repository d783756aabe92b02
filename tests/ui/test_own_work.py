"""What the window does while something trains: little, and only where something changed."""

import gc
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, QItemSelectionModel, QObject, QRect
from PySide6.QtGui import QFont, QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from slm_studio.core.events import Sample, Step
from slm_studio.ui.shell.collecting import Collector
from slm_studio.ui.train.samples import SamplesCard
from slm_studio.ui.widgets.chart import CurveChart
from slm_studio.ui.widgets.labels import SteadyText
from slm_studio.ui.widgets.rows_model import Row, RowsModel
from slm_studio.ui.widgets.runs_card import RunButton, RunningRun
from slm_studio.ui.widgets.table import Table


class Paintings(QObject):
    """Keeps where a widget was painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.rects: list[QRect] = []
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if isinstance(event, QPaintEvent):
            self.rects.append(event.region().boundingRect())
        return False

    def settle(self) -> None:
        """Let everything be painted that is due, and forget it."""
        count = -1
        while len(self.rects) != count:
            count = len(self.rects)
            QTest.qWait(100)
        self.rects.clear()


@pytest.fixture
def shown_widget(theme) -> Iterator[Callable[[QWidget], QWidget]]:
    widgets: list[QWidget] = []

    def show(widget: QWidget) -> QWidget:
        widgets.append(widget)
        widget.resize(600, 300)
        widget.show()
        assert QTest.qWaitForWindowExposed(widget)
        return widget

    yield show
    for widget in widgets:
        widget.close()


def test_a_new_height_of_a_chart_is_painted_once(shown_widget) -> None:
    chart = shown_widget(CurveChart())
    chart.set_total(100)
    chart.add_steps([_step(n, 20.0) for n in range(1, 10)])
    chart.add_steps([_step(10, 60.0)])
    paintings = Paintings(chart._plot.viewport())
    paintings.settle()

    chart.add_steps([_step(11, 70.0)])  # beyond the axis, whose numbers stay as wide as they are
    QTest.qWait(300)

    assert chart._plot.viewRange()[1][1] > 70.0
    assert len(paintings.rects) == 1


def test_rows_that_hardly_changed_are_hardly_painted(shown_widget) -> None:
    table, model = Table(), RowsModel(["text", "predicted", "score"])
    table.setModel(model)
    table.set_style(0, "text", stretch=1.0)
    table.set_style(1, "chip", most=170)
    model.set_rows([Row(("a parcel", "billing", "0.5")), Row(("a refund", "shipping", "0.4"))])
    shown_widget(table)
    table.selectionModel().select(model.index(1, 0), QItemSelectionModel.SelectionFlag.ClearAndSelect)
    paintings = Paintings(table.viewport())
    paintings.settle()

    model.set_rows([Row(("a parcel", "billing", "0.5")), Row(("a refund", "billing", "0.9"))])
    QTest.qWait(100)

    changed = table.visualRect(model.index(1, 1)).united(table.visualRect(model.index(1, 2)))
    assert [rect for rect in paintings.rects if not changed.adjusted(-1, -1, 1, 1).contains(rect)] == []
    assert model.index(1, 1).data() == "billing"
    assert table.selectionModel().isSelected(model.index(1, 0))


def test_rows_of_other_things_take_the_selection_with_them(shown_widget) -> None:
    table, model = Table(), RowsModel(["name"])
    table.setModel(model)
    model.set_rows([Row(("one",), "one"), Row(("two",), "two")])
    shown_widget(table)
    table.select(1)

    model.set_rows([Row(("one",), "one"), Row(("three",), "three")])

    assert table.current_row() == -1


def test_a_cell_that_grew_gets_its_room(shown_widget) -> None:
    table, model = Table(), RowsModel(["text", "label"])
    table.setModel(model)
    table.set_style(0, "text", stretch=1.0)
    table.set_style(1, "chip", most=400)
    model.set_rows([Row(("a parcel", "ok"))])
    shown_widget(table)
    narrow = table.columnWidth(1)

    model.set_rows([Row(("a parcel", "waiting for the customer"))])
    wide = table.columnWidth(1)
    model.set_rows([Row(("a parcel", "ok"))])

    assert wide > narrow + 50
    assert table.columnWidth(1) == wide  # what comes back is not worth a move


def test_a_step_below_a_pixel_paints_nothing(shown_widget) -> None:
    button = shown_widget(RunButton())
    button.set_run(RunningRun("1", "tickets", 0.5, left=60.0))
    paintings = Paintings(button)
    paintings.settle()

    button.set_run(RunningRun("1", "tickets", 0.50001, left=59.9))
    QTest.qWait(50)
    assert paintings.rects == []
    button.set_run(RunningRun("1", "tickets", 0.6, left=50.0))
    QTest.qWait(50)
    assert len(paintings.rects) == 1
    button.set_run(RunningRun("1", "tickets", 0.6, left=50.0, paused=True))
    QTest.qWait(50)
    assert len(paintings.rects) == 2


def test_words_that_change_often_keep_their_height(theme) -> None:
    text = SteadyText("One line.")
    low = text.heightForWidth(200)
    text.setText("Several lines, for these are many words, more than ever stand in one line of two hundred pixels.")
    high = text.heightForWidth(200)

    text.setText("One line.")

    assert high > low
    assert text.heightForWidth(200) == high
    text.forget()
    assert text.heightForWidth(200) == low


def test_the_slider_over_the_past_moves_nothing_when_it_comes(shown_widget) -> None:
    card = shown_widget(SamplesCard())
    samples = [Sample(n, ("text", "true", "predicted", "score"), (("a parcel", "a", "b", "0.5"),)) for n in (1, 2)]

    def needed() -> int:
        return max(card._trail.minimumHeight(), card._trail.sizeHint().height())

    card.show_samples(samples[:1])
    before = needed()

    card.show_samples(samples)

    assert card.slider.isVisible()
    assert needed() == before


def test_a_font_of_the_theme_is_ones_own(theme) -> None:
    mine = theme.font(20)
    mine.setBold(True)

    assert theme.font(20).weight() == QFont.Weight.Normal


def test_what_lives_from_the_beginning_is_not_looked_through_again(qapp) -> None:
    was = gc.isenabled()
    collector = Collector()
    try:
        collector._on_timeout()
        assert gc.get_freeze_count() > 10_000
        lived = object.__new__(type("Lived", (), {}))
        lived.itself = lived  # type: ignore[attr-defined]
        collector._thorough()
        assert any(each is lived for each in gc.get_objects()) is False
    finally:
        collector.stop()
    assert gc.get_freeze_count() == 0
    assert gc.isenabled()
    if not was:
        gc.disable()


def test_a_long_text_is_cut_before_it_is_shaped(shown_widget, monkeypatch) -> None:
    from slm_studio.ui.widgets import cells

    shaped: list[int] = []
    flat = cells.flat
    monkeypatch.setattr(cells, "flat", lambda text: shaped.append(len(text)) or flat(text))
    table, model = Table(), RowsModel(["text"])
    table.setModel(model)
    model.set_rows([Row(("a book " * 100_000,))])
    shown_widget(table)
    shaped.clear()

    table.viewport().grab()

    assert shaped
    assert max(shaped) <= table.columnWidth(0) + 1


def _step(n: int, loss: float) -> Step:
    return Step(n, n / 10, n * 0.5, loss, 1e-3, 1.0, 100.0, 1)
