"""The playground of every task that the registry names, each with a tiny model in it and an answer standing."""

import json
from pathlib import Path

from PySide6.QtTest import QTest

import slm_studio
from slm_studio.core import paths
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import all_tasks, task_info
from slm_studio.core.texts import tr
from slm_studio.ui.parts.forms import KnobForm
from slm_studio.ui.playground.answering import OPEN
from slm_studio.ui.shell.main_window import MainWindow
from slm_studio.ui.tasks import TaskView
from slm_studio.ui.tasks.view import QuickView
from slm_studio.ui.widgets.table import Table
from tests.ui.places import until

TASKS = [info.key for info in all_tasks()]
# Lines of a file to learn from: of tags a word stands on each, and word vectors need words that come again.
LINES = {"tag": 300, "words": 160, "chat": 24, "rank": 30, "write": 30, "classify": 40}
FEW_LINES = 60
PLAN = {
    "tag": {"epochs": 30, "learning_rate": 0.01},
    "chat": {"max_length": 64},
    "write": {"max_length": 32},
}  # what one epoch on so little does not bring; what is slow
TOKENS = 12  # of an answer that is written


def little_model(task: str) -> SavedModel:
    """Train the smallest model of a task's first family on the beginning of its first sample."""
    info = task_info(task)
    base = f"blank:{info.families[0].key}-{info.families[0].sizes[0].key}"
    file = beginning_of(paths.resources() / "samples" / info.files[0].path, task)
    return slm_studio.train(file, task, base=base, **{"epochs": 1} | PLAN.get(task, {})).saved


def beginning_of(path: Path, task: str) -> Path:
    """Write the beginning of a sample beside the models, and return it."""
    short = paths.home() / path.name
    short.parent.mkdir(parents=True, exist_ok=True)
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        whole = json.loads(text)
        text = json.dumps(whole | {"data": whole["data"][:8]})
    else:
        text = "".join(text.splitlines(keepends=True)[: LINES.get(task, FEW_LINES)])
    short.write_text(text, encoding="utf-8")
    return short


def answered(window: MainWindow, model: SavedModel) -> TaskView:
    """Try a model until an answer stands: to what its view offers as an example, or else to the example of its task."""
    window.session.set_model(model)
    window.show_place("playground")
    panel = window.panel("playground")
    until(lambda: panel.answering.state == OPEN or not panel.problem.isHidden(), 60)
    assert panel.problem.isHidden(), panel.problem.error
    until(lambda: not window.jobs.is_busy, 60)
    view = panel.view
    for form in view.findChildren(KnobForm):
        if "max_new_tokens" in form.values():
            form.set_values({"max_new_tokens": TOKENS})
    examples = getattr(view, "examples", None)
    if isinstance(examples, Table) and examples.model().rowCount():
        examples.row_opened.emit(0)
    else:
        view.fill(str(next(iter(model.facts.get("common") or ()), tr(model.info.example))))
        view.primary()
    QTest.qWait(20)
    until(lambda: not window.jobs.is_busy and not panel.answering.is_busy, 60)
    assert panel.problem.isHidden(), panel.problem.error
    assert not isinstance(view, QuickView) or view.answers(), model.task
    return view
