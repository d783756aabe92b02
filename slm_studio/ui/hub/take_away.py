"""TakeAwayCard: export the chosen model as a folder, a zip or a file of other programs, checked against the model here."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from slm_studio.core.events import Progress
from slm_studio.core.results import FileResult
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import Form, task_info
from slm_studio.core.texts import say
from slm_studio.ui.widgets.banner import Banner
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.emptying import empty
from slm_studio.ui.widgets.flow import Flow
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.progress import Progress as ProgressLine


class TakeAwayCard(Card):
    """Emits the kind of export; shows how it goes and what was checked."""

    requested = Signal(str)  # folder | zip | the key of a form of the task
    stop_requested = Signal()
    folder_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Take it with you", parent=parent)
        self.folder_button = Button("Folder", icon_name="folder")
        self.zip_button = Button("Zip", icon_name="file")
        self.stop_button = Button("Stop", icon_name="stop", small=True)
        row = QHBoxLayout()
        choices = QWidget()
        self.forms: dict[str, Button] = {}  # in which other programs read models of its task
        self._choices = Flow(choices, gap=8)
        for button in (self.folder_button, self.zip_button):
            self._choices.addWidget(button)
        row.addWidget(choices, 1)
        row.addWidget(self.stop_button)
        self.body.addLayout(row)
        self.progress = ProgressLine()
        self.done = Banner("", tone="good", action="Show the folder")
        self._out = self._model = ""
        self.add(self.progress)
        self.add(Text("Each export is opened again and must answer as the model here does.", "muted", wrap=True))
        self.add(self.done)
        self.set_idle()
        self.folder_button.clicked.connect(self._on_folder_clicked)
        self.zip_button.clicked.connect(self._on_zip_clicked)
        self.stop_button.clicked.connect(self.stop_requested)
        self.done.acted.connect(self._on_done_acted)

    def show_model(self, model: SavedModel) -> None:
        """Take a model; what was said of another one goes."""
        if model.folder != self._model:
            self._model = model.folder
            self.done.hide()
            self._offer(task_info(model.task).exports if model.task else ())

    def _offer(self, forms: Sequence[Form]) -> None:
        empty(self._choices, keep=2)
        self.forms = {form.key: Button(form.title, icon_name="file") for form in forms}
        for key, button in self.forms.items():
            button.clicked.connect(partial(self.requested.emit, key))
            self._choices.addWidget(button)

    def set_busy(self) -> None:
        """Show that an export is at work."""
        self.done.hide()
        self._show(True)

    def set_idle(self) -> None:
        """Show the choices."""
        self.done.hide()
        self._show(False)

    def show_progress(self, event: Progress) -> None:
        """Show how far it is."""
        self.progress.set_count(say(event.what, None), event.done, event.total)

    def show_result(self, result: FileResult) -> None:
        """Say where it lies and that it answers the same."""
        self._show(False)
        self._out = result.out
        self.done.set_words("Checked: it answers as the model here does.", hint="{out}", tone="good", out=result.out)
        self.done.show()

    def _show(self, is_busy: bool) -> None:
        for button in (self.folder_button, self.zip_button, *self.forms.values()):
            button.setEnabled(not is_busy)
        self.stop_button.setVisible(is_busy)
        self.progress.setVisible(is_busy)

    def _on_folder_clicked(self) -> None:
        self.requested.emit("folder")

    def _on_zip_clicked(self) -> None:
        self.requested.emit("zip")

    def _on_done_acted(self) -> None:
        self.folder_requested.emit(self._out)
