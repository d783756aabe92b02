"""The Tab key goes in the order in which one reads, whatever was made first: offers and hits come and go."""

import itertools
from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QWidget


def order_tabs(root: QWidget) -> None:
    """Let the Tab key go through what shows below `root` as its layouts stand."""
    stops = list(tab_stops(root))
    for before, stop in itertools.pairwise(stops):
        QWidget.setTabOrder(before, stop)


def tab_stops(root: QWidget) -> Iterator[QWidget]:
    """Yield the widgets below `root` that the Tab key may stop at, as one reads them."""
    for child in _children(root):
        if child.isWindow() or not child.isVisibleTo(root):
            continue
        if child.focusPolicy() & Qt.FocusPolicy.TabFocus:
            yield child  # what stands in it is its own affair
        else:
            yield from tab_stops(child)


def _children(widget: QWidget) -> list[QWidget]:
    """Return the children in the order of the layout; behind them those that stand in none."""
    layout = widget.layout()
    placed = list(_placed(layout)) if layout is not None else []
    others = widget.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return [*placed, *(each for each in others if each not in placed)]


def _placed(layout: QLayout) -> Iterator[QWidget]:
    for at in range(layout.count()):
        item = layout.itemAt(at)
        widget, inner = (item.widget(), item.layout()) if item is not None else (None, None)
        if widget is not None:
            yield widget
        elif inner is not None:
            yield from _placed(inner)
