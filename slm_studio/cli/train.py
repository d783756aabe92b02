"""slm-studio train FILE: from rows to a model folder."""

import argparse
import shutil
from dataclasses import replace
from pathlib import Path

from slm_studio.cli.flags import add_knobs, add_reading, add_roles, roles_of, settings_of, training_owners
from slm_studio.cli.work import Work, absolute
from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import BLANK, make_recipe
from slm_studio.core.results import Suggestion
from slm_studio.core.run import Run, create_run, find_run, save_run
from slm_studio.core.saved import SavedModel, relocate


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    parser = verbs.add_parser("train", help="train a model on a file")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--task", default="", help="classify or write (default: guessed from the columns)")
    parser.add_argument("--base", default="", help="blank:FAMILY-SIZE, a folder, one of your models, or a hub id")
    parser.add_argument("--target", default="auto", choices=("auto", "one"), help="one label a row")
    parser.add_argument("--validation", metavar="FILE", help="rows to choose the best checkpoint on")
    parser.add_argument("--test", metavar="FILE", help="rows for the one final score")
    parser.add_argument("--name", default="", help="what you call the model")
    parser.add_argument("--place", choices=("process", "thread"))
    parser.add_argument("--nproc", type=int, default=1, choices=(1,), help="processes that train together")
    add_out(parser)
    add_reading(parser)
    add_roles(parser)
    add_knobs(parser, training_owners(), "settings")
    parser.set_defaults(run=run)


def add_out(parser: argparse.ArgumentParser) -> None:
    """Add where the model goes."""
    parser.add_argument("--out", metavar="FOLDER", help="where the model goes (default: with the app's models)")
    parser.add_argument("--overwrite", action="store_true", help="replace what stands in OUT")


def run(arguments: argparse.Namespace, work: Work) -> dict[str, object]:
    """Train and return run, model, metrics and baselines."""
    out = free_out(arguments.out, arguments.overwrite)
    dataset = work.read(arguments.file, arguments)
    guess = work.do(Suggestion, "suggest", dataset=dataset, task=arguments.task)
    recipe = make_recipe(
        guess.task, base=whole_base(arguments.base) or guess.base, roles={**guess.roles, **roles_of(arguments)},
        settings=settings_of(arguments, training_owners()),
    )  # fmt: skip
    recipe = replace(recipe, name=arguments.name or (out.name if out else ""))
    for problem in recipe.problems():
        raise problem
    started = create_run(recipe, dataset)
    model = work.do(SavedModel, "train", recipe=recipe, dataset=dataset, run=started)
    return outcome(started, model, out)


def outcome(run: Run, model: SavedModel, out: Path | None) -> dict[str, object]:
    """Move the model to OUT, if one was named, and return what the command prints."""
    if out is not None:
        if out.is_dir() and any(out.iterdir()):
            shutil.rmtree(out)  # the person said --overwrite; only now that the new model stands
        model = relocate(model, out)
        save_run(replace(find_run(run.id), model=model.folder))
    intervals = {f"{key}_interval": list(pair) for key, pair in model.intervals.items()}
    return {
        "run": run.id, "model": model.folder, "task": model.task, "base": model.base, "metrics": model.metrics | intervals,
        "metrics_on": model.metrics_on, "baseline": model.baseline, "seconds": round(model.seconds, 2),
    }  # fmt: skip


def free_out(out: str | None, overwrite: bool) -> Path | None:
    """Return OUT as a path. Raises StudioError where something stands there."""
    if not out:
        return None
    path = Path(absolute(out))
    if path.is_file() or (path.is_dir() and any(path.iterdir()) and not overwrite):
        raise StudioError(
            "out-not-empty",
            "“{out}” exists and is not empty.",
            "Choose another folder, or add --overwrite.",
            out=str(path),
        )
    return path


def whole_base(base: str) -> str:
    """Return a base whose relative folder means the same in the engine's process."""
    return absolute(base) if base and not base.startswith(BLANK) and Path(base).expanduser().is_dir() else base
