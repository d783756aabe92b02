"""SideBySide: widgets in shares of the width; one below the other where the window is too narrow for them."""

from typing import Protocol, runtime_checkable

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.fitting import Fitting
from slm_studio.ui.widgets.theme import the_theme

ACROSS, DOWN = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
NO_MAXIMUM = (1 << 24) - 1  # Qt's QWIDGETSIZE_MAX, which PySide does not name


@runtime_checkable
class GivesWay(Protocol):
    """A widget that needs more room beside others than alone, where its least size is what it says of itself."""

    def beside(self) -> int:
        """Return the width that it needs beside others."""


class SideBySide(Fitting):
    """Never asks for more width than the widest of its widgets; below each other they may be as wide as the window."""

    def __init__(self, gap: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shares: list[tuple[QWidget, int, int]] = []  # widget, share of the width, most width
        self._limits: dict[QWidget, tuple[int, int]] = {}  # least and most width at zoom 1, side by side
        self._theme = the_theme()
        self._theme.changed.connect(self._take_limits)
        self._box = QBoxLayout(ACROSS, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(gap)

    def add(self, widget: QWidget, share: int = 1, *, first: bool = False) -> QWidget:
        """Add a widget at the right of the others, or before all of them, and return it."""
        at = 0 if first else len(self._shares)
        self._shares.insert(at, (widget, share, widget.maximumWidth()))
        self._box.insertWidget(at, widget, share)
        return widget

    def limit(self, widget: QWidget, least: int, most: int = 0) -> None:
        """Keep a widget within these widths (at zoom 1; 0 is none) while it stands beside others.

        Alone on its line it is as wide as the window, be that wide or narrow.
        """
        self._limits[widget] = least, most
        self._take_limits()
        if self.isVisible():
            self._fit()

    def _take_limits(self) -> None:
        is_across = self._box.direction() == ACROSS
        for widget, (least, most) in self._limits.items():
            widget.setMinimumWidth(self._theme.px(least) if is_across else 0)
            widget.setMaximumWidth(self._theme.px(most) if is_across and most else NO_MAXIMUM)

    def _least(self, widget: QWidget) -> int:
        """Return what a widget needs beside others."""
        if isinstance(widget, GivesWay):
            return widget.beside()
        least, _ = self._limits.get(widget, (0, 0))
        own = widget.minimumWidth() if widget not in self._limits else self._theme.px(least)
        return max(widget.minimumSizeHint().width(), own)

    def one_line(self) -> int:
        """Return the width in which all stand beside each other."""
        shown = self._shown()
        return sum(self._least(widget) for widget, _ in shown) + self._box.spacing() * max(0, len(shown) - 1)

    def _shown(self) -> list[tuple[QWidget, int]]:
        return [(widget, share) for widget, share, _ in self._shares if not widget.isHidden()]

    def sizeHint(self) -> QSize:
        """Return the size that all would like beside each other: where they stand below, they shall not ask for less."""
        hints = [widget.sizeHint().width() for widget, _ in self._shown()]
        return QSize(sum(hints) + self._box.spacing() * max(0, len(hints) - 1), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        shown = [widget for widget, _ in self._shown()]
        gives_way = {
            each for each in shown if each in self._limits or isinstance(each, GivesWay)
        }  # once it stands alone
        alone = (each.minimumSizeHint().width() if each in gives_way else self._least(each) for each in shown)
        widest = max(alone, default=0)
        return QSize(widest, super().minimumSizeHint().height())

    def _fit(self) -> None:
        fits = self._fits()
        direction = ACROSS if fits else DOWN
        if direction == self._box.direction():
            return
        self._box.setDirection(direction)
        for at, (widget, share, most) in enumerate(self._shares):
            self._box.setStretch(at, share if fits else 0)
            widget.setMaximumWidth(most if fits else NO_MAXIMUM)
            if isinstance(widget, Actions):
                widget.set_breaking(not fits)
        self._take_limits()

    def _fits(self) -> bool:
        shown = self._shown()
        room = self.width() - self._box.spacing() * (len(shown) - 1)
        total = sum(share for _, share in shown)
        # Those that ignore what they would like get their share to the pixel, and no more.
        strict = ((w, share) for w, share in shown if w.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored)
        return sum(self._least(widget) for widget, _ in shown) <= room and all(
            self._least(widget) <= room * share / total for widget, share in strict
        )


def column_of(*widgets: QWidget, gap: int = 16) -> QWidget:
    """Return widgets below each other, at the top of what room there is."""
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(gap)
    for widget in widgets:
        column.addWidget(widget)
    column.addStretch(1)
    return made
