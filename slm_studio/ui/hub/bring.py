"""BringCard: bring a model in: from a hub by its id, from a folder, a zip or a GGUF file."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from slm_studio.core.events import Progress
from slm_studio.core.texts import say
from slm_studio.host.secrets import host_of
from slm_studio.ui.parts.models import bytes_words
from slm_studio.ui.widgets.buttons import Button, WorkButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.fields import LineField
from slm_studio.ui.widgets.labels import Rule, Text
from slm_studio.ui.widgets.progress import Progress as ProgressLine


class BringCard(Card):
    """Emits what shall be brought in; shows how far it is. A download that was stopped goes on where it was."""

    fetch_requested = Signal(str, str)  # id, revision
    stop_requested = Signal()
    folder_requested = Signal()
    file_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Import a model", parent=parent)
        self.hint = Text("", "muted", wrap=True)
        self.id = LineField("owner/name", name="Name on the hub")
        self.revision = LineField("newest", name="Version")
        self.button = WorkButton("Fetch", kind="plain", icon_name="download")
        self.progress = ProgressLine()
        self.progress.hide()
        self.add(Text("name on the hub", "muted"))
        self.add(self.id)
        self.add(Text("version: a branch, tag or commit", "muted"))
        self.add(self.revision)
        self.add(self.hint)
        self.add(self.progress)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.button)
        self.body.addLayout(row)
        self.add(Rule())
        self.add(Text("or from this computer", "muted"))
        self.folder_button = Button("A folder…", icon_name="folder")
        self.file_button = Button("A file…", icon_name="file")
        row = QHBoxLayout()
        row.addWidget(self.folder_button)
        row.addWidget(self.file_button)
        row.addStretch(1)
        self.body.addLayout(row)
        self.add(
            Text(
                "A file is a zip, a GGUF, or word vectors (word2vec, GloVe). Nothing in a model can run, and every file is checked first.",
                "second",
                wrap=True,
            )
        )
        self.button.started.connect(self._on_started)
        self.id.returnPressed.connect(self._on_started)
        self.button.stop_requested.connect(self.stop_requested)
        self.folder_button.clicked.connect(self.folder_requested)
        self.file_button.clicked.connect(self.file_requested)

    def show_endpoint(self, endpoint: str, is_offline: bool) -> None:
        """Say where a download would come from."""
        if is_offline:
            self.hint.set_words("SLM Studio is set to offline: nothing is fetched.")
        else:
            self.hint.set_words("from {host}, when you press Fetch", host=host_of(endpoint))

    def set_busy(self) -> None:
        """Show that something is on its way."""
        self.button.set_busy()
        self.progress.set_words("Looking for the model")
        self.progress.show()

    def set_idle(self) -> None:
        """Show the choices."""
        self.button.set_ready()
        self.progress.hide()

    def show_progress(self, event: Progress) -> None:
        """Show how far it is, in bytes where they are."""
        if event.total > 1000:
            share = event.done / event.total
            self.progress.set_words("{done} of {total}", done=bytes_words(event.done), total=bytes_words(event.total))
            self.progress.bar.set_share(share)
        else:
            self.progress.set_count(say(event.what, None), event.done, event.total)

    def _on_started(self) -> None:
        name = self.id.text().strip()
        if name and self.button.state == "ready":
            self.fetch_requested.emit(name, self.revision.text().strip())
