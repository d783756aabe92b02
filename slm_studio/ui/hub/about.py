"""AboutCard: one model: where it comes from in four steps, its card, its name, and the way to the trash."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark, tr
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.fields import LineField
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.markdown_view import MarkdownView

STEPS = {
    "data": mark("Data"),
    "pre-training": mark("Pre-training"),
    "fine-tuning": mark("Fine-tuning"),
    "output": mark("Output"),
}
CARD_HEIGHT = 320


class AboutCard(Card):
    """Emits what the person wants done with the model."""

    renamed = Signal(str)
    delete_requested = Signal()
    folder_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("About this model", parent=parent)
        self._model: SavedModel | None = None
        self.add(Text("name", "second"))
        self.name = LineField(name="Name of the model")
        self.add(self.name)
        self._grid_box = QWidget()
        self._grid = QGridLayout(self._grid_box)
        self._grid.setContentsMargins(0, 8, 0, 8)
        self._grid.setHorizontalSpacing(16)
        self._grid.setColumnStretch(1, 1)
        self.add(Text("how it came to be", "second"))
        self.add(self._grid_box)
        self.card = MarkdownView(bare=True)
        self.card.setMinimumHeight(CARD_HEIGHT)
        self.card_button = Button("Read the card", small=True)
        self.folder_button = Button("Show the folder", icon_name="folder", small=True)
        self.delete_button = Button("Move to the trash", "danger", "trash", small=True)
        row = QHBoxLayout()
        for button in (self.card_button, self.folder_button):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.delete_button)
        self.body.addLayout(row)
        self.add(self.card)
        self.card.hide()
        self.name.settled.connect(self._on_settled)
        self.card_button.clicked.connect(self._on_card_clicked)
        self.folder_button.clicked.connect(self.folder_requested)
        self.delete_button.clicked.connect(self.delete_requested)

    def show_model(self, model: SavedModel) -> None:
        """Show a model."""
        self._model = model
        self.name.setText(model.name)
        self.card.hide()
        self._fill()

    def retranslate(self) -> None:
        """Say it in the language of now."""
        self._fill()

    def _fill(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if item.widget() is not None:
                item.widget().deleteLater()
        if self._model is None:
            return
        for row, step in enumerate(self._model.lineage):
            self._grid.addWidget(Text(STEPS.get(step.step, "{step}"), "muted", step=step.step), row, 0)
            words = f"{step.what} · {step.detail}" if step.detail else step.what
            self._grid.addWidget(Text("{words}", wrap=True, words=words if step.what != "none" else "–"), row, 1)
        if not self._model.lineage:
            origin = self._model.origin.removeprefix("hub:") or tr("imported from a folder")
            self._grid.addWidget(Text("{words}", wrap=True, words=origin), 0, 1)

    def _on_settled(self, name: str) -> None:
        if self._model is not None and name.strip() and name.strip() != self._model.name:
            self.renamed.emit(name.strip())

    def _on_card_clicked(self) -> None:
        if self.card.isVisible() or self._model is None:
            self.card.hide()
            return
        path = Path(self._model.folder) / "README.md"
        text = (
            path.read_text(encoding="utf-8", errors="replace") if path.is_file() else tr("This model has no card yet.")
        )
        self.card.set_markdown(without_front_matter(text))
        self.card.show()


def without_front_matter(text: str) -> str:
    """Return a card without the YAML block at its beginning."""
    if not text.startswith("---\n"):
        return text
    end = text.find("\n---\n", 4)
    return text[end + 5 :] if end > 0 else text
