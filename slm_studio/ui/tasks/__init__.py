"""One view per task, named as in core/tasks. The folder is the registry: each module has a VIEW."""

import importlib
import importlib.util

from slm_studio.ui.tasks.view import TaskView


def view_of(task: str) -> type[TaskView] | None:
    """Return the view of a task, or None where there is none yet."""
    if not task.isidentifier() or task == "view" or importlib.util.find_spec(f"{__name__}.{task}") is None:
        return None
    view: type[TaskView] = importlib.import_module(f"{__name__}.{task}").VIEW
    return view
