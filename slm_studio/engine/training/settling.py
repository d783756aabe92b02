"""What a recipe left to the rows: the task's own decisions, and the length of a named recipe that fits itself to them."""

from dataclasses import replace

import numpy as np

from slm_studio.core.dataset import Dataset
from slm_studio.core.recipe import Recipe
from slm_studio.core.recipes import fitted_length
from slm_studio.engine.data.rows import open_rows
from slm_studio.engine.task import Task, few, text_lengths

CUT = 0.5  # share of the texts beyond which a length cuts too many
READ = 0.9  # share of the texts that a fitted length reads whole
STEP, LONGEST = 8, 256  # a fitted length is a multiple of the one, and at most the other


def settle(task: Task, recipe: Recipe, dataset: Dataset) -> Recipe:
    """Return the recipe with everything decided that hangs on the rows."""
    recipe = task.settle(recipe, dataset)
    if fitted_length(recipe) is None:
        return recipe
    lengths_N = text_lengths(task.texts(few(open_rows(dataset, recipe))))
    if not len(lengths_N) or (lengths_N > (recipe.max_length or 0)).mean() <= CUT:
        return recipe
    wanted = int(np.ceil(np.quantile(lengths_N, READ) / STEP)) * STEP
    return replace(recipe, max_length=min(LONGEST, wanted))
