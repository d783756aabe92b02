"""BeginningCard: from what? A fresh network by family and size, one of the person's models, a folder or a hub id."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from slm_studio.core.addresses import base_of
from slm_studio.core.bases import Base
from slm_studio.core.recipe import BLANK, Recipe, split_base
from slm_studio.core.saved import SavedModel, list_models
from slm_studio.core.settings import load_settings
from slm_studio.core.tasks import Family, TaskInfo, task_info
from slm_studio.core.tasks.info import CONTINUED
from slm_studio.core.texts import mark, tr
from slm_studio.ui.parts.shortlist import Shortlist
from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.choice_cards import ChoiceCards
from slm_studio.ui.widgets.fields import Choice, LineField
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.side_by_side import SideBySide, column_of
from slm_studio.ui.widgets.size_slider import SizeSlider

SCRATCH, MINE, OTHER = "scratch", "mine", "other"
NONE_YET = mark("You have no model for this task yet.")


class BeginningCard(Card):
    """Emits the base that the person chose."""

    base_chosen = Signal(str)

    def __init__(self, shortlist: Shortlist, parent: QWidget | None = None) -> None:
        super().__init__("From what?", parent=parent)
        self.shortlist = shortlist
        self._info: TaskInfo | None = None
        self._models: list[SavedModel] = []
        self.cards = ChoiceCards(least=200, name="From what?")
        self.cards.add(SCRATCH, "From scratch", "Learns only from your rows. Small, fast, yours alone.")
        self.cards.add(MINE, "Continue a model of mine", "Start from something you trained or fetched before.")
        self.cards.add(
            OTHER,
            "Continue another model",
            "One of a list, or any folder or hub model. Knows the language already.",
        )
        self.add(self.cards)
        self.family, self.size_slider, self.blurb = Choice(name="Family"), SizeSlider(), Text("", "muted", wrap=True)
        self.mine = Choice(name="Model")
        self.other = LineField("Folder, or hub id such as owner/name", name="Folder or hub id")
        self.beside = Text("Or any other, by its folder or its name on the hub", "muted", wrap=True)
        self.browse = Button("Browse…")
        self._rows = {
            SCRATCH: _row(self.family, self.size_slider),
            MINE: _row(self.mine),
            OTHER: column_of(self.shortlist, self.beside, _row(self.other, Actions(self.browse)), gap=8),
        }
        for row in self._rows.values():
            self.add(row)
        self.add(self.blurb)
        self.cards.chosen.connect(self._on_card)
        self.family.chosen.connect(self._on_family)
        self.size_slider.chosen.connect(self._on_size)
        self.mine.chosen.connect(self._on_mine)
        self.other.settled.connect(self._on_other)
        self.browse.clicked.connect(self._on_browse)
        self.shortlist.chosen.connect(self._on_listed)

    def show_plan(self, recipe: Recipe) -> None:
        """Show what `recipe` starts from, and what it could start from instead."""
        info = task_info(recipe.task)
        if info is not self._info:
            self._info = info
            self.family.set_options([(family.key, family.title) for family in _blank_families(info)])
        self.refresh_models(recipe)
        self.shortlist.show_plan(recipe.task, recipe.base)
        self.shortlist.setVisible(self.shortlist.has_offers())
        self.beside.setVisible(self.shortlist.has_offers())
        key, size = split_base(recipe.base)
        if size:
            self._show_blank(info.family(key), size)
        else:
            self._show_existing(recipe.base)

    def refresh_models(self, recipe: Recipe) -> None:
        """Look again at which models of the person's fit the task."""
        self._models = [model for model in list_models() if task_info(recipe.task).may_continue(model.task)]
        self.cards.card(MINE).setEnabled(bool(self._models))
        sentence = "Start from something you trained or fetched before." if self._models else NONE_YET
        self.cards.card(MINE).set_sentence(sentence)
        self.mine.set_options([(model.folder, partial(_model_words, model)) for model in self._models], recipe.base)

    def is_waiting(self) -> bool:
        """Say whether a folder or hub id is still to be named."""
        return self.cards.current() == OTHER and not self.other.text().strip()

    def _show_blank(self, family: Family, size: str) -> None:
        self.cards.choose(SCRATCH)
        self.family.choose(family.key)
        self.size_slider.set_stops([each.key for each in family.sizes], size)
        self.blurb.set_words(family.blurb)
        self._show_row(SCRATCH)

    def _show_existing(self, base: str) -> None:
        own = any(model.folder == base for model in self._models)
        self.cards.choose(MINE if own else OTHER)
        if not own and not self.other.hasFocus():
            self.other.setText(base)
        self._show_row(MINE if own else OTHER)

    def _show_row(self, key: str) -> None:
        for each, row in self._rows.items():
            row.setVisible(each == key)
        self.blurb.setVisible(key == SCRATCH)

    def _on_card(self, key: str) -> None:
        self._show_row(key)
        if key == SCRATCH and self._info is not None:
            self._take_blank(str(self.family.current() or self._info.families[0].key))
        elif key == MINE and self._models:
            self.base_chosen.emit(str(self.mine.current() or self._models[0].folder))
        elif key == OTHER:
            self.base_chosen.emit(base_of(self.other.text(), load_settings().endpoint))
            first = self.shortlist.search if self.shortlist.has_offers() else self.other
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_family(self, key: object) -> None:
        self._take_blank(str(key))

    def _take_blank(self, key: str) -> None:
        assert self._info is not None
        family = self._info.family(key)
        sizes = [size.key for size in family.sizes]
        size = (
            self.size_slider.current()
            if self.size_slider.current() in sizes and family.default_size != "nano"
            else family.default_size
        )
        self.base_chosen.emit(f"{BLANK}{key}-{size}")

    def _on_size(self, size: str) -> None:
        self.base_chosen.emit(f"{BLANK}{self.family.current()}-{size}")

    def _on_mine(self, folder: object) -> None:
        self.base_chosen.emit(str(folder))

    def _on_other(self, text: str) -> None:
        if self.cards.current() == OTHER:
            self.base_chosen.emit(base_of(text, load_settings().endpoint))

    def _on_listed(self, base: Base) -> None:
        """Begin from a base of the list, unless the person went on to something else while it was fetched."""
        if self.cards.current() == OTHER and self._info is not None and self._info.key in base.tasks:
            self.other.setText(base.id)
            self.base_chosen.emit(base.id)

    def _on_browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Choose the model's folder"))
        if folder:
            self.other.setText(str(Path(folder)))
            self.base_chosen.emit(str(Path(folder)))


def _blank_families(info: TaskInfo) -> list[Family]:
    return [family for family in info.families if family.key != CONTINUED]


def _model_words(model: SavedModel) -> str:
    return f"{model.name} · {model.created[:10]}" if model.created else model.name


def _row(*widgets: QWidget) -> QWidget:
    row = SideBySide(gap=12)
    row.layout().setContentsMargins(0, 4, 0, 0)
    for widget in widgets:
        row.add(widget, 1 if isinstance(widget, SizeSlider | LineField) else 0)
        if isinstance(widget, Choice):
            row.layout().setAlignment(widget, Qt.AlignmentFlag.AlignLeft)  # as wide as its longest option
    return row
