"""Columns: widgets in even columns, as many side by side as the width allows and as fills the rows evenly."""

import math

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLayout, QWidget

from slm_studio.ui.widgets.theme import the_theme


class Columns(QWidget):
    """Give each widget at least `least` pixels (at zoom 1) and make at most `most` columns."""

    def __init__(self, least: int = 280, most: int = 3, gap: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._least, self._most = least, most
        self._items: list[QWidget] = []
        self._count = most
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(gap)
        self._grid.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self._theme.changed.connect(self._fit)

    def add(self, widget: QWidget) -> QWidget:
        """Add a widget and return it."""
        self._items.append(widget)
        self._fit(anew=True)
        return widget

    def clear(self) -> None:
        """Remove all widgets."""
        for widget in self._items:
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._items.clear()

    def items(self) -> tuple[QWidget, ...]:
        """Return the widgets in their order."""
        return tuple(self._items)

    def _fit(self, *, anew: bool = False) -> None:
        gap = self._grid.spacing()
        room = (self.width() + gap) // (self._theme.px(self._least) + gap)
        widest = max(1, min(self._most, room))
        rows = max(1, math.ceil(len(self._items) / widest))
        count = max(1, math.ceil(len(self._items) / rows))  # five where four fit: three and two, not four and one
        if anew or count != self._count:
            self._count = count
            self._arrange()

    def _arrange(self) -> None:
        for at, widget in enumerate(self._items):
            self._grid.addWidget(widget, at // self._count, at % self._count, Qt.AlignmentFlag(0))
        for column in range(self._most):
            self._grid.setColumnStretch(column, 1 if column < self._count else 0)

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        # Fewer columns are always possible, so the row of them never keeps the window wide; nor does a single one.
        widest = max((item.minimumSizeHint().width() for item in self._items if not item.isHidden()), default=0)
        return QSize(min(self._theme.px(self._least), widest), self._grid.minimumSize().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the new size."""
        super().resizeEvent(event)
        self._fit()
