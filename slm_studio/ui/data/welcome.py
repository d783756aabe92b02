"""Welcome: what Data shows before there is a dataset. Drop, open, try an example, or go on with a former one."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from slm_studio.core.dataset import Dataset, opened_before
from slm_studio.core.texts import mark, tr
from slm_studio.ui.data.examples import Example, applications, examples
from slm_studio.ui.parts.naming import file_words
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.columns import Columns
from slm_studio.ui.widgets.drop_zone import DropZone
from slm_studio.ui.widgets.emptying import empty
from slm_studio.ui.widgets.labels import ElidedText, Text
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.words import words

RECENT = 5
LANGUAGES = {"en": mark("English"), "zh": mark("Chinese")}


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
            "Excel, CSV, JSON, Parquet, Word, PDF or plain text, a folder or a zip of them, train and test together. They are read on this computer and go nowhere else.",
            second="Try an example",
        )
        scaled(self.zone.setMinimumHeight, 230)
        column.addWidget(self.zone, 1)
        column.addWidget(self._build_examples())
        self.recent = Card("Opened before")
        column.addWidget(self.recent)
        self.zone.dropped.connect(self.paths_dropped)
        self.zone.open_requested.connect(self.open_requested)
        self.zone.second_requested.connect(self._on_example)

    def refresh(self) -> None:
        """Look again at the examples and the former datasets."""
        self._groups.clear()
        for about, group in applications().items():
            self._groups.add(self._group(about, group))
        empty(self.recent.body)
        former = opened_before()[:RECENT]
        self.recent.setVisible(bool(former))
        for dataset in former:
            self.recent.add(self._recent_row(dataset))

    def retranslate(self) -> None:
        """Put the examples of the new language first."""
        self.refresh()

    def _build_examples(self) -> Card:
        self.folder_button = Button("Open a folder…", icon_name="folder", small=True)
        self.folder_button.clicked.connect(self.folder_requested)
        card = Card("Examples", self.folder_button)
        self._groups = Columns(least=250, most=4, gap=10)
        card.add(self._groups)
        return card

    def _group(self, about: str, group: Sequence[Example]) -> QWidget:
        """Return an application with a button for each of its samples, named by its language where that tells them apart."""
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        name = Text(about)
        scaled(name.setMinimumWidth, 140)
        row.addWidget(name)
        languages = [example.language for example in group]
        for example in group:
            is_told = languages.count(example.language) == 1 and example.language in LANGUAGES
            button = Button(LANGUAGES[example.language] if is_told else example.title, "link")
            words(button.setToolTip, example.title)
            words(button.setAccessibleName, example.title)
            button.clicked.connect(partial(self.path_chosen.emit, example.path))
            row.addWidget(button)
        row.addStretch(1)
        return holder

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
