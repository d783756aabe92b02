"""slm-studio read FILE: what is in a file, and what could be learnt from it."""

import argparse

from slm_studio.cli.flags import add_reading
from slm_studio.cli.work import Work
from slm_studio.core import codec
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
        "report": codec.to_json(dataset.report),
        "suggested": {"task": guess.task, "roles": guess.roles},
    }
