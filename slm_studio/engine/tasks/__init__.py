"""One file per task, named as in core/tasks. The folder is the registry."""

import importlib

from slm_studio.core.tasks import task_info
from slm_studio.engine.loaded import quiet_libraries
from slm_studio.engine.task import Task


def task_of(key: str) -> Task:  # type: ignore[type-arg]
    """Return the strategy of the task called `key`. Raises StudioError where there is none."""
    task_info(key)
    quiet_libraries()
    module = importlib.import_module(f"{__name__}.{key}")
    task: Task = module.TASK  # type: ignore[type-arg]
    return task
