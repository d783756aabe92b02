"""Welcome: what Data shows before there is a dataset. Drop, open, try an example, or go on with a former one."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from slm_studio.core.dataset import Dataset, list_datasets
from slm_studio.core.texts import tr
from slm_studio.ui.data.examples import examples
from slm_studio.ui.parts.naming import file_words
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.drop_zone import DropZone
from slm_studio.ui.widgets.emptying import empty
from slm_studio.ui.widgets.flow import Flow
from slm_studio.ui.widgets.labels import ElidedText, Text
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.words import words

RECENT = 5


class Welcome(QWidget):
    """Emits the file or the dataset that the person chose. Has what `refresh` found."""

    path_chosen = Signal(object)  # Path
    paths_dropped = Signal(object)  # Sequence[Path]
    folder_requested = Signal()
    open_requested = Signal()
    dataset_chosen = Signal(object)  # Dataset

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        self.zone = DropZone(
            "Drop a file with texts here",
            "Excel, CSV, JSON, Parquet, Word or plain text, a folder or a zip of them, train and test together. They are read on this computer and go nowhere else.",
            second="Try an example",
        )
        scaled(self.zone.setMinimumHeight, 300)
        column.addWidget(self.zone, 1)
        column.addLayout(self._build_examples())
        self.recent = Card("Opened before")
        column.addWidget(self.recent)
        self.zone.dropped.connect(self.paths_dropped)
        self.zone.open_requested.connect(self.open_requested)
        self.zone.second_requested.connect(self._on_example)

    def refresh(self) -> None:
        """Look again at the examples and the former datasets."""
        self._flow.clear()
        for example in examples():
            button = Button(example.title, small=True)
            button.clicked.connect(partial(self.path_chosen.emit, example.path))
            self._flow.addWidget(button)
        empty(self.recent.body)
        former = list_datasets()[:RECENT]
        self.recent.setVisible(bool(former))
        for dataset in former:
            self.recent.add(self._recent_row(dataset))

    def retranslate(self) -> None:
        """Put the examples of the new language first."""
        self.refresh()

    def _build_examples(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        name = Text("Examples", "muted")
        scaled(name.setFixedHeight, 28)
        row.addWidget(name, 0, Qt.AlignmentFlag.AlignTop)
        holder = QWidget()
        self._flow = Flow(holder)
        row.addWidget(holder, 1)
        self.folder_button = Button("Open a folder…", icon_name="folder", small=True)
        self.folder_button.clicked.connect(self.folder_requested)
        row.addWidget(self.folder_button, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _recent_row(self, dataset: Dataset) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        open_button = Button("{name}", "link", "table", name=partial(file_words, dataset.name))
        open_button.clicked.connect(partial(self.dataset_chosen.emit, dataset))
        row.addWidget(open_button)
        facts = ElidedText("", "muted")
        words(
            facts.setText,
            lambda: f"{tr('{n} {n:row|rows}', n=dataset.rows)} · {dataset.created[:10]} · {dataset.source}",
        )
        row.addWidget(facts, 1)
        return holder

    def _on_example(self) -> None:
        found = examples()
        if found:
            self.path_chosen.emit(found[0].path)
