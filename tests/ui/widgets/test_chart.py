"""Curves: a million steps reach the screen as a few thousand points, and a resumed run tells one story."""

import numpy as np
import pytest
from PySide6.QtTest import QTest

from slm_studio.core.events import Evaluated, Step
from slm_studio.ui.widgets.chart import CurveChart
from slm_studio.ui.widgets.chart_axes import QuietAxis
from slm_studio.ui.widgets.curves import POINTS, RunCurves, Series, decimate, hold_range, smooth
from tests.ui.places import until


def step(n: int, loss: float) -> Step:
    return Step(n, n / 10, n * 0.5, loss, 1e-3, 1.0, 100.0, 1)


def test_a_series_grows_and_is_cut() -> None:
    series = Series(2)
    series.extend([(n, n * n) for n in range(1000)])

    series.cut(9)

    assert len(series) == 10
    assert series.column(1).tolist() == [n * n for n in range(10)]


def test_decimation_keeps_every_spike() -> None:
    x, y = np.arange(1_000_000.0), np.zeros(1_000_000)
    y[123_456], y[999_999] = 9.0, -9.0

    few_x, few_y = decimate(x, y)

    assert len(few_x) <= POINTS + 2
    assert (few_y.max(), few_y.min()) == (9.0, -9.0)
    assert (np.diff(few_x) > 0).all()
    assert few_x[-1] == 999_999


def test_smoothing_keeps_a_flat_line_and_leaves_out_nan() -> None:
    values = np.full(100, 2.0)
    values[50] = np.nan

    assert smooth(values) == pytest.approx(np.full(100, 2.0))


def test_a_long_run_is_drawn_by_its_tail_and_looks_the_same() -> None:
    curves = RunCurves()
    noise = np.random.default_rng(1).normal(size=110_000)
    columns = np.arange(1.0, 110_001), np.zeros(110_000), np.zeros(110_000), noise
    curves.steps.extend(np.column_stack([column[:100_000] for column in columns]))
    first = curves.drawn("steps")
    curves.steps.extend(np.column_stack([column[100_000:] for column in columns]))

    again = curves.drawn("steps")

    assert again.length == 110_000 and curves._drawn is first
    assert len(again.raw[0]) <= POINTS * 1.25 + 4
    assert (np.diff(again.raw[0]) > 0).all()
    assert again.raw[0][-1] == 110_000
    assert again.smooth[1][-1] == pytest.approx(smooth(noise[-20_000:], first.window)[-1])
    curves.steps.cut(50_000)
    assert curves.drawn("steps").length == 50_000


def test_a_resumed_run_replaces_the_steps_after_its_checkpoint() -> None:
    curves = RunCurves()
    curves.add_steps([step(n, 1.0) for n in range(1, 11)], "loss")

    curves.add_steps([step(n, 2.0) for n in range(6, 8)], "loss")

    assert curves.steps.column(0).tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert curves.steps.column(3).tolist() == [1.0] * 5 + [2.0] * 2


def test_evaluations_find_their_epoch() -> None:
    curves = RunCurves()
    curves.add_steps([step(n, 1.0) for n in range(1, 11)], "loss")
    curves.add_evaluations([Evaluated(5, 2.5, 0.9, {"accuracy": 0.5})], "accuracy")

    assert curves.evaluation_axis("epochs").tolist() == [0.5]
    assert curves.evaluations.column(3).tolist() == [0.5]


def test_a_chart_draws_steps_evaluations_and_several_runs(theme) -> None:
    from slm_studio.ui.widgets.chart import CurveChart

    chart = CurveChart(metric="accuracy")
    chart.resize(500, 300)
    chart.add_steps([step(n, 3.0 / n) for n in range(1, 200)])
    chart.add_evaluations([Evaluated(n, n * 0.5, 3.1 / n, {"accuracy": 0.5}) for n in (50, 100)])
    chart.set_total(400)

    until(lambda: not chart._timer.isActive())

    items = chart._items[""]
    assert len(items["raw"].getData()[0]) == 199
    assert items["held_out"].getData()[0].tolist() == [50, 100]
    assert chart._plot.viewRange()[0][1] == pytest.approx(404)  # a little room, so that the last point is whole
    assert "held out" in chart.controls._legend.accessibleName()

    chart.add_steps([step(n, 2.0 / n) for n in range(1, 100)], "second")
    chart.set_axis("time")
    chart.controls._log.setChecked(True)
    theme.choose("dark")
    until(lambda: not chart._timer.isActive())
    assert not chart.grab().isNull()
    chart.clear()
    until(lambda: not chart._timer.isActive())


def test_an_axis_stays_until_the_values_leave_it() -> None:
    shown = hold_range([np.array([1.0, 2.0])], None)
    assert shown == (0.88, 2.12)

    assert hold_range([np.array([1.0, 1.9, np.nan])], shown) == shown
    assert hold_range([np.array([1.0, 2.5])], shown) == pytest.approx((0.82, 2.68))  # they left it
    assert hold_range([np.array([1.0, 1.2])], shown) == pytest.approx((0.976, 1.224))  # they hardly fill it
    assert hold_range([np.array([np.nan]), np.array([])], shown) is None
    low, high = hold_range([np.array([3.0])], None)
    assert low < 3.0 < high


def test_steps_that_move_no_axis_write_no_numbers_anew(theme, monkeypatch) -> None:
    chart = CurveChart()
    chart.resize(600, 300)
    chart.show()
    chart.set_total(1000)
    chart.add_steps([step(n, 2.0 + n % 3) for n in range(1, 100)])
    written: list[object] = []
    paint = QuietAxis.generateDrawSpecs
    monkeypatch.setattr(QuietAxis, "generateDrawSpecs", lambda *given: written.append(given) or paint(*given))

    def writes() -> int:
        written.clear()
        chart._draw()
        chart._plot.grab()  # paints it now
        QTest.qWait(20)
        return len(written)

    writes()
    until(lambda: writes() == 0)  # its layout has come to rest
    chart.add_steps([step(n, 4.1) for n in range(100, 120)])  # beyond the others, within the air

    assert writes() == 0
    chart.close()


def test_what_has_no_logarithm_is_left_out_of_a_logarithmic_axis(theme) -> None:
    chart = CurveChart()
    chart.show()
    chart.controls._log.click()
    chart.add_steps([step(1, 10.0), step(2, 0.0), step(3, 1000.0)])

    chart._draw()

    _, values = chart._items[""]["raw"].getData()
    assert values[0] == 1.0
    assert np.isnan(values[1])
    assert values[2] == 3.0
    chart.close()


@pytest.mark.parametrize(("low", "high"), [(0.6902, 0.6981), (0.0, 1.0), (1.31, 1.94), (0.2, 0.21), (900.0, 1300.0)])
def test_every_line_of_the_grid_has_its_number(theme, low: float, high: float) -> None:
    axis = QuietAxis("left")
    axis.set_digits("loss")

    levels = axis.tickValues(low, high, 320)
    (spacing, values) = levels[0]
    strings = axis.tickStrings(values, 1.0, spacing)

    assert len(levels) == 1 and len(values) >= 2
    assert len(set(strings)) == len(values) and values == sorted(values)


def test_short_names_of_a_legend_stay_whole_where_a_long_one_lacks_room(theme) -> None:
    from slm_studio.ui.widgets.chart_controls import ChartControls, Legend

    legend = Legend()
    legend.set_entries((("accent", "training"), ("held_out", "held out"), ("metric", "hidden tokens that were found")))
    legend.resize(legend.sizeHint().width() - 90, 20)

    *short, long = legend._shown()

    assert short == ["training", "held out"] and long.endswith("…") and long.startswith("hidden")

    controls = ChartControls()
    controls.set_legend(legend._entries)
    assert controls.one_line() > legend.sizeHint().width(), "on a line of its own before a name is cut"
