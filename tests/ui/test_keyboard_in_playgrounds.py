"""Every playground is used by the keys alone: Tab goes as one reads, everything has a name, and the focus is seen."""

import itertools
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QWidget

from slm_studio.ui.shell.main_window import MainWindow
from slm_studio.ui.tasks import TaskView
from slm_studio.ui.widgets.table import Table
from tests.ui.places import until
from tests.ui.playgrounds import TASKS, answered
from tests.ui.whole import whole_window

MOST_STOPS = 200


def described(widget: QWidget) -> str:
    words = widget.text() if isinstance(widget, QAbstractButton) else ""
    return f"{type(widget).__name__} “{(widget.accessibleName() or words)[:40]}”"


def can_be_used(view: TaskView) -> set[QWidget]:
    """Return what a key can go to; a proxy's part is gone to for its whole."""
    return {
        each
        for each in view.findChildren(QWidget)
        if each.isVisibleTo(view)
        and each.isEnabled()
        and each.focusPolicy() & Qt.FocusPolicy.TabFocus
        and each.focusProxy() is None
    }


def walked(window: MainWindow, view: TaskView, key: Qt.Key) -> Iterator[QWidget]:
    """Yield where the keys stop inside of a view, from outside of it until they leave it."""
    has_come = False
    for _ in range(MOST_STOPS):
        QTest.keyClick(window.focusWidget(), key)
        stop = window.focusWidget()
        if view.isAncestorOf(stop):
            has_come = True
            yield stop
        elif has_come:
            return


def place_of(widget: QWidget, view: TaskView) -> QRect:
    return QRect(widget.mapTo(view, QPoint(0, 0)), widget.size())


def goes_back(before: QRect, after: QRect) -> bool:
    """Say whether one would have to look back: up within a column, or to the left within a line."""
    if after.bottom() < before.top():
        return after.left() < before.right()
    is_one_line = abs(after.center().y() - before.center().y()) < min(after.height(), before.height()) / 2
    return is_one_line and after.left() < before.left()


def is_seen(stop: QWidget, view: TaskView) -> bool:
    """Say whether what has the focus stands in view and looks otherwise than without it."""
    focused = stop.grab().toImage()
    is_in_view = not stop.visibleRegion().isEmpty()
    stop.clearFocus()
    plain = stop.grab().toImage()
    stop.setFocus(Qt.FocusReason.TabFocusReason)
    return is_in_view and focused != plain


@pytest.mark.parametrize("task", TASKS)
def test_keys_alone_reach_everything_as_one_reads(theme, model_of, task: str) -> None:
    model, unseen = model_of(task), []
    with whole_window() as window:
        window.resize(1024, 640)
        theme.set_zoom(1.5)
        view = answered(window, model)
        window.panel("playground").code_button.setFocus(Qt.FocusReason.TabFocusReason)
        stops = []
        for stop in walked(window, view, Qt.Key.Key_Tab):
            stops.append(stop)
            unseen += [described(stop)] * (not is_seen(stop, view))
            assert not isinstance(stop, Table) or stop.current_row() >= 0 or not stop.model().rowCount()
        usable = can_be_used(view)
        back = list(walked(window, view, Qt.Key.Key_Backtab))

        assert not {described(each) for each in usable.difference(stops)}
        pairs = [(place_of(one, view), place_of(other, view)) for one, other in itertools.pairwise(stops)]
        assert not [
            f"{described(stops[at])} → {described(stops[at + 1])}" for at, pair in enumerate(pairs) if goes_back(*pair)
        ]
        # Buttons that show only beside the focus are met on the way down.
        assert usable.issubset(back) and back == [stop for stop in reversed(stops) if stop in back]
        assert not [stop for stop in stops if described(stop).endswith("“”")]
        assert not unseen
        asked = []
        view.asked.connect(lambda prompt, options: asked.append(prompt))
        view.fill(view.text())
        view.setFocus()
        asked.clear()
        until(lambda: not window.jobs.is_busy and not window.panel("playground").answering.is_busy, 60)
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        until(lambda: asked and not window.panel("playground").answering.is_busy, 60)


def test_another_model_takes_the_keys_that_the_one_before_had(theme, model_of) -> None:
    models = [model_of("classify"), model_of("tag")]
    with whole_window() as window:
        first = answered(window, models[0])
        first.setFocus()

        second = answered(window, models[1])

        assert second is not first and window.focusWidget() is second.field
        window.panel("playground").setFocus()  # as a click on the ground does
        window.session.set_model(models[0])
        assert window.focusWidget() is first.field
