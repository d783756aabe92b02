"""Axes without ink that says nothing: no frame, quiet horizontal lines, numbers short."""

import pyqtgraph as pg
from PySide6.QtGui import QColor

from slm_studio.ui.widgets.progress import clock
from slm_studio.ui.widgets.theme import SECOND, Theme


class QuietAxis(pg.AxisItem):
    """An axis of numbers. The left one draws the grid."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self._side = side
        self._digits: int | None = None
        self.setStyle(tickLength=0, autoExpandTextSpace=True, maxTickLevel=0, tickTextOffset=8)
        self.enableAutoSIPrefix(False)
        self.setStyle(hideOverlappingLabels=False)
        self.setTickDensity(1.4 if side == "left" else 1.0)

    def dress(self, theme: Theme) -> None:
        """Take the theme's colours and letters."""
        self.setPen(QColor(0, 0, 0, 0))
        self.setTickPen(theme.colour("line"))
        self.setTextPen(theme.colour("muted"))
        self.setTickFont(theme.font(SECOND - 1))
        # 255 would be opaque, but pyqtgraph fades levels; level 0 keeps what the pen says.
        self.setGrid(255 if self._side == "left" else False)
        self.setZValue(-10)  # the grid lies below the curves

    def set_digits(self, value: str) -> None:
        """Learning rates need powers; losses do not."""
        self._digits = None if value == "rate" else 1

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """Return one level of ticks, the coarsest of which two are in view: every line of the grid has its number."""
        levels = super().tickValues(minVal, maxVal, size)
        if self.logMode:
            return levels
        values: list[float] = []
        for spacing, more in levels:
            values += more
            if len(values) >= 2:
                return [(spacing, sorted(values))]
        return levels

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Return the numbers beside the axis."""
        if self.logMode:
            return [f"{10**value:.3g}" for value in values]
        if self._digits is None and spacing < 0.01:
            return [f"{value:.1e}".replace(".0e", "e").replace("e-0", "e-") if value else "0" for value in values]
        places = 0 if spacing >= 1 else 1 if spacing >= 0.1 else 2 if spacing >= 0.01 else 4
        return [f"{value:,.{places}f}" for value in values]

    def logTickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Return the numbers beside a logarithmic axis."""
        return [f"{10**value:.3g}" for value in values]


class SecondsAxis(QuietAxis):
    """The bottom axis: numbers, or minutes and hours."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self._seconds = False

    def set_seconds(self, seconds: bool) -> None:
        """Write durations instead of numbers."""
        self._seconds = seconds
        self.picture = None
        self.update()

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Return the numbers beside the axis."""
        return [clock(value) for value in values] if self._seconds else super().tickStrings(values, scale, spacing)
