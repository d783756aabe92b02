"""slm-studio clean FILE --steps A,B --out FILE: apply named cleaning steps."""

import argparse

from slm_studio.cli.command import Command, file_out
from slm_studio.cli.flags import add_bom, add_overwrite, add_reading, add_roles, roles_of
from slm_studio.cli.read import report_of
from slm_studio.core.dataset import Dataset
from slm_studio.core.planning import check_roles, join_roles, task_of_roles
from slm_studio.core.recipe import make_recipe
from slm_studio.core.results import FileResult, Suggestion


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    parser = verbs.add_parser("clean", help="apply named cleaning steps and write a new file")
    parser.add_argument("file", metavar="FILE", help="a file, or a folder or zip of them")
    parser.add_argument("--steps", required=True, help="names separated by commas, for example trim,remove_duplicates")
    parser.add_argument("--out", required=True, metavar="FILE")
    add_overwrite(parser)
    add_bom(parser)
    add_reading(parser)
    add_roles(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object]:
    """Return rows, out and report."""
    out = file_out(arguments.out, overwrite=arguments.overwrite, source=arguments.file)
    dataset = work.read(arguments.file, arguments)
    guess = work.do(Suggestion, "suggest", dataset=dataset)
    named = roles_of(arguments)
    check_roles(named, dataset)
    recipe = make_recipe(task_of_roles(guess, named), roles=join_roles(guess.roles, named))
    steps = tuple(step.strip() for step in arguments.steps.split(",") if step.strip())
    cleaned = work.do(Dataset, "clean", dataset=dataset, steps=steps, recipe=recipe)
    written = work.do(FileResult, "convert", dataset=cleaned, out=out, bom=arguments.bom)
    return {"rows": written.rows, "out": written.out, "report": report_of(cleaned)}
