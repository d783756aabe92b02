"""Figures: the leading scores with their intervals, simple methods for scale, and how far certainty can be trusted."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core.errors import StudioError, show
from slm_studio.core.measures import measure, method
from slm_studio.core.results import Baseline, Metric, Report
from slm_studio.core.tasks import info_of
from slm_studio.core.texts import tr
from slm_studio.ui.evaluate.report_words import baseline_value, calibration_words, interval_words, verdict_words
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.columns import Columns
from slm_studio.ui.widgets.stat import Stat


@dataclass(frozen=True, slots=True)
class Figure:
    """One card: a name, a number and a sentence; functions, so that they follow the language."""

    name: Callable[[], str]
    value: str
    second: Callable[[], str]


class Figures(QWidget):
    """A row of cards."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns = Columns(least=170, most=5)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._columns)

    def set_report(self, report: Report) -> None:
        """Show the figures of a report."""
        self._columns.clear()
        for figure in figures(report):
            card = Card()
            stat = Stat(figure.name, big=True)
            stat.set_value("{number}", figure.second if figure.second() else "", number=figure.value)
            card.add(stat)
            self._columns.add(card)

    def stats(self) -> list[Stat]:
        """Return what is shown."""
        return [stat for card in self._columns.items() for stat in card.findChildren(Stat)]


def figures(report: Report) -> list[Figure]:
    """Return the cards of a report."""
    found = [_metric(metric, report) for metric in leading(report)]
    compared = _compared(report)
    found.extend(_baselines(key, group, is_named=len(compared) > 1) for key, group in compared.items())
    error = report.facts.get("calibration_error")
    if error is not None:
        found.append(Figure(partial(tr, "calibration error"), f"{error:.3f}", partial(calibration_words, error)))
    if (inside := report.facts.get("in_range")) is not None:
        words = partial(
            tr,
            "of the rows lie within ± {range} of the answer; made for 90 %",
            range=show(report.facts["range"]),
        )
        found.append(Figure(partial(tr, "in their range"), f"{100 * inside:.0f} %", words))
    if strange := round(report.facts.get("unseen_rows", 0)):
        found.append(
            Figure(
                partial(tr, "rows with unseen labels"),
                show(strange),
                partial(tr, "of {rows}: training never saw their labels, so they count as wrong", rows=report.rows),
            )
        )
    if "bytes" in report.facts:
        tokens, size = report.facts.get("tokens", 0.0), report.facts["bytes"]
        found.append(
            Figure(
                partial(tr, "tokens scored"),
                show(round(tokens)),
                partial(tr, "{bytes} bytes of text", bytes=round(size)),
            )
        )
    return found


def leading(report: Report) -> list[Metric]:
    """Return the metrics that the task leads with; the first two where the report, or the app, knows none of them."""
    try:
        keys = info_of(report.task, {"target": report.target}).shown
    except StudioError:
        keys = ()
    found = [metric for key in keys for metric in report.metrics if metric.key == key]
    return found or list(report.metrics[:2])


def _metric(metric: Metric, report: Report) -> Figure:
    known = measure(metric.key)
    return Figure(lambda: known.name, known.written(metric.value), partial(_second, metric))


def _second(metric: Metric) -> str:
    return "\n".join(filter(None, (measure(metric.key).in_words(metric.value), interval_words(metric))))


def _compared(report: Report) -> dict[str, list[Baseline]]:
    """Return what the model is compared with, by the measure that both have: the one of the task, else another that leads."""
    keys = [metric.key for metric in leading(report)]
    with suppress(StudioError):  # a task that is not known here
        keys.insert(0, info_of(report.task, {"target": report.target}).compared)
    found: dict[str, list[Baseline]] = {}
    for each in report.baselines:
        key = next((key for key in keys if baseline_value(each, key) is not None), keys[0] if keys else "")
        found.setdefault(key, []).append(each)
    return found


def _baselines(key: str, group: Sequence[Baseline], *, is_named: bool) -> Figure:
    """Return the card of what is compared by one measure, which `is_named` where other cards compare by others."""
    value = "\u2009/\u2009".join(measure(key).written(baseline_value(each, key)) for each in group)
    return Figure(partial(_names, group), value, partial(_verdict, key, group, is_named=is_named))


def _names(baselines: Sequence[Baseline]) -> str:
    return " / ".join(method(each.key).name for each in baselines)


def _hardest(key: str, judged: Sequence[Baseline]) -> Baseline:
    """Return what is the hardest to beat, the best by its measure; of equals the last."""
    sign = -1 if measure(key).better == "lower" else 1
    scored = [each for each in judged if baseline_value(each, key) is not None]
    return max(reversed(scored), key=lambda each: sign * (baseline_value(each, key) or 0.0), default=judged[-1])


def _verdict(key: str, group: Sequence[Baseline], *, is_named: bool) -> str:
    judged = [each for each in group if each.verdict]
    if judged:
        verdict = verdict_words(_hardest(key, judged))
        return f"{measure(key).name}\n{verdict}" if is_named else verdict
    return tr("{metric} of simple methods", metric=measure(key).name) if key else ""
