"""Checks: what in the rows would hurt a model, counted, with examples, the cost and the step that mends it.

Common ones go by how a task's roles are read; a task may have checks of its own, in the file of its name.
"""

import importlib
from collections.abc import Iterator
from importlib.util import find_spec

from slm_studio.core.dataset import Dataset, Finding
from slm_studio.core.events import Event, Finished, Progress
from slm_studio.core.recipe import Recipe
from slm_studio.core.texts import mark
from slm_studio.engine.data.checks import common
from slm_studio.engine.data.checks.look import LOOKED_AT, Check, Look
from slm_studio.engine.data.rows import open_table


def check_dataset(dataset: Dataset, recipe: Recipe) -> Iterator[Event]:
    """Look for what would hurt. Ends in Finished(tuple[Finding, …]), the serious ones first."""
    roles = {role: column for role, column in recipe.roles.items() if column and dataset.column(column)}
    look = Look(dataset, recipe, open_table(dataset.part()).slice(0, LOOKED_AT), roles)
    checks = (*own_checks(recipe.task), *common.CHECKS)
    found: list[Finding] = []
    for done, check in enumerate(checks):
        yield Progress(mark("Checking rows"), done, len(checks))
        found.extend(check(look))
    yield Finished(tuple(sorted(found, key=lambda each: not each.serious)))


def own_checks(task: str) -> tuple[Check, ...]:
    """Return the checks that only this task has."""
    name = f"{__name__}.{task}"
    checks: tuple[Check, ...] = importlib.import_module(name).CHECKS if find_spec(name) else ()
    return checks
