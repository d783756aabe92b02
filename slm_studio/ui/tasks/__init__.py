"""One view per task, named as in core/tasks. The folder is the registry: each module has a VIEW, and CARDS where its report needs one of its own."""

import importlib
import importlib.util

from slm_studio.ui.tasks.view import ReportCard, TaskView


def view_of(task: str) -> type[TaskView] | None:
    """Return the view of a task, or None where there is none yet."""
    if not task.isidentifier() or task == "view" or importlib.util.find_spec(f"{__name__}.{task}") is None:
        return None
    view: type[TaskView] = importlib.import_module(f"{__name__}.{task}").VIEW
    return view


def cards_of(task: str) -> tuple[type[ReportCard], ...]:
    """Return the cards that a report of this task has beyond those that all reports have."""
    if view_of(task) is None:
        return ()
    cards: tuple[type[ReportCard], ...] = getattr(importlib.import_module(f"{__name__}.{task}"), "CARDS", ())
    return cards
