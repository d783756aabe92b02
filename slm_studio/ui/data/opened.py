"""What Data shows of the open dataset: what it is for, its rows, and what was found in them."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core.cleaning import STEPS
from slm_studio.core.dataset import Dataset
from slm_studio.core.editing import Change, check_change
from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import Recipe, answer_column, column_read_as, reads_of
from slm_studio.core.recipes import title_of
from slm_studio.core.results import Suggestion
from slm_studio.core.texts import say, tr
from slm_studio.ui.data.dataset_words import held_out
from slm_studio.ui.data.findings_card import FindingsCard
from slm_studio.ui.data.overview import Overview
from slm_studio.ui.data.preparing import Desk
from slm_studio.ui.data.remarks import RemarksCard
from slm_studio.ui.data.rows import RowsCard
from slm_studio.ui.data.sentence import SentenceRow
from slm_studio.ui.data.split import SplitCard
from slm_studio.ui.parts.naming import file_words
from slm_studio.ui.shell.session import Session
from slm_studio.ui.widgets.buttons import Button, MenuButton
from slm_studio.ui.widgets.labels import tip
from slm_studio.ui.widgets.page import GAP
from slm_studio.ui.widgets.side_by_side import SideBySide, column_of

TEXT_AND_LABEL, ONE_MORE = 430, 470  # pixels of a table that cut neither a text nor a label


class Opened(QWidget):
    """Follows the session and the desk, whenever it is made."""

    failed = Signal(object)  # StudioError: the rows cannot be shown
    reveal_requested = Signal(object)  # QWidget that changed by a click elsewhere on the page

    def __init__(self, session: Session, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._desk = session, desk
        self._source, self._shown = "", ""  # of the rows that are shown: their file, and their id
        self._found: tuple[str, object, dict[str, object]] = (
            "",
            None,
            {},
        )  # what was counted, and of which columns
        self._build()
        self._connect()

    def show_present(self) -> None:
        """Show what is open, and what is at work, when it is made."""
        self._on_busy_changed(self._desk.is_busy)
        self._on_dataset_changed(self._session.dataset)

    def retranslate(self) -> None:
        """Say the plan in the language of now."""
        self._show_plan()

    def _build(self) -> None:
        self.sentence, self.split, self.remarks = SentenceRow(), SplitCard(), RemarksCard()
        self.rows, self.findings, self.overview = RowsCard(), FindingsCard(), Overview()
        self.clean_button = MenuButton("Clean", "quiet")
        self.undo_button = Button("Undo", "quiet", "undo", small=True)
        self.undo_button.steps = True
        for button in (self.undo_button, self.clean_button):
            self.rows.actions.flow.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for card in (self.remarks, self.sentence, self.split):
            column.addWidget(card)
        self.split.hide()
        self.remarks.hide()
        self._row = SideBySide()
        self._about_rows = self._row.add(column_of(self.rows, self.findings), 64)
        self._row.add(self.overview, 35)
        column.addWidget(self._row)

    def _connect(self) -> None:
        session, desk = self._session, self._desk
        session.dataset_changed.connect(self._on_dataset_changed)
        session.recipe_changed.connect(self._on_recipe_changed)
        session.suggestion_changed.connect(self._show_plan)
        session.rows_requested.connect(self._on_rows_requested)
        session.changes.changed.connect(self._show_undo)
        session.settling.connect(self.rows.settle)
        desk.busy_changed.connect(self._on_busy_changed)
        desk.editing.pending_changed.connect(self._show_edits)
        self.rows.model.edited.connect(self._on_edited)
        self.rows.table.cells.refused.connect(self.failed)
        self.rows.failed.connect(self.failed)
        desk.failed.connect(self._on_failed)
        desk.described.connect(self._on_described)
        desk.checked.connect(self.findings.show_findings)
        self.sentence.task_chosen.connect(desk.choose_task)
        self.sentence.role_chosen.connect(desk.choose_role)
        self.sentence.target_chosen.connect(desk.choose_target)
        self.sentence.column_wanted.connect(desk.add_column)
        desk.added.connect(self._on_added)
        self.sentence.split_clicked.connect(self._on_split_clicked)
        self.split.changed.connect(desk.set_knobs)
        self.split.reread_requested.connect(desk.read_again)
        self.split.closed.connect(self.split.hide)
        self.remarks.reread_requested.connect(desk.read_again)
        self.remarks.closed.connect(self.remarks.hide)
        self.overview.label_clicked.connect(self._on_label_clicked)
        self.rows.pages.row_shown.connect(partial(self.reveal_requested.emit, self.rows))
        self.findings.fix_clicked.connect(self._on_fix_clicked)
        self.findings.rows_clicked.connect(self._on_rows_requested)
        self.findings.undo_clicked.connect(desk.undo)
        self.undo_button.clicked.connect(desk.undo)
        self.clean_button.opening.connect(self._fill_clean_menu)
        self.clean_button.chosen.connect(self._on_clean_chosen)

    def _show_plan(self) -> None:
        dataset, recipe, suggestion = self._session.dataset, self._session.recipe, self._session.suggestion
        self.sentence.setVisible(dataset is not None and recipe is not None)
        if dataset is None or recipe is None:
            return
        self.sentence.show_plan(dataset, recipe, suggestion)
        guessed = suggestion is not None and (suggestion.task, suggestion.roles) == (recipe.task, recipe.roles)
        origin = tr("guessed from the columns") if guessed else _origin(recipe, suggestion)
        said = (origin, held_out(dataset, recipe)) if recipe.roles else (held_out(dataset, recipe),)
        self.sentence.split.setText(" · ".join(said))
        why = suggestion if guessed else None
        tip(self.sentence.split, lambda: say(why.reason, why.said()) if why else "")
        self.split.show_plan(dataset, recipe, self._desk.options())

    def _on_dataset_changed(self, dataset: Dataset | None) -> None:
        self._close_sheets(dataset.source if dataset else "")
        self._show_plan()
        self._show_undo()
        self._shown = dataset.id if dataset is not None else ""
        if dataset is None:
            self._source = ""
            self.rows.close_file()
            return
        self._row.limit(self._about_rows, TEXT_AND_LABEL if len(dataset.columns) < 3 else ONE_MORE)
        if dataset.source == self._source:
            self.findings.busy(True)  # a version of the same rows: what is known stays in its place until it is counted
        else:
            self.overview.clear()
            self.findings.wait()
        self._source = dataset.source
        self.remarks.show_report(dataset, self._desk.options())
        recipe = self._session.recipe
        try:
            if self._desk.editing.is_version(dataset):
                self.rows.open_version(dataset)
            else:
                self.rows.open(dataset, reads_of(recipe, dataset) if recipe else {})
        except (OSError, ValueError):
            self.failed.emit(_gone(dataset))
        self._show_edits()

    def _show_edits(self) -> None:
        self.rows.show_edits(self._desk.editing.pending)

    def _on_edited(self, row: object, column: str, before: str, after: str) -> None:
        dataset = self._session.dataset
        if dataset is None or not isinstance(row, int):
            return
        change = Change(row=row, column=column, before=before, after=after)
        kinds = {each.name: each.kind for each in dataset.columns}
        try:
            check_change(change, kinds, self.rows.model.row(row))
            self._desk.editing.change((change,))
        except StudioError as error:
            self.failed.emit(error)

    def _show_undo(self) -> None:
        self.undo_button.setVisible(self._desk.can_undo)

    def _close_sheets(self, source: str) -> None:
        """Close what was opened for another file; one that is read again keeps its sheet."""
        if source != self._source:
            self.remarks.hide()
            self.split.hide()

    def _on_recipe_changed(self, recipe: Recipe | None) -> None:
        self._show_plan()
        dataset = self._session.dataset
        if recipe is not None and dataset is not None and dataset.id == self._shown:  # else they are opened next
            self.rows.dress(dataset, reads_of(recipe, dataset))
            self._show_overview()  # where texts are cut is the recipe's affair
            if not recipe.roles:
                self.findings.show_nothing()

    def _on_described(self, found: object) -> None:
        dataset, recipe = self._session.dataset, self._session.recipe
        if dataset is not None and recipe is not None and isinstance(found, dict):
            self._found = (dataset.id, _what_is_counted(recipe, dataset), found)
            self._show_overview()

    def _show_overview(self) -> None:
        dataset, recipe = self._session.dataset, self._session.recipe
        if (
            dataset is not None
            and recipe is not None
            and self._found[:2] == (dataset.id, _what_is_counted(recipe, dataset))
        ):
            self.overview.show_found(dataset, recipe, self._found[2])

    def _on_rows_requested(self, rows: object) -> None:
        if self._session.dataset is not None:
            self.rows.show_rows(rows)  # type: ignore[arg-type]
            self.reveal_requested.emit(self.rows)

    def _on_busy_changed(self, busy: bool) -> None:
        self.findings.busy(busy)
        self.clean_button.setEnabled(not busy)
        if busy:
            self.rows.settle()
        self.rows.model.editable = not busy  # what is changed in rows that others are being made of would be lost

    def _on_failed(self, error: StudioError) -> None:
        self.findings.busy(self._desk.is_busy)

    def _on_added(self, column: str) -> None:
        self.rows.begin(column)
        self.reveal_requested.emit(self.rows)

    def _on_split_clicked(self) -> None:
        self.split.setVisible(self.split.isHidden())

    def _on_label_clicked(self, label: str) -> None:
        recipe, dataset = self._session.recipe, self._session.dataset
        if recipe is None or dataset is None:
            return
        name = column_read_as(recipe, "label", dataset) or column_read_as(recipe, "labels", dataset)
        if name:
            self.rows.show_label(name, label, dataset.column(name).joins if self._has_sets() else "")
            self.reveal_requested.emit(self.rows)

    def _has_sets(self) -> bool:
        """Say whether a cell of the answers holds several labels."""
        recipe, dataset = self._session.recipe, self._session.dataset
        return bool(recipe and dataset and column_read_as(recipe, "labels", dataset))

    def _on_fix_clicked(self, step: str) -> None:
        self._desk.clean((step,))

    def _fill_clean_menu(self) -> None:
        recipe, dataset = self._session.recipe, self._session.dataset
        answer = answer_column(recipe, dataset) if recipe and dataset else None
        has_label = bool(recipe and answer and reads_of(recipe, dataset)[answer.name] in ("label", "labels"))
        self.clean_button.clear()
        for step in STEPS.values():
            self.clean_button.add(step.name, step.title, enabled=has_label or not step.needs_label)

    def _on_clean_chosen(self, step: object) -> None:
        self._desk.clean((str(step),))


def _what_is_counted(recipe: Recipe, dataset: Dataset) -> object:
    """Return what of a plan decides what is counted: its columns, and how their cells are read."""
    return (recipe.task, recipe.roles, reads_of(recipe, dataset))


def _origin(recipe: Recipe, suggestion: Suggestion | None) -> str:
    """Return who chose a plan that is not as it was guessed: a recipe for another task brings that task along."""
    if recipe.named and suggestion is not None and suggestion.task != recipe.task:
        return tr("by the recipe “{recipe}”", recipe=tr(title_of(recipe.named)))
    return tr("chosen by you")


def _gone(dataset: Dataset) -> StudioError:
    return StudioError(
        "dataset-gone",
        "The rows of “{name}” are no longer in the app's folder.",
        "Open the file again: {source}",
        name=file_words(dataset.name),
        source=dataset.source,
    )
