"""What a screen must know of every task. The folder is the registry: one file per task, each with an INFO."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from slm_studio.core.errors import StudioError
from slm_studio.core.knobs import knobs
from slm_studio.core.tasks.info import Code, Family, Form, Role, Size, TaskInfo

__all__ = ["Code", "Family", "Form", "Role", "Size", "TaskInfo", "all_tasks", "task_info", "tasks_after"]


@cache
def all_tasks() -> tuple[TaskInfo, ...]:
    """Return every task in the order in which a person should meet them."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if module.name != "info"]
    infos = [importlib.import_module(f"{__name__}.{name}").INFO for name in names]
    return tuple(sorted(infos, key=lambda info: info.order))


def task_info(key: str) -> TaskInfo:
    """Return the task called `key`. Raises StudioError where there is none."""
    for info in all_tasks():
        if info.key == key:
            return info
    raise StudioError(
        "no-such-task",
        "There is no task “{task}”.",
        "Choose one of: {tasks}.",
        task=key,
        tasks=", ".join(info.key for info in all_tasks()),
    )


def tasks_after(key: str) -> tuple[TaskInfo, ...]:
    """Return the other tasks that can go on from a model of a task, or begin with what it lends."""
    lends = next((info.lends for info in all_tasks() if info.key == key), "")
    return tuple(
        info
        for info in all_tasks()
        if key and (key in info.continues or lends in (each.name for each in knobs(info.options)))
    )


def info_of(key: str, facts: Mapping[str, object]) -> TaskInfo:
    """Return the task called `key` as facts of a model (or report) have it. Raises StudioError where there is none."""
    return task_info(key).shaped(facts)
