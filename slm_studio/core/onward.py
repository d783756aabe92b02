"""Onward: from a finished model to the next plan, either from its net or, as word vectors are, from what it lends."""

from collections.abc import Mapping
from pathlib import Path

from slm_studio.core import paths
from slm_studio.core.dataset import Dataset, open_dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import BLANK, Recipe
from slm_studio.core.recipes import plan_of, second_step
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import TaskInfo, task_info
from slm_studio.core.tasks.info import CONTINUED


def plan_onward(model: SavedModel, task: str, roles: Mapping[str, str]) -> Recipe:
    """Return the plan of a task that goes on from a model: the second step of the recipe that made it, where it has one."""
    named, lends = second_step(model, task), task_info(model.task).lends
    if not lends:
        return plan_of(task, named=named, base=model.folder, roles=roles)
    base = "" if named else _base_that_takes(lends, task_info(task))
    return plan_of(task, named=named, base=base, roles=roles, settings={lends: model.folder})


def goes_on_from(recipe: Recipe, model: SavedModel) -> bool:
    """Say whether a plan begins with a model, or with what it lends."""
    lends = task_info(model.task).lends
    return model.folder == (getattr(recipe.options, lends, "") if lends else recipe.base)


def rows_of(model: SavedModel) -> Dataset | None:
    """Return the rows that a model learnt from, where they still stand in the app's folder."""
    folder = paths.datasets() / model.dataset
    if not model.dataset or Path(model.dataset).name != model.dataset:
        return None
    try:
        dataset = open_dataset(folder)
    except StudioError:
        return None  # deleted meanwhile, or learnt on another computer
    return dataset if dataset.fingerprint == model.fingerprint and dataset.part().is_file() else None


def _base_that_takes(knob: str, info: TaskInfo) -> str:
    """Return the base of the first family whose nets heed a knob."""
    family = next(each for each in info.families if each.key != CONTINUED and knob not in each.unused)
    return f"{BLANK}{family.key}-{family.default_size}"
