"""slm-studio export MODEL OUT: a folder, a zip or another program's file that answers as the model does."""

import argparse
from pathlib import Path

from slm_studio.cli.command import Command, absolute, model_folder
from slm_studio.cli.flags import add_overwrite
from slm_studio.core.results import FileResult
from slm_studio.core.targets import refuse_taken
from slm_studio.core.tasks import all_tasks
from slm_studio.host.trash import throw_away


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    parser = verbs.add_parser("export", help="write a model as a folder or a zip, and check it")
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("out", metavar="OUT")
    forms = tuple(dict.fromkeys(form.key for info in all_tasks() for form in info.exports))
    parser.add_argument("--to", choices=("folder", "zip", *forms), help="default: as OUT ends, a folder or a zip")
    add_overwrite(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object]:
    """Return where it lies and what was checked."""
    out = Path(absolute(arguments.out))
    refuse_taken(out, overwrite=arguments.overwrite)
    if out.is_file():
        throw_away(out)
    kind = arguments.to or ("zip" if arguments.out.lower().endswith(".zip") else "folder")
    done = work.do(FileResult, "export", folder=str(model_folder(arguments.model)), kind=kind, out=str(out))
    return {"out": done.out, "checked": done.checked}
