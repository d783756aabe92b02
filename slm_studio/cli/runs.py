"""slm-studio runs list | show | resume | keep | delete."""

import argparse

from slm_studio.cli.command import Command
from slm_studio.cli.destination import add_out, destination_of, destination_of_run
from slm_studio.cli.train import and_how_to_resume, outcome
from slm_studio.cli.usage import whole_number
from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import recipe_to_json
from slm_studio.core.run import RUNNING, Run, find_resumable, find_run, list_runs, recipe_of
from slm_studio.core.run_notes import notes_json
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import task_info
from slm_studio.host.secrets import token_for_base
from slm_studio.host.trash import throw_away


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb and what can be done with runs."""
    parser = verbs.add_parser("runs", help="list, show, resume, keep or delete runs")
    actions = parser.add_subparsers(required=True, metavar="ACTION", parser_class=type(parser))
    actions.add_parser("list", help="all runs, newest first").set_defaults(run=show_all)
    _one(actions, "show", "what is known of a run").set_defaults(run=show)
    resume_ = _one(actions, "resume", "train on from the last checkpoint")
    resume_.add_argument("--place", choices=("process", "thread"))
    add_out(resume_)
    resume_.set_defaults(run=resume)
    keep_ = _one(actions, "keep", "make a model of a checkpoint")
    keep_.add_argument("--checkpoint", type=whole_number, metavar="STEP", help="which one (default: the best so far)")
    add_out(keep_)
    keep_.set_defaults(run=keep)
    _one(actions, "delete", "move a run to the app's trash").set_defaults(run=delete)


def show_all(arguments: argparse.Namespace, work: Command) -> dict[str, object] | None:
    """Return all runs; people see one line a run, with the metric that decides."""
    runs = list_runs()
    if work.screen.as_json:
        return {"runs": [summary(run) for run in runs]}
    if not runs:
        work.screen.say("There are no runs yet. Start one with: slm-studio train FILE")
        return None
    rows = [(run.id, run.state, run.task, run.base, run.step, _best_of(run)) for run in runs]
    work.screen.table("", ("id", "state", "task", "base", "steps", "score"), rows)
    return None


def show(arguments: argparse.Namespace, work: Command) -> dict[str, object]:
    """Return one run with what was said of it, and its recipe."""
    run = find_run(arguments.id)
    return summary(run) | {
        "folder": run.folder, "out": run.out, "problem": run.problem, "notes": notes_json(run), "recipe": recipe_to_json(recipe_of(run)),
    }  # fmt: skip


def resume(arguments: argparse.Namespace, work: Command) -> dict[str, object]:
    """Train on; ends as `train` does."""
    run = find_resumable(arguments.id)
    out = destination_of_run(arguments, run)
    run = run if out is None else out.remember(run)
    try:
        model = work.do(SavedModel, "resume", run=run, token=token_for_base(run.base, work.settings))
    except StudioError as error:
        raise and_how_to_resume(error, run) from error
    return outcome(run, model, out)


def keep(arguments: argparse.Namespace, work: Command) -> dict[str, object]:
    """Make a model of a checkpoint."""
    out = destination_of(arguments)
    run = find_run(arguments.id)
    return outcome(run, work.do(SavedModel, "keep", run=run, checkpoint=arguments.checkpoint), out)


def delete(arguments: argparse.Namespace, work: Command) -> dict[str, object]:
    """Move a run to the trash; its model stays."""
    run = find_run(arguments.id)
    if run.state == RUNNING:
        raise StudioError("run-busy", "The run “{run}” is at work.", "Stop it first.", run=run.id)
    return {"deleted": run.id, "trash": str(throw_away(run.path).place or "")}


def summary(run: Run) -> dict[str, object]:
    """Return a run as CLI.md lists it."""
    return {
        "id": run.id, "state": run.state, "task": run.task, "base": run.base, "steps": run.step, "metrics": run.metrics or {}, "created": run.created,
        "model": run.model,
    }  # fmt: skip


def _best_of(run: Run) -> str:
    for key in dict.fromkeys([*task_info(run.task).fitting(run.metrics or {}).shown, *(run.metrics or {})]):
        if key in (run.metrics or {}):
            return f"{key} {(run.metrics or {})[key]:.4g}"
    return ""


def _one(actions: argparse._SubParsersAction, name: str, text: str) -> argparse.ArgumentParser:  # type: ignore[type-arg]
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text)
    parser.add_argument("id", metavar="ID")
    return parser
