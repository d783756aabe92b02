"""CurveChart: loss as it falls. Raw line faint, smoothed line above it, held-out points marked, metric on the right axis."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core.events import Evaluated, Step
from slm_studio.core.texts import tr
from slm_studio.ui.widgets.chart_axes import QuietAxis, SecondsAxis
from slm_studio.ui.widgets.chart_controls import ChartControls
from slm_studio.ui.widgets.copying import table_line
from slm_studio.ui.widgets.curves import RunCurves, hold_range
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.theme import SECOND, the_theme
from slm_studio.ui.widgets.words import Words, sentence

REDRAW = 75  # milliseconds from what came to its drawing: between two deliveries (50 apart), whose work it leaves alone
HUES = ("accent", "metric", "held_out", "bad", "muted")  # of runs laid over each other
CURVES = ("raw", "smooth", "held_out", "metric")
POINTS = {"held_out": ("o", 7), "metric": ("s", 5)}  # symbol and size in pixels of what is measured now and then


class CurveChart(QWidget):
    """One value of one or several runs over steps, epochs or time.

    Created once; feed it with `add_steps` and `add_evaluations` (in batches) and it draws at its own pace.
    Place `controls` (legend, log, axis) at the right of the card's title.
    """

    is_chart = True

    def __init__(
        self, value: str = "loss", metric: str = "", metric_name: Words = "", parent: QWidget | None = None
    ) -> None:
        """`value` is the field of Step that is drawn; `metric` the key of the held-out metric on the right axis."""
        super().__init__(parent)
        self._theme = the_theme()
        self._value, self._metric, self._metric_name = value, metric, metric_name or metric
        self._runs: dict[str, RunCurves] = {}
        self._items: dict[str, dict[str, pg.PlotCurveItem]] = {}
        self._points: dict[str, dict[str, pg.ScatterPlotItem]] = {}
        self._drawn_evaluations: dict[str, tuple[int, str, bool, float]] = {}
        self._axis, self._total, self._shows_now = "steps", 0.0, True
        self._width: tuple[float, float] | None = None  # of the axis as shown
        self._height: tuple[float, float] | None = None  # of the axes as shown
        self._right_height: tuple[float, float] | None = None
        self._scores_are_shares = True  # accuracy and its like keep their whole axis, from 0 to 1
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)  # a coarse one waits for others, to be due with them
        self._timer.setInterval(REDRAW)
        self._timer.timeout.connect(self._draw)
        self.controls = ChartControls()
        self._build_plot()
        self._theme.changed.connect(self._on_theme_changed)
        self.controls.log_toggled.connect(self._on_log_toggled)
        self.controls.axis_chosen.connect(self.set_axis)
        self._on_theme_changed()

    def add_steps(self, steps: Sequence[Step], run: str = "") -> None:
        """Add steps of a run, in their order; steps that were drawn already (after a resume) are replaced."""
        self._curves(run).add_steps(steps, self._value)
        self._later()

    def add_evaluations(self, evaluations: Sequence[Evaluated], run: str = "") -> None:
        """Add evaluations of a run, in their order."""
        self._curves(run).add_evaluations(evaluations, self._metric)
        self._later()

    def add_columns(
        self, n: np.ndarray, epoch: np.ndarray, seconds: np.ndarray, values: np.ndarray, run: str = ""
    ) -> None:
        """Add many steps at once, as columns (a run that is opened from the disk)."""
        self._curves(run).steps.extend(np.column_stack((n, epoch, seconds, values)))
        self._later()

    def name_run(self, run: str, name: str) -> None:
        """Say what the legend calls a run that is laid over others."""
        self._curves(run).name = name
        self._later()

    def set_metric(self, metric: str, name: Words = "") -> None:
        """Draw another held-out metric on the right axis ("" draws none); evaluations must be added anew."""
        self._metric, self._metric_name = metric, name or metric
        self.clear()

    def set_total(self, steps: float) -> None:
        """Keep room on the axis for steps to come; 0 keeps none."""
        self._total = steps
        self._later()

    def set_now(self, shown: bool) -> None:
        """Mark the latest step with a dashed line (while the run goes on)."""
        self._shows_now = shown
        self._later()

    def set_axis(self, axis: str) -> None:
        """Draw over “steps”, “epochs” or “time”."""
        self._axis = axis
        self.controls.choose_axis(axis)
        self._bottom.set_seconds(axis == "time")
        self._later()

    def remove_run(self, run: str) -> None:
        """Take a run off the chart."""
        self._runs.pop(run, None)
        self._drawn_evaluations.pop(run, None)
        for items in (self._items.pop(run, {}), self._points.pop(run, {})):
            for key, item in items.items():
                self._right.removeItem(item) if key == "metric" else self._plot.removeItem(item)
        self._later()

    def clear(self) -> None:
        """Take all runs off."""
        for run in list(self._runs):
            self.remove_run(run)
        self._total, self._width, self._height, self._right_height = 0.0, None, None, None

    def copied(self) -> str:
        """Return the steps and what was measured at them, a table for each run."""
        tables = []
        for run, curves in self._runs.items():
            lines = curves.table(self._value, self._metric)
            tables.append("\n".join(table_line(line) for line in ([[curves.name or run]] if run else []) + lines))
        return "\n\n".join(tables)

    def retranslate(self) -> None:
        """Write the legend anew."""
        self._write_legend()

    def _build_plot(self) -> None:
        self._bottom, self._left_axis, self._right_axis = SecondsAxis(), QuietAxis("left"), QuietAxis("right")
        axes = {"bottom": self._bottom, "left": self._left_axis, "right": self._right_axis}
        self._plot = pg.PlotWidget(axisItems=axes)
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        item = self._plot.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setContentsMargins(0, 8, 16, 0)
        item.getViewBox().setMouseEnabled(x=False, y=False)
        item.getViewBox().disableAutoRange()
        self._right = pg.ViewBox(enableMenu=False, enableMouse=False)
        self._right.setZValue(10)
        self._right.disableAutoRange()
        item.scene().addItem(self._right)
        self._right_axis.linkToView(self._right)
        self._right.setXLink(item.getViewBox())
        item.getViewBox().sigResized.connect(self._on_resized)
        item.showAxis("right", False)
        self._now = pg.InfiniteLine(angle=90, movable=False)
        item.addItem(self._now, ignoreBounds=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._plot)
        scaled(self.setMinimumHeight, 180)

    def _curves(self, run: str) -> RunCurves:
        if run not in self._runs:
            self._runs[run] = RunCurves()
            self._items[run] = {key: pg.PlotCurveItem(antialias=True, connect="finite") for key in CURVES}
            self._points[run] = {key: pg.ScatterPlotItem(antialias=True) for key in POINTS}
            for items in (self._items[run], self._points[run]):
                for key, item in items.items():
                    self._right.addItem(item) if key == "metric" else self._plot.addItem(item)
            self._colour_run(run)
        return self._runs[run]

    def _hue(self, run: str) -> str:
        return HUES[list(self._runs).index(run) % len(HUES)]

    def _colour_run(self, run: str) -> None:
        items, several = self._items[run], len(self._runs) > 1
        hue = self._hue(run)
        held_out, metric = (hue, hue) if several else ("held_out", "metric")
        items["raw"].setPen(pg.mkPen(self._theme.mix(hue, "surface", 0.3), width=1))
        items["smooth"].setPen(pg.mkPen(self._theme.colour(hue), width=2))
        items["held_out"].setPen(
            pg.mkPen(self._theme.colour(held_out), width=2, style=Qt.PenStyle.DashLine if several else None)
        )
        items["metric"].setPen(pg.mkPen(self._theme.colour(metric), width=1.5))
        for key, token in (("held_out", held_out), ("metric", metric)):
            points, (symbol, size) = self._points[run][key], POINTS[key]
            points.setSymbol(symbol)
            points.setSize(size)
            points.setPen(None)
            points.setBrush(self._theme.colour(token))

    def _later(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _draw(self) -> None:
        last, heights, metrics = 0.0, [], []
        has_metric, self._scores_are_shares = False, True
        for run, curves in self._runs.items():
            items, x, drawn = self._items[run], curves.step_axis(self._axis), curves.drawn(self._axis)
            items["raw"].setData(drawn.raw[0], self._scaled(drawn.raw[1]))
            items["smooth"].setData(drawn.smooth[0], self._scaled(drawn.smooth[1]))
            heights.append(drawn.raw[1])
            if self._value == "loss":
                heights.append(curves.evaluations.column(2))
            scores = curves.evaluations.column(3)
            finite = scores[np.isfinite(scores)]
            has_metric |= bool(self._metric) and len(finite) > 0
            self._scores_are_shares &= bool((finite <= 1.0).all() and (finite >= 0.0).all())
            metrics.append(finite)
            self._draw_evaluations(run, curves, finite)
            last = max(last, float(x[-1]) if len(x) else 0.0)
        if has_metric != self._right_axis.isVisible():
            self._plot.getPlotItem().showAxis("right", has_metric)
        self._set_across(last)
        self._set_heights(heights, metrics)
        self._plot.scene().prepareForPaint()  # left to the painting, it asks for another one
        self._write_legend()

    def _draw_evaluations(self, run: str, curves: RunCurves, finite: np.ndarray) -> None:
        """Draw the held-out points where they changed: seldom, beside the steps."""
        at = curves.evaluation_axis(self._axis)
        state = (len(at), self._axis, self.controls.is_log(), float(at[-1]) if len(at) else 0.0)
        if self._drawn_evaluations.get(run) == state:
            return
        self._drawn_evaluations[run] = state
        if self._value == "loss":
            self._draw_points(run, "held_out", at, self._scaled(curves.evaluations.column(2)))
        self._draw_points(run, "metric", at[np.isfinite(curves.evaluations.column(3))], finite)

    def _draw_points(self, run: str, key: str, x: np.ndarray, y: np.ndarray) -> None:
        self._items[run][key].setData(x, y)
        self._points[run][key].setData(x, y)

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        """Return values as they stand on the left axis; what has no logarithm is not drawn there."""
        if not self.controls.is_log():
            return values
        return np.log10(np.where(values > 0, values, np.nan))

    def _set_heights(self, heights: list[np.ndarray], metrics: list[np.ndarray]) -> None:
        """Choose both vertical ranges; one that stays costs nothing."""
        if self.controls.is_log():
            heights = [self._scaled(each) for each in heights]
        height = hold_range(heights, self._height)
        if height is not None and height != self._height:
            self._plot.setYRange(*height, padding=0.0)
        right = (0.0, 1.0) if self._scores_are_shares else hold_range(metrics, self._right_height)
        if right is not None and right != self._right_height:
            self._right.setYRange(*right, padding=0.02)
        self._height, self._right_height = height, right

    def _set_across(self, last: float) -> None:
        width = (0.0, self._end(last) or 1.0)
        if width != self._width:
            self._plot.setXRange(*width, padding=0.01)
        self._width = width
        self._now.setPos(last)
        self._now.setVisible(self._shows_now and last > 0)

    def _end(self, last: float) -> float:
        """Return where the axis ends: at the planned step, translated to epochs or seconds by what was seen."""
        curves = next(iter(self._runs.values()), None)
        if not self._total or curves is None or not len(curves.steps):
            return last
        n = curves.steps.column(0)[-1]
        return max(last, last * self._total / n) if n else last

    def _write_legend(self) -> None:
        if len(self._runs) > 1:
            entries = [(self._hue(run), curves.name or run) for run, curves in self._runs.items()]
        else:
            entries = [("accent", tr("training"))]
            shown = self._items.get(next(iter(self._runs), ""), {})
            if self._value == "loss" and any(len(curves.evaluations) for curves in self._runs.values()):
                entries.append(("held_out", tr("held out")))
            if shown and self._plot.getPlotItem().getAxis("right").isVisible():
                entries.append(("metric", sentence(self._metric_name)))
        self.controls.set_legend(entries)

    def _on_resized(self) -> None:
        self._right.setGeometry(self._plot.getPlotItem().getViewBox().sceneBoundingRect())

    def _on_log_toggled(self, is_log: bool) -> None:
        self._left_axis.setLogMode(False, is_log)
        self._height = None
        self._later()

    def _on_theme_changed(self) -> None:
        self._plot.setBackground(self._theme.colour("surface"))
        for axis in (self._bottom, self._left_axis, self._right_axis):
            axis.dress(self._theme)
        self._left_axis.set_digits(self._value)
        self._now.setPen(pg.mkPen(self._theme.colour("muted"), width=1, style=Qt.PenStyle.DashLine))
        self._plot.setFont(self._theme.font(SECOND))
        for run in self._runs:
            self._colour_run(run)
        self._later()
