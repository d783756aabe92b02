"""slm-studio train FILE: from rows to a model folder."""

import argparse
import shutil
from dataclasses import replace

from slm_studio.cli.command import Command
from slm_studio.cli.destination import Destination, add_out, destination_of
from slm_studio.cli.flags import (
    RecipeList,
    TaskHelp,
    add_reading,
    add_roles,
    add_training_knobs,
    check_settings,
    flags_for,
    roles_of,
    settings_of,
    training_owners,
)
from slm_studio.core import planning
from slm_studio.core.dataset import NO_ROWS, RAGGED, Dataset
from slm_studio.core.errors import StudioError, Value
from slm_studio.core.events import Note
from slm_studio.core.recipe import BLANK, Recipe, split_base
from slm_studio.core.recipes import (
    RECIPES,
    NamedRecipe,
    first_step,
    has_taken,
    model_of_first,
    named_recipe,
    plan_of_first,
    taking,
)
from slm_studio.core.results import Suggestion
from slm_studio.core.run import Run, create_run, find_run, save_run
from slm_studio.core.run_notes import notes_json
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import all_tasks, task_info
from slm_studio.core.verdict import verdict_of_model
from slm_studio.host.secrets import token_for_base

TO_COME = {"nproc": ("1",)}  # flags of a later version, and what they may say today
SHOWN = 5  # places that a sentence names
PUZZLES = ("engine-died", "unexpected", "native-panic")  # their details stand in the run's folder


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    parser = verbs.add_parser("train", help="train a model on a file", add_help=False)
    parser.add_argument("-h", "--help", nargs=0, action=TaskHelp, help="show this; after --task what matters for it")
    parser.add_argument("file", metavar="FILE", help="a file, or a folder or zip of them")
    parser.add_argument(
        "--task",
        default="",
        help=f"{' or '.join(info.key for info in all_tasks())} (default: guessed from the columns)",
    )
    parser.add_argument("--base", default="", help="blank:FAMILY-SIZE, a folder, one of your models, or a hub id")
    parser.add_argument(
        "--recipe",
        default="",
        action=RecipeList,
        metavar="NAME",
        help=f"a named recipe, over which other flags win: {', '.join(each.key for each in RECIPES)}; list tells of each",
    )
    parser.add_argument("--validation", metavar="FILE", help="rows to choose the best checkpoint on")
    parser.add_argument("--test", metavar="FILE", help="rows for the one final score")
    parser.add_argument("--name", default="", help="what you call the model")
    parser.add_argument("--place", choices=("process", "thread"))
    for name in TO_COME:
        parser.add_argument(f"--{name}", help=argparse.SUPPRESS)
    add_out(parser)
    add_reading(parser)
    add_roles(parser)
    add_training_knobs(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object]:
    """Train and return run, model, metrics and baselines."""
    refuse_to_come(arguments)
    out = destination_of(arguments, beside=(arguments.file, arguments.validation, arguments.test))
    settings = settings_of(arguments, training_owners())
    of_recipe = named_recipe(arguments.recipe).task if arguments.recipe else ""
    task = arguments.task or of_recipe or implied_task(arguments)
    if task:
        make_plan(task, arguments, settings)  # what cannot be is said before a large file is read
    dataset = work.read(arguments.file, arguments)
    tell_damage(dataset, work)
    guess = work.do(Suggestion, "suggest", dataset=dataset, task=task)
    named = roles_of(arguments)
    recipe = make_plan(planning.suggested_task(guess, named), arguments, settings)
    planning.check_roles(named, dataset, recipe.task)
    recipe = replace(
        recipe, roles=planning.join_roles(guess.roles, named), name=arguments.name or (out.path.name if out else "")
    )
    refuse_missing(recipe, dataset, arguments, is_implied=not (arguments.task or of_recipe))
    for problem in recipe.problems():
        raise problem
    if (first := first_step(recipe.named)) is not None and not has_taken(recipe):
        recipe = taking(recipe, model_before(recipe, first, dataset, work))
    token = token_for_base(recipe.base, work.settings)
    started = create_run(recipe, dataset)
    started = started if out is None else out.remember(started)
    try:
        model = work.do(SavedModel, "train", recipe=recipe, dataset=dataset, run=started, token=token)
    except (StudioError, OSError) as error:
        if not work.has_begun and getattr(error, "code", "") not in PUZZLES:
            shutil.rmtree(started.path, ignore_errors=True)  # what never began leaves nothing behind
        elif isinstance(error, StudioError):
            raise and_how_to_resume(error, started) from error
        raise
    return outcome(started, model, out)


def model_before(recipe: Recipe, first: NamedRecipe, dataset: Dataset, work: Command) -> SavedModel:
    """Return the model of the step before a recipe: the newest that learnt from these rows, or one that is trained now."""
    if (known := model_of_first(first, dataset)) is not None:
        work.screen.say(f"First step: {first.title}, taken from the model “{known.name}” of these rows.")
        return known
    plan = plan_of_first(recipe, first)
    within = f", {recipe.minutes:g} minutes at most each" if recipe.minutes else ""
    work.screen.say(f"First step: {first.title}. Then: {named_recipe(recipe.named).title}{within}.")
    work.screen.say("Stopped in the first, resume it to its end; this command then goes on with the second.")
    model = work.do(SavedModel, "train", recipe=plan, dataset=dataset, run=create_run(plan, dataset), token="")
    work.screen.say(f"The first step is kept as the model “{model.name}”.")
    return model


def tell_damage(dataset: Dataset, work: Command) -> None:
    """Say what of the file is missing among the rows, or was put right, and where it stands."""
    for each in dataset.report.remarks:
        if each.code not in (*NO_ROWS, *RAGGED):
            continue
        where: dict[str, Value] = {}
        if each.rows:
            shown = ", ".join(f"{place + (not each.in_lines):,}" for place in each.rows[:SHOWN])
            where = {"kind": "line" if each.in_lines else "row", "places": shown + " …" * (each.count > SHOWN)}
        message = f"{each.message} ({{kind}} {{places}})" if where else each.message
        work.screen.event(Note(each.code, message, each.told | where))


def refuse_to_come(arguments: argparse.Namespace) -> None:
    """Refuse what the command line will know one day, unless it asks for what there is today. Raises StudioError."""
    for name, today in TO_COME.items():
        asked = getattr(arguments, name)
        if asked is not None and asked not in today:
            raise StudioError(
                "not-yet",
                "This version does not know --{name} {value} yet.",
                "Leave out --{name}.",
                name=name,
                value=asked,
            )


def implied_task(arguments: argparse.Namespace) -> str:
    """Return the only task that has the roles and the family of base that were named, or "" where several have."""
    family = split_base(arguments.base)[0] if arguments.base.startswith(BLANK) else ""
    fitting = [
        info.key
        for info in all_tasks()
        if set(roles_of(arguments)) <= {role.name for role in info.roles}
        and (not family or family in {each.key for each in info.families})
    ]
    return fitting[0] if len(fitting) == 1 else ""


def refuse_missing(recipe: Recipe, dataset: Dataset, arguments: argparse.Namespace, *, is_implied: bool) -> None:
    """Refuse a recipe that lacks columns. Raises StudioError; where the base alone implied the task, that is said first."""
    try:
        planning.refuse_missing(recipe, dataset, flags_for)
    except StudioError as error:
        if not (is_implied and arguments.base.startswith(BLANK) and implied_task(arguments) == recipe.task):
            raise
        info = task_info(recipe.task)
        about = "; ".join(f"“{role.title}” holds {role.help}" for role in info.missing(recipe.chosen))
        raise StudioError(
            error.code,
            "“{base}” belongs to the task “{task}”, and no column is chosen for {roles}.",
            error.hint + " {about}. To learn another task from these columns, name it (--task), or leave out --base.",
            **error.values | {"base": arguments.base, "task": info.key, "about": about},
        ) from error


def make_plan(task: str, arguments: argparse.Namespace, settings: dict[str, object]) -> Recipe:
    """Return the recipe that the flags ask for. Raises StudioError where a setting or the base cannot be."""
    check_settings(settings, task)
    return planning.make_plan(task, arguments.base, roles_of(arguments), settings, arguments.recipe)


def and_how_to_resume(error: StudioError, run: Run) -> StudioError:
    """Return an error that ended a run, with the command by which the run goes on."""
    hint = f"{error.hint} Go on with: slm-studio runs resume {{resumed}}".lstrip()
    return StudioError(error.code, error.message, hint, **(error.values | {"resumed": run.id}))


def outcome(run: Run, model: SavedModel, out: Destination | None) -> dict[str, object]:
    """Move the model to OUT, if one was named, and return what the command prints."""
    if out is not None:
        model = out.take(model)
        save_run(replace(find_run(run.id), model=model.folder))
    intervals = {f"{key}_interval": list(pair) for key, pair in model.intervals.items()}
    return {
        "run": run.id, "model": model.folder, "task": model.task, "base": model.base, "metrics": model.metrics | intervals,
        "metrics_on": model.metrics_on, "baseline": model.baseline, "verdict": verdict_of_model(model).sentence, "seconds": round(model.seconds, 2),
        "notes": notes_json(run),
    }  # fmt: skip
