"""Where a file lacks columns of the training: which of its own play their roles, and what is said of it."""

from collections.abc import Mapping

from slm_studio.core.dataset import Dataset
from slm_studio.core.events import Finished, Note
from slm_studio.core.results import Suggestion
from slm_studio.core.tasks import task_info
from slm_studio.core.texts import mark
from slm_studio.engine.data.suggesting import suggest_task


def guessed_roles(dataset: Dataset, task: str) -> dict[str, str]:
    """Return role → column as the columns look to a task."""
    (*_, last) = suggest_task(dataset, task)
    assert isinstance(last, Finished) and isinstance(last.result, Suggestion)
    return dict(last.result.roles)


def taken_for(dataset: Dataset, task: str, learnt: Mapping[str, str], role: str, column: str) -> Note:
    """Return what is said of a column that plays a role; `learnt` are the columns of the training."""
    values = {"dataset": dataset.name, "column": column}
    if role in learnt:
        message = mark("“{dataset}” has no column “{missing}”: “{column}” is taken for it.")
        return Note("role-by-guess", message, values | {"missing": learnt[role]})
    title = next(each.title for each in task_info(task).roles if each.name == role)
    message = mark("The model does not say which columns it learnt from: “{column}” is taken for “{role}”.")
    if any(learnt.values()):
        message = mark("“{dataset}” does not have the columns of training: “{column}” is taken for “{role}”.")
    return Note("role-by-guess", message, values | {"role": title})
