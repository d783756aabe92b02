"""Train a model from a program, stop and go on."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace

from slm_studio.core import given, knobs, paths, planning
from slm_studio.core.dataset import ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Started
from slm_studio.core.recipe import Recipe
from slm_studio.core.recipes import first_step, has_taken, model_of_first, named_recipe, plan_of_first, taking
from slm_studio.core.results import Suggestion
from slm_studio.core.run import Run, create_run, find_resumable, open_run
from slm_studio.core.saved import SavedModel
from slm_studio.core.settings import load_settings
from slm_studio.core.tasks import Role, task_info
from slm_studio.face.model import Model
from slm_studio.face.reading import File, read
from slm_studio.host.secrets import token_for_base
from slm_studio.host.verbs import OnEvent, explained, run_verb


class Stopped(KeyboardInterrupt):
    """Ctrl-C was pressed while a model learnt. What it had learnt is saved; `run` names it for `resume`."""

    def __init__(self, run: str) -> None:
        super().__init__(f"stopped and saved; slm_studio.resume({run!r}) goes on")
        self.run = run


def train(
    file: File,
    task: str | None = None,
    roles: Mapping[str, str] | None = None,
    base: str | None = None,
    *,
    recipe: str = "",
    name: str = "",
    validation: File | None = None,
    test: File | None = None,
    on_event: OnEvent | None = None,
    **settings: object,
) -> Model:
    """Train a model on a file and return it. What is not named is suggested, as in the window.

    `roles` says which column plays which part ({"text": "message", "label": "team"}), `base` what to start from
    ("blank:bag-small", a folder, a hub id). `recipe` names a recipe, such as “textbook-sentiment” (all: `slm-studio train
    --recipe list`). `settings` are what a plan can have, as the flags of `slm-studio train` name it: epochs, minutes,
    learning_rate, max_length … and win over it. The run is kept, and so is the model, in its `folder` among the window's
    models, with a report on rows that it has not seen.
    """
    with explained():
        given.check_texts({"task": task, "base": base, "recipe": recipe, "name": name})
        given.check_columns("roles", roles)
        named = dict(roles or {})
        task = task or (named_recipe(recipe).task if recipe else None)
        if task:
            _plan(task, base, named, settings, recipe)  # what cannot be is said before a large file is read
        given.check_files({"validation": validation, "test": test}, needed=False)
        held = ReadOptions(validation=paths.absolute(validation), test=paths.absolute(test))
        dataset = read(file, held, on_event)
        guess = run_verb(Suggestion, "suggest", on_event, dataset=dataset, task=task or "")
        plan = _plan(planning.suggested_task(guess, named), base, named, settings, recipe)
        planning.check_roles(named, dataset, plan.task)
        plan = replace(plan, roles=planning.join_roles(guess.roles, named), name=name)
        planning.refuse_missing(plan, dataset, _as_roles)
        for problem in plan.problems():
            raise problem
        if (first := first_step(plan.named)) is not None and not has_taken(plan):
            before = plan_of_first(plan, first)
            model = (
                model_of_first(first, dataset)
                or _learn("train", create_run(before, dataset), on_event, recipe=before, dataset=dataset).saved
            )
            plan = taking(plan, model)
        run = create_run(plan, dataset)
    token = token_for_base(plan.base, load_settings())
    return _learn("train", run, on_event, recipe=plan, dataset=dataset, token=token)


def resume(run: str, *, on_event: OnEvent | None = None) -> Model:
    """Train on where a run was stopped or interrupted, and return its model. `run` is its id, or how that begins."""
    with explained():
        found = find_resumable(run)
    return _learn("resume", found, on_event, token=token_for_base(found.base, load_settings()))


def _learn(verb: str, run: Run, on_event: OnEvent | None, **arguments: object) -> Model:
    """Train a run to its end. Stopped by Ctrl-C, or by whatever `on_event` raises, it can be resumed."""
    has_begun = False

    def hear(event: Event) -> None:
        nonlocal has_begun
        has_begun = has_begun or isinstance(event, Started)
        if on_event is not None:
            on_event(event)

    try:
        return Model(run_verb(SavedModel, verb, hear, run=run, **arguments), load_settings().device)
    except StudioError as error:
        if has_begun or verb == "resume":
            error.add_note(f"slm_studio.resume({run.id!r}) goes on.")
        else:
            shutil.rmtree(run.path, ignore_errors=True)  # a plan that cannot begin leaves nothing behind
        raise
    except KeyboardInterrupt as error:
        if open_run(run.path).can_resume:  # it may have ended just then
            raise Stopped(run.id) from error
        raise


def _plan(task: str, base: str | None, roles: Mapping[str, str], settings: Mapping[str, object], named: str) -> Recipe:
    names = [each.name for owner in (Recipe, task_info(task).options) for each in knobs.knobs(owner)]
    for name in settings:
        knobs.check_name("setting", name, names)
    return planning.make_plan(task, base or "", roles, settings, named)


def _as_roles(roles: Sequence[Role]) -> str:
    return "roles={" + ", ".join(f'"{role.name}": "COLUMN"' for role in roles) + "}"
