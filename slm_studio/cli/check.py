"""slm-studio check FILE: what would hurt a training."""

import argparse

from slm_studio.cli.command import Command
from slm_studio.cli.flags import add_reading, add_roles, flags_for, roles_of
from slm_studio.core.errors import fill
from slm_studio.core.planning import check_roles, join_roles, refuse_missing, suggested_task
from slm_studio.core.recipe import make_recipe
from slm_studio.core.results import Suggestion


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    parser = verbs.add_parser("check", help="what would hurt a training, and how to mend it")
    parser.add_argument("file", metavar="FILE", help="a file, or a folder or zip of them")
    parser.add_argument("--task", default="")
    parser.add_argument("--validation", metavar="FILE")
    parser.add_argument("--test", metavar="FILE")
    add_reading(parser)
    add_roles(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object] | None:
    """Return the findings; people are told where there are none."""
    dataset = work.read(arguments.file, arguments)
    guess = work.do(Suggestion, "suggest", dataset=dataset, task=arguments.task)
    named = roles_of(arguments)
    task = suggested_task(guess, named)
    check_roles(named, dataset, task)
    recipe = make_recipe(task, base=guess.base, roles=join_roles(guess.roles, named)).settled()
    refuse_missing(recipe, dataset, flags_for)
    findings = work.do(tuple, "check", dataset=dataset, recipe=recipe)
    if not findings and not work.screen.as_json:
        work.screen.write("Nothing that would hurt.\n")
        return None
    return {
        "findings": [
            {
                "code": each.code,
                "count": each.count,
                "rows": list(each.rows),
                "message": fill(each.message, each.told),
                "fix": each.fix,
            }
            for each in findings
        ]
    }
