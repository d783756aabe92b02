"""SplitCard: which rows are held out. Shares and seed of the recipe, or the person's own files."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.recipe import Recipe, split_of
from slm_studio.core.texts import mark, tr
from slm_studio.ui.parts.forms import KnobForm
from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.buttons import Button, IconButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.labels import Text

KNOBS = ("validation_share", "test_share", "seed")
HOW = {
    "stratified": mark(
        "The shares of the labels stay the same in every part, and texts that are alike stay on one side."
    ),
    "shuffled": mark("Rows are held out by chance; the same seed holds out the same rows."),
    "in order": mark("The last rows are held out, so that the texts stay whole."),
    "grouped": mark(
        "Rows are held out by chance; those that belong together, as the questions of a passage, stay together."
    ),
}
OWN = mark("The rows to validate and to test are those you gave: {parts}.")


class SplitCard(Card):
    """Emits changed knobs of the recipe, or options with which the file shall be read again."""

    changed = Signal(object)  # dict[str, object]
    reread_requested = Signal(object)  # ReadOptions
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Held-out rows", parent=parent)
        self._options = ReadOptions()
        close = IconButton("close", "Close")
        self.set_trailing(close)
        close.clicked.connect(self.closed)
        self.how = Text("", "muted", wrap=True)
        self.add(self.how)
        self.form = KnobForm(Recipe, names=KNOBS, columns=3)
        self.add(self.form)
        self.validation_button = Button("Use a validation file…", small=True)
        self.test_button = Button("Use a test file…", small=True)
        self.own_button = Button("Split this file instead", "quiet", small=True)
        files = Actions(self.validation_button, self.test_button, self.own_button)
        files.set_breaking(True)
        self.add(files)
        self.form.changed.connect(self.changed)
        self.validation_button.clicked.connect(self._on_validation)
        self.test_button.clicked.connect(self._on_test)
        self.own_button.clicked.connect(self._on_own)

    def show_plan(self, dataset: Dataset, recipe: Recipe, options: ReadOptions) -> None:
        """Show how `recipe` splits `dataset`."""
        self._options = options
        held = dict(dataset.held_out)
        self.form.set_placeholders({name: getattr(recipe.settled(), name) for name in KNOBS})
        if not self.form.isAncestorOf(self.focusWidget() or self):
            self.form.set_values({name: getattr(recipe, name) for name in KNOBS})
        for split, name in (("validation", "validation_share"), ("test", "test_share")):
            self.form.field(name).setVisible(split not in held)
        self.own_button.setVisible(bool(options.validation or options.test or options.beside))
        if held:
            self.how.set_words(lambda: tr(OWN, parts=_parts(held)))
        else:
            self.how.set_words(HOW[split_of(recipe, dataset)])

    def _ask(self) -> str:
        name, _ = QFileDialog.getOpenFileName(self, tr("Open a file with the same columns"))
        return str(Path(name)) if name else ""

    def _on_validation(self) -> None:
        if name := self._ask():
            self.reread_requested.emit(replace(self._options, validation=name))

    def _on_test(self) -> None:
        if name := self._ask():
            self.reread_requested.emit(replace(self._options, test=name))

    def _on_own(self) -> None:
        self.reread_requested.emit(replace(self._options, validation="", test="", beside=()))


def _parts(held: dict[str, int]) -> str:
    names = {"validation": tr("validation"), "test": tr("test")}
    return ", ".join(f"{names.get(split, split)} {rows:,}" for split, rows in held.items())
