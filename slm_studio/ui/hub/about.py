"""AboutCard: one model: where it comes from, step by step, its card, its name, and the way to the trash."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from slm_studio.core.recipe import BLANK
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark, tr
from slm_studio.ui.parts.models import bytes_words, shape_words, weight_bytes
from slm_studio.ui.parts.naming import file_words
from slm_studio.ui.parts.onward import ContinueButton
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.emptying import empty
from slm_studio.ui.widgets.fields import LineField
from slm_studio.ui.widgets.flow import Flow
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.markdown_view import MarkdownView
from slm_studio.ui.widgets.progress import clock
from slm_studio.ui.widgets.scaling import scaled

CARD_HEIGHT = 320


class AboutCard(Card):
    """Emits what the person wants done with the model."""

    renamed = Signal(str)
    delete_requested = Signal()
    folder_requested = Signal()
    onward_requested = Signal(str)  # the task that shall go on from it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("About this model", parent=parent)
        self._model: SavedModel | None = None
        self.add(Text("name", "muted"))
        self.name = LineField(name="Name of the model")
        self.add(self.name)
        self._grid_box = QWidget()
        self._grid = QGridLayout(self._grid_box)
        self._grid.setContentsMargins(0, 8, 0, 8)
        self._grid.setHorizontalSpacing(16)
        self._grid.setColumnStretch(1, 1)
        self.add(Text("how it came to be", "muted"))
        self.add(self._grid_box)
        self.card = MarkdownView(bare=True)
        scaled(self.card.setMinimumHeight, CARD_HEIGHT)
        self.card_button = Button("Read the card", small=True)
        self.folder_button = Button("Show the folder", icon_name="folder", small=True)
        self.delete_button = Button("Move to the trash", "danger", "trash", small=True)
        self.onward_button = ContinueButton(small=True)
        row = QWidget()
        flow = Flow(row)
        for button in (self.onward_button, self.card_button, self.folder_button, self.delete_button):
            flow.addWidget(button)
        self.add(row)
        self.add(self.card)
        self.card.hide()
        self.name.settled.connect(self._on_settled)
        self.card_button.clicked.connect(self._on_card_clicked)
        self.folder_button.clicked.connect(self.folder_requested)
        self.onward_button.chosen.connect(self._on_onward)
        self.delete_button.clicked.connect(self.delete_requested)

    def show_model(self, model: SavedModel) -> None:
        """Show a model."""
        self._model = model
        self.name.setText(model.name)
        self.card.hide()
        self.onward_button.show_model(model)
        self._fill()

    def retranslate(self) -> None:
        """Say it in the language of now."""
        self._fill()

    def _fill(self) -> None:
        empty(self._grid)
        if self._model is None:
            return
        for row, (name, words) in enumerate(history(self._model)):
            self._grid.addWidget(Text(name, "muted"), row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(Text("{words}", wrap=True, words=words), row, 1)

    def _on_settled(self, name: str) -> None:
        if self._model is not None and name.strip() and name.strip() != self._model.name:
            self.renamed.emit(name.strip())

    def _on_onward(self, task: object) -> None:
        self.onward_requested.emit(str(task))

    def _on_card_clicked(self) -> None:
        if self.card.isVisible() or self._model is None:
            self.card.hide()
            return
        path = Path(self._model.folder) / "README.md"
        text = (
            path.read_text(encoding="utf-8", errors="replace") if path.is_file() else tr("This model has no card yet.")
        )
        self.card.set_markdown(text)
        self.card.show()


def history(model: SavedModel) -> list[tuple[str, str]]:
    """Return the steps of a model's life in the person's language: (name of the step, what happened)."""
    size = f"{tr('{n} parameters', n=model.parameters)} · {bytes_words(weight_bytes(Path(model.folder)))}"
    if not any(each.step == "data" for each in model.lineage):
        return [(mark("Origin"), _origin(model)), (mark("Size"), size)]
    learnt = tr("{n} {n:row|rows} to learn from", n=model.rows.get("train", 0))
    trained = tr("{steps} {steps:step|steps} in {time}", steps=model.steps, time=clock(model.seconds))
    return [
        (mark("Data"), f"{file_words(model.dataset_name)} · {learnt}"),
        *_learning(model, trained),
        (mark("Output"), f"{model.name} · {size}"),
    ]


def _origin(model: SavedModel) -> str:
    """Return where a model comes from that learnt nothing here."""
    kind, _, name = model.origin.partition(":")
    if kind == "hub":
        return name
    return tr("imported from “{name}”", name=name) if name else tr("imported from a folder")


def _learning(model: SavedModel, trained: str) -> list[tuple[str, str]]:
    if model.base.startswith(BLANK):
        begun = [
            (mark("Pre-training"), tr("word vectors of “{name}”", name=each.what))
            for each in model.lineage
            if each.step == "pre-training"
        ]
        return [*begun, (mark("Training"), tr("from scratch as {shape}", shape=shape_words(model)) + f"\n{trained}")]
    return [(mark("Pre-training"), model.base), (mark("Fine-tuning"), f"{file_words(model.dataset_name)}\n{trained}")]
