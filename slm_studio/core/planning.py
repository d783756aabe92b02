"""From a file's columns and what a person named to a recipe: the same for the command line and for programs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from slm_studio.core import paths
from slm_studio.core.addresses import base_of
from slm_studio.core.bases import absent
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import BLANK, Recipe, split_base
from slm_studio.core.recipes import plan_of
from slm_studio.core.results import Suggestion
from slm_studio.core.settings import load_settings
from slm_studio.core.tasks import Role, all_tasks, task_info
from slm_studio.core.tasks.info import CONTINUED

SHOWN = 20  # columns that a sentence names


def join_roles(guessed: Mapping[str, str], named: Mapping[str, str]) -> dict[str, str]:
    """Return the roles as named, the rest as guessed; a column that was named is guessed for nothing else."""
    return {role: column for role, column in guessed.items() if column not in named.values()} | dict(named)


def task_of_roles(guess: Suggestion, named: Mapping[str, str]) -> str:
    """Return the first task, the suggested one before all, that has every role that was named."""
    for key in (guess.task, *(info.key for info in all_tasks())):
        if key and set(named) <= {role.name for role in task_info(key).roles}:
            return key
    return all_tasks()[0].key


def suggested_task(guess: Suggestion, named: Mapping[str, str]) -> str:
    """Return the suggested task; where nothing was found to learn, the first one for which the named columns are enough.

    Raises StudioError where they are not.
    """
    if guess.task:
        return guess.task
    for info in all_tasks():
        if named and set(named) <= {role.name for role in info.roles} and not info.missing(named):
            return info.key
    raise StudioError(
        "nothing-to-learn",
        guess.reason,
        "Choose another file, or name the column that holds the texts: --text COLUMN.",
        **guess.said(),
    )


def check_roles(roles: Mapping[str, str], dataset: Dataset, task: str = "") -> None:
    """Refuse a role that the task does not have, and a column that the file does not have. Raises StudioError."""
    columns = [column.name for column in dataset.columns]
    for role, column in roles.items():
        known = [each.name for each in task_info(task).roles] if task else [role]
        if role not in known:
            raise StudioError(
                "no-such-role",
                "The task “{task}” has no role “{role}”.",
                "Its roles are: {roles}.",
                task=task,
                role=role,
                roles=", ".join(known),
            )
        if column not in columns:
            raise StudioError(
                "no-such-column",
                "“{dataset}” has no column “{column}”.",
                "Its columns are: {columns}.",
                dataset=dataset.name,
                column=column,
                columns=", ".join(columns),
            )


def refuse_missing(recipe: Recipe, dataset: Dataset, named: Callable[[Sequence[Role]], str]) -> None:
    """Refuse a recipe that lacks columns. Raises StudioError, which says how to name them and which there are.

    `named` writes some roles as they are named here. Example: of text and label "--text COLUMN --label COLUMN"
    """
    ways = task_info(recipe.task).lacking(recipe.chosen)
    if not ways:
        return
    columns = [column.name for column in dataset.columns]
    raise StudioError(
        "role-missing",
        "No column is chosen for {roles}.",
        "Add {ways}. The columns of “{dataset}” are: {columns}.",
        roles=", or else for ".join(" and ".join(f"“{role.title}”" for role in way) for way in ways),
        ways=", or else ".join(map(named, ways)),
        dataset=dataset.name,
        columns=", ".join([*columns[:SHOWN], *(["…"] if len(columns) > SHOWN else [])]),
    )


def refuse_family(task: str, base: str) -> None:
    """Refuse a fresh net of a family that other tasks have, and this one has not. Raises StudioError, which names them."""
    info, family = task_info(task), split_base(base)[0]
    if family in {each.key for each in info.families}:
        return
    owners = [each.key for each in all_tasks() if family in {one.key for one in each.families}]
    if owners:
        raise StudioError(
            "family-of-another-task",
            "The task “{task}” has no model family “{family}”.",
            "“{family}” belongs to: {tasks}. Name the one that you want (--task), or choose one of: {families}.",
            task=task,
            family=family,
            tasks=", ".join(owners),
            families=", ".join(each.key for each in info.families if each.key != CONTINUED),
        )


def whole_base(base: str) -> str:
    """Return a base as the recipe names it: a relative folder means the same in the engine's process, a page is its id."""
    if not base or base.startswith(BLANK):
        return base
    return paths.absolute(base) if Path(base).expanduser().is_dir() else base_of(base, load_settings().endpoint)


def make_plan(
    task: str, base: str, roles: Mapping[str, str], settings: Mapping[str, object], named: str = ""
) -> Recipe:
    """Return a recipe whose roles may still be missing; `named` is the key of a named recipe beneath the settings.

    Raises StudioError where a setting, the base or the name cannot be.
    """
    refuse_family(task, base)
    recipe = plan_of(task, named=named, base=whole_base(base), roles=roles, settings=settings)
    recipe.settled()  # knows families and sizes
    for problem in recipe.problems():
        if problem.code != "role-missing":
            raise problem
    if (error := absent(recipe)) is not None:
        raise error
    return recipe
