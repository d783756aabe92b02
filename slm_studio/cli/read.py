"""slm-studio read FILE: what is in a file, and what could be learnt from it."""

import argparse

from slm_studio.cli.flags import add_reading
from slm_studio.cli.work import Work
from slm_studio.core import codec
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import fill
from slm_studio.core.results import Suggestion


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    parser = verbs.add_parser("read", help="what is in a file, and what could be learnt from it")
    parser.add_argument("file", metavar="FILE")
    add_reading(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, work: Work) -> dict[str, object]:
    """Return rows, columns, report and suggestion."""
    dataset = work.read(arguments.file, arguments)
    guess = work.do(Suggestion, "suggest", dataset=dataset)
    columns = [
        {"name": each.name, "kind": each.kind, "filled": each.filled, "distinct": each.distinct}
        for each in dataset.columns
    ]
    return {
        "rows": dataset.rows,
        "columns": columns,
        "report": report_of(dataset),
        "suggested": {"task": guess.task, "roles": guess.roles},
    }


def report_of(dataset: Dataset) -> dict[str, object]:
    """Return how the file was understood, its remarks as whole sentences."""
    report = codec.to_json(dataset.report)
    assert isinstance(report, dict)
    remarks = [
        {"code": each.code, "count": each.count, "rows": list(each.rows),
         "message": fill(each.message, {"count": each.count, **(each.values or {})})}
        for each in dataset.report.remarks
    ]  # fmt: skip
    return report | {"remarks": remarks}
