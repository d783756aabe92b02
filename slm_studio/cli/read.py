"""slm-studio read FILE: what is in a file, and what could be learnt from it."""

import argparse

from slm_studio.cli.command import Command
from slm_studio.cli.flags import add_reading
from slm_studio.core import codec
from slm_studio.core.dataset import Column, Dataset, Remark, counted, is_capped
from slm_studio.core.errors import fill
from slm_studio.core.results import Evidence, Suggestion


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    parser = verbs.add_parser("read", help="what is in a file, and what could be learnt from it")
    parser.add_argument("file", metavar="FILE", help="a file, or a folder or zip of them")
    add_reading(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object]:
    """Return rows, columns, report and suggestion."""
    dataset = work.read(arguments.file, arguments)
    guess = work.do(Suggestion, "suggest", dataset=dataset)
    return {
        "rows": dataset.rows,
        "columns": [column_of(each, for_people=not work.screen.as_json) for each in dataset.columns],
        "report": report_of(dataset),
        "suggested": suggestion_of(guess),
    }


def column_of(column: Column, *, for_people: bool) -> dict[str, object]:
    """Return what is known of a column. A count that stopped is “10,000+” for people; programs get a key that says so."""
    plain: dict[str, object] = {"name": column.name, "kind": column.kind, "filled": column.filled}
    if for_people:
        return plain | {"distinct": counted(column.distinct)}
    return plain | {"distinct": column.distinct} | ({"distinct_capped": True} if is_capped(column.distinct) else {})


def suggestion_of(guess: Suggestion) -> dict[str, object]:
    """Return what we would do, why, and which other columns fit, as whole sentences."""
    return {
        "task": guess.task,
        "roles": guess.roles,
        "reason": fill(guess.reason, guess.said()),
        "runners_up": [
            {"role": each.role, "column": each.column, "labels": each.labels, **_evidence(each.evidence),
             "message": fill(each.message, each.values)}
            for each in guess.runners_up
        ],
        "remarks": [remark_of(each) for each in guess.remarks],
    }  # fmt: skip


def _evidence(evidence: Evidence) -> dict[str, object]:
    return {
        "contradictions": evidence.contradictions,
        "right": round(evidence.right, 4),
        "usual": round(evidence.usual, 4),
    }


def report_of(dataset: Dataset) -> dict[str, object]:
    """Return how the file was understood, its remarks as whole sentences."""
    report = codec.to_json(dataset.report)
    assert isinstance(report, dict)
    return report | {"remarks": [remark_of(each) for each in dataset.report.remarks]}


def remark_of(remark: Remark) -> dict[str, object]:
    """Return a remark as a whole sentence, with the first rows that it is about."""
    return {
        "code": remark.code,
        "count": remark.count,
        "rows": list(remark.rows),
        "message": fill(remark.message, remark.told),
    }
