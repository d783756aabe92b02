"""What the contract tests feed each task: one file a task, with FODDER and, where it has several, its FORMS."""

import importlib
from dataclasses import dataclass, field
from pathlib import Path

from slm_studio.core.prompt import Cell


@dataclass(frozen=True, kw_only=True)
class Fodder:
    """A small file and what may be asked of a model that learnt from it."""

    name: str  # of the file
    rows: str  # its content
    roles: dict[str, str]
    prompts: tuple[dict[str, Cell], ...]
    settings: dict[str, object] = field(default_factory=dict)  # beside those that suit all tasks
    is_suggested: bool = True  # what the file holds says that it is for this task; else somebody has to choose it
    overfit: dict[str, object] = field(
        default_factory=dict
    )  # settings without which eight rows cannot be learnt by heart

    def write(self, folder: Path) -> Path:
        """Write the file."""
        path = folder / self.name
        path.write_text(self.rows, encoding="utf-8")
        return path


def fodder(task: str) -> Fodder:
    """Return what a task is fed; “classify/many” names one of its further forms."""
    key, _, form = task.partition("/")
    module = importlib.import_module(f"tests.tasks.{key}")
    found: Fodder = module.FORMS[form] if form else module.FODDER
    return found


def forms(task: str) -> tuple[str, ...]:
    """Return the names of a task's fodder: its own, and one for each further form that its answers or questions have."""
    further = getattr(importlib.import_module(f"tests.tasks.{task}"), "FORMS", {})
    return (task, *(f"{task}/{form}" for form in further))
