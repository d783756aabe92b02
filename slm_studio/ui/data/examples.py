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
    about: str = ""  # the application, as a template
    language: str = ""  # of its texts: the first part of its path


def task_shown_by(source: str) -> str:
    """Return the task that a sample was written for, "" of any other file: a plain text could be for several."""
    samples = paths.resources() / "samples"
    return next((info.key for info in all_tasks() for each in info.files if Path(source) == samples / each.path), "")


def examples() -> tuple[Example, ...]:
    """Return the samples that are here, task by task and application by application, those in the person's language first."""
    own = _own_language()
    found = [
        Example(paths.resources() / "samples" / each.path, each.title, each.about, each.path.partition("/")[0])
        for info in all_tasks()
        for each in info.files
    ]
    rank = {about: number for number, about in enumerate(dict.fromkeys(each.about for each in found))}
    found.sort(key=lambda example: (rank[example.about], example.language != own))
    return tuple(example for example in found if example.path.is_file())


def applications() -> dict[str, list[Example]]:
    """Return the samples by what one would do with them, in the order of the tasks."""
    found: dict[str, list[Example]] = {}
    for example in examples():
        found.setdefault(example.about, []).append(example)
    return found


def own_examples() -> tuple[Example, ...]:
    """Return the samples in the person's language."""
    return tuple(example for example in examples() if example.language == _own_language())


def _own_language() -> str:
    return "zh" if current_language().startswith("zh") else "en"
