"""ContinueButton: the tasks that can go on from a model, a click away wherever one is shown."""

from functools import partial

from PySide6.QtWidgets import QWidget

from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import task_info, tasks_after
from slm_studio.core.texts import tr
from slm_studio.ui.widgets.buttons import MenuButton


class ContinueButton(MenuButton):
    """`chosen` brings the key of a task; hidden where none goes on from the model."""

    def __init__(self, *, small: bool = False, parent: QWidget | None = None) -> None:
        super().__init__("Continue with it", parent=parent)
        if small:
            self.setProperty("size", "small")
        self.hide()

    def show_model(self, model: SavedModel | None) -> None:
        """Offer what can go on from a model."""
        tasks = tasks_after(model.task) if model is not None else ()
        self.clear()
        for info in tasks:
            lends = model is not None and bool(task_info(model.task).lends)
            self.add(info.key, partial(_beginning_words, info.title) if lends else info.title)
        self.setVisible(bool(tasks))


def _beginning_words(title: str) -> str:
    return tr("{task}, beginning with these vectors", task=tr(title))
