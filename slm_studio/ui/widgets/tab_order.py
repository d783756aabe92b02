"""The Tab key goes in the order in which one reads, whatever was made first: offers and hits come and go."""

import itertools
from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QWidget


def order_tabs(root: QWidget) -> None:
    """Let the Tab key go through what shows below `root` as its layouts stand."""
    for before, after in itertools.pairwise(_chain(root)):
        QWidget.setTabOrder(before, after)


def tab_stops(root: QWidget) -> Iterator[QWidget]:
    """Yield the widgets below `root` that the Tab key may stop at, as one reads them."""
    return filter(_is_stop, _chain(root))


def _chain(root: QWidget) -> Iterator[QWidget]:
    """Yield those and, before what stands in them, grounds that take the keys at a click: the Tab key goes on from there."""
    for child in _children(root):
        if child.isWindow() or not child.isVisibleTo(root):
            continue
        if child.focusPolicy() != Qt.FocusPolicy.NoFocus:
            yield child
        if not _is_stop(child):  # what stands in a stop is its own affair
            yield from _chain(child)


def _is_stop(widget: QWidget) -> bool:
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)


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
