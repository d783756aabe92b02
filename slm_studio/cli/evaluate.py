"""slm-studio evaluate MODEL FILE: score a model on labelled rows."""

import argparse
from pathlib import Path

from slm_studio.cli.command import Command
from slm_studio.cli.flags import add_reading, add_roles, roles_of
from slm_studio.cli.read import remark_of
from slm_studio.core import codec
from slm_studio.core.errors import fill
from slm_studio.core.planning import check_roles
from slm_studio.core.results import Report
from slm_studio.core.verdict import verdict_of_report


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    parser = verbs.add_parser("evaluate", help="score a model on labelled rows")
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("file", metavar="FILE", help="a file, or a folder or zip of them")
    parser.add_argument("--device")
    add_reading(parser)
    add_roles(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object]:
    """Return metrics with intervals, scores of each class and baselines."""
    opened = work.open(arguments.model, arguments.device)
    dataset = work.read(arguments.file, arguments)
    check_roles(roles_of(arguments), dataset, opened.task)
    report = work.do(Report, "evaluate", handle=opened.handle, dataset=dataset, roles=roles_of(arguments))
    remarks = [remark_of(each) for each in report.remarks]
    return {
        "metrics": metrics_of(report),
        "per_label": {
            each.label: {"precision": each.precision, "recall": each.recall, "f1": each.f1, "support": each.support}
            for each in report.per_label
        },
        "confusion": str(Path(report.folder) / "confusion.csv") if report.confusion else "",
        "rows": report.rows,
        "split": report.split,
        "learnt": report.learnt,
        "note": fill(report.about_learnt, {"learnt": report.learnt, "rows": report.rows}),
        "facts": codec.to_json(report.facts),
        "remarks": remarks if work.screen.as_json else [],  # people heard them on the way
        "baseline": {
            each.key: {metric.key: metric.value for metric in each.metrics}
            | ({"verdict": each.verdict} if each.verdict else {})
            for each in report.baselines
        },
        "verdict": verdict_of_report(report).sentence,
    }


def metrics_of(report: Report) -> dict[str, object]:
    """Return metrics and their intervals by CLI.md's keys."""
    found: dict[str, object] = {}
    for metric in report.metrics:
        found[metric.key] = metric.value
        if metric.low is not None:
            found[f"{metric.key}_interval"] = [metric.low, metric.high]
    return found
