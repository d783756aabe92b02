"""The samples that travel with the app: something to look at before one's own file is at hand. No Qt here."""

from dataclasses import dataclass
from pathlib import Path

from slm_studio.core import paths
from slm_studio.core.tasks import all_tasks
from slm_studio.core.texts import current_language


@dataclass(frozen=True, slots=True)
class Example:
    """One sample file and what it is, as a template."""

    path: Path
    title: str


def task_shown_by(source: str) -> str:
    """Return the task that a sample was written for, "" of any other file: a plain text could be for several."""
    samples = paths.resources() / "samples"
    return next((info.key for info in all_tasks() for each in info.files if Path(source) == samples / each.path), "")


def examples() -> tuple[Example, ...]:
    """Return the samples that are here, task by task, those in the person's language first."""
    own = "zh/" if current_language().startswith("zh") else "en/"
    ordered = [
        each for info in all_tasks() for each in sorted(info.files, key=lambda sample: not sample.path.startswith(own))
    ]
    found = [Example(paths.resources() / "samples" / each.path, each.title) for each in ordered]
    return tuple(example for example in found if example.path.is_file())
