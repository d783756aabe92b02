"""The tile of simple methods says how the model compares with the best of them, wherever that stands."""

from dataclasses import replace

import pytest

from slm_studio.core.measures import measure
from slm_studio.core.results import Baseline, Metric, Report
from slm_studio.core.tasks import all_tasks, task_info
from slm_studio.ui.evaluate.figures import figures


def report_of(task: str, *values: tuple[str, float]) -> Report:
    key = task_info(task).compared
    metrics = (Metric(key=key, value=0.5),)
    return Report(
        task=task, model="m", dataset="d", split="test", rows=10, metrics=metrics,
        baselines=tuple(
            Baseline(key=name, metrics=(Metric(key=key, value=value),), seconds=0.1, verdict="better") for name, value in values
        ),
    )  # fmt: skip


@pytest.mark.parametrize("task", [info.key for info in all_tasks()])
@pytest.mark.parametrize("order", [1, -1])
def test_the_best_simple_method_is_named(task: str, order: int) -> None:
    best, worst = (0.4, 0.2) if measure(task_info(task).compared).better == "higher" else (0.2, 0.4)
    report = report_of(task, *[("best_one", best), ("worst_one", worst)][::order])

    told = next(each.second() for each in figures(report) if "best one" in each.name())

    assert told == "better than best one"


def test_one_without_a_verdict_is_not_named() -> None:
    report = report_of("classify", ("best_one", 0.4), ("worst_one", 0.2))
    silent = replace(report, baselines=(replace(report.baselines[0], verdict=""), report.baselines[1]))

    assert next(each.second() for each in figures(silent) if "best one" in each.name()) == "better than worst one"
