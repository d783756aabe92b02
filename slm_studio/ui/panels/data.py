"""Data: from a file to rows that can be learnt from, with everything that was guessed and found about them in words."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from slm_studio.core.dataset import Dataset, ReadOptions, list_datasets
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Progress as ProgressEvent
from slm_studio.core.recipe import Recipe
from slm_studio.core.tasks import task_info
from slm_studio.core.texts import say, tr
from slm_studio.ui.choosing import choose_files, choose_folder
from slm_studio.ui.data.desk import Desk
from slm_studio.ui.data.examples import examples
from slm_studio.ui.data.findings import FindingsCard
from slm_studio.ui.data.overview import Overview
from slm_studio.ui.data.remarks import RemarksCard
from slm_studio.ui.data.rows import RowsCard
from slm_studio.ui.data.sentence import SentenceRow
from slm_studio.ui.data.split import SplitCard
from slm_studio.ui.data.steps import NEEDS_LABEL, STEPS
from slm_studio.ui.data.welcome import Welcome
from slm_studio.ui.data.wording import facts, held_out
from slm_studio.ui.errors import ErrorBox
from slm_studio.ui.jobs import Jobs
from slm_studio.ui.naming import file_words
from slm_studio.ui.session import Session
from slm_studio.ui.training import Trainings
from slm_studio.ui.widgets.banner import Banner
from slm_studio.ui.widgets.buttons import Button, MenuButton
from slm_studio.ui.widgets.labels import tip
from slm_studio.ui.widgets.page import GAP, Page
from slm_studio.ui.widgets.progress import Progress
from slm_studio.ui.widgets.side_by_side import SideBySide, column_of

RECENT = 8
LEAST_TABLE = 300


class DataPanel(Page):
    """Shows the open dataset, or how to get one."""

    def __init__(self, session: Session, jobs: Jobs, trainings: Trainings, parent: QWidget | None = None) -> None:
        super().__init__("Data", parent=parent)
        self._session = session
        self._source = ""  # of the rows that are shown
        self._found: tuple[str, dict[str, str], dict[str, object]] = (
            "",
            {},
            {},
        )  # what was counted, and of which columns
        self.desk = Desk(session, jobs, self)
        self._build_header()
        self._build_notices()
        self.welcome = Welcome()
        self.add(self.welcome, 1)
        self._content = QWidget()
        self.add(self._content)
        self._build_content()
        self._end = QWidget()
        self.add(self._end, 1)
        self._connect()
        self._on_dataset_changed(session.dataset)

    def open_file(self, path: Path) -> None:
        """Read a file. An error stands above what was open before."""
        self.error.clear()
        self.desk.open(Path(path))

    def open_files(self, paths: Sequence[Path]) -> None:
        """Read several files as one dataset: their names say which is train, validation or test."""
        self.error.clear()
        self.desk.open(paths[0], ReadOptions(beside=tuple(map(str, paths[1:]))))

    def primary(self) -> None:
        """Go on to Train (Ctrl+Return)."""
        if self._session.dataset is not None and self.train_button.isEnabled():
            self._session.show_plan()

    def stop(self) -> None:
        """Stop reading or cleaning (Esc)."""
        self.desk.stop()

    def retranslate(self) -> None:
        """Say title and facts in the language of now."""
        self._show_facts()
        self._show_plan()

    def _build_header(self) -> None:
        self.open_button = MenuButton("Open")
        self.train_button = Button("Train a model", "primary")
        self.header.add_action(self.open_button)
        self.header.add_action(self.train_button)
        self.header.facts.setCursor(Qt.CursorShape.PointingHandCursor)
        self.header.facts.installEventFilter(self)

    def _build_notices(self) -> None:
        self.error = ErrorBox()
        self.notices.addWidget(self.error)
        self.offer = Banner(closable=True)
        self.offer.hide()
        self.notices.addWidget(self.offer)
        self._work = QWidget()
        row = QHBoxLayout(self._work)
        row.setContentsMargins(0, 0, 0, 0)
        self.progress = Progress()
        self.stop_button = Button("Stop", icon_name="stop", small=True)
        row.addWidget(self.progress, 1)
        row.addWidget(self.stop_button)
        self._work.hide()
        self.notices.addWidget(self._work)

    def _build_content(self) -> None:
        self.sentence, self.split, self.remarks = SentenceRow(), SplitCard(), RemarksCard()
        self.rows, self.findings, self.overview = RowsCard(), FindingsCard(), Overview()
        self.clean_button = MenuButton("Clean", "quiet")
        self.undo_button = Button("Undo", "quiet", "undo", small=True)
        self.rows.foot.addWidget(self.undo_button)
        self.rows.foot.addWidget(self.clean_button)
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for card in (self.remarks, self.sentence, self.split):
            column.addWidget(card)
        self.split.hide()
        self.remarks.hide()
        row = SideBySide()
        row.add(column_of(self.rows, self.findings), 64)
        row.add(self.overview, 35)
        column.addWidget(row)

    def _connect(self) -> None:
        session, desk = self._session, self.desk
        session.dataset_changed.connect(self._on_dataset_changed)
        session.recipe_changed.connect(self._on_recipe_changed)
        session.suggestion_changed.connect(self._show_plan)
        session.rows_requested.connect(self._on_rows_requested)
        session.datasets_changed.connect(self.welcome.refresh)
        session.changes.changed.connect(self._show_undo)
        desk.busy_changed.connect(self._on_busy_changed)
        desk.progressed.connect(self._on_progressed)
        desk.failed.connect(self._on_failed)
        desk.described.connect(self._on_described)
        desk.checked.connect(self.findings.show_findings)
        self.welcome.path_chosen.connect(self.open_file)
        self.welcome.paths_dropped.connect(session.open_paths)
        self.welcome.folder_requested.connect(self._on_open_folder)
        self.offer.acted.connect(self._on_offer_taken)
        self.welcome.open_requested.connect(self._on_open)
        self.welcome.dataset_chosen.connect(session.set_dataset)
        self.open_button.opening.connect(self._fill_open_menu)
        self.open_button.chosen.connect(self._on_open_chosen)
        self.train_button.clicked.connect(session.show_plan)
        self.stop_button.clicked.connect(desk.stop)
        self.sentence.task_chosen.connect(desk.choose_task)
        self.sentence.role_chosen.connect(desk.choose_role)
        self.sentence.split_clicked.connect(self._on_split_clicked)
        self.split.changed.connect(desk.set_knobs)
        self.split.reread_requested.connect(desk.read_again)
        self.split.closed.connect(self.split.hide)
        self.remarks.reread_requested.connect(desk.read_again)
        self.remarks.closed.connect(self.remarks.hide)
        self.overview.label_clicked.connect(self._on_label_clicked)
        self.rows.pages.row_shown.connect(partial(self.reveal, self.rows))
        self.findings.fix_clicked.connect(self._on_fix_clicked)
        self.findings.rows_clicked.connect(self._on_rows_requested)
        self.findings.undo_clicked.connect(desk.undo)
        self.undo_button.clicked.connect(desk.undo)
        self.clean_button.opening.connect(self._fill_clean_menu)
        self.clean_button.chosen.connect(self._on_clean_chosen)

    def _can_train(self) -> bool:
        """Say whether every column is chosen that the task cannot do without."""
        recipe = self._session.recipe
        needed = [role.name for role in task_info(recipe.task).roles if role.needed] if recipe is not None else []
        return recipe is not None and all(recipe.roles.get(role) for role in needed)

    def _show_facts(self) -> None:
        dataset = self._session.dataset
        if dataset is None:
            self.header.set_title("Data")
            self.header.set_facts("Everything starts with rows of text.")
            return
        self.header.set_title("{name}", name=partial(file_words, dataset.name))
        self.header.set_facts(lambda: facts(dataset))

    def _show_plan(self) -> None:
        dataset, recipe, suggestion = self._session.dataset, self._session.recipe, self._session.suggestion
        self.sentence.setVisible(dataset is not None and recipe is not None)
        self._settle_buttons()
        if dataset is None or recipe is None:
            return
        self.sentence.show_plan(dataset, recipe, suggestion)
        guessed = suggestion is not None and (suggestion.task, suggestion.roles) == (recipe.task, recipe.roles)
        origin = tr("guessed from the columns") if guessed or not recipe.roles else tr("chosen by you")
        self.sentence.split.setText(f"{origin} · {held_out(dataset, recipe)}")
        why = suggestion if guessed else None
        tip(self.sentence.split, lambda: say(why.reason, why.said()) if why else "")
        self.split.show_plan(dataset, recipe, self.desk.options())

    def _on_dataset_changed(self, dataset: Dataset | None) -> None:
        self.welcome.setVisible(dataset is None)
        self._content.setVisible(dataset is not None)
        self._end.setVisible(dataset is not None)
        self.open_button.setVisible(dataset is not None)
        self.train_button.setVisible(dataset is not None)
        self._close_sheets(dataset.source if dataset else "")
        self._show_facts()
        self._show_plan()
        self._show_offer(dataset)
        self._show_undo()
        if dataset is None:
            self._source = ""
            self.rows.close_file()
            self.welcome.refresh()
            return
        if dataset.source == self._source:
            self.findings.busy(True)  # a version of the same rows: what is known stays in its place until it is counted
        else:
            self.overview.clear()
            self.findings.wait()
        self._source = dataset.source
        self.remarks.show_report(dataset, self.desk.options())
        roles = self._session.recipe.roles if self._session.recipe else {}
        try:
            self.rows.open(dataset, roles)
        except (OSError, ValueError):
            self._on_failed(_gone(dataset))

    def _show_undo(self) -> None:
        self.undo_button.setVisible(self.desk.can_undo)

    def _close_sheets(self, source: str) -> None:
        """Close what was opened for another file; one that is read again keeps its sheet."""
        if source != self._source:
            self.remarks.hide()
            self.split.hide()

    def _on_recipe_changed(self, recipe: Recipe | None) -> None:
        self._show_plan()
        dataset = self._session.dataset
        if recipe is not None and dataset is not None:
            self.rows.dress(dataset, recipe.roles)
            self._show_overview()  # where texts are cut is the recipe's affair
            if not recipe.roles:
                self.findings.show_nothing()

    def _on_described(self, found: object) -> None:
        dataset, recipe = self._session.dataset, self._session.recipe
        if dataset is not None and recipe is not None and isinstance(found, dict):
            self._found = (dataset.id, recipe.roles, found)
            self._show_overview()

    def _show_overview(self) -> None:
        dataset, recipe = self._session.dataset, self._session.recipe
        if dataset is not None and recipe is not None and self._found[:2] == (dataset.id, recipe.roles):
            self.overview.show_found(dataset, recipe, self._found[2])

    def _on_rows_requested(self, rows: object) -> None:
        if self._session.dataset is not None:
            self.rows.show_rows(rows)  # type: ignore[arg-type]
            self.reveal(self.rows)

    def _on_busy_changed(self, busy: bool) -> None:
        self._work.setVisible(busy)
        self.findings.busy(busy)
        self._settle_buttons()
        if busy:
            self.error.clear()
            self.progress.set_count("Reading", 0, 0)

    def _settle_buttons(self) -> None:
        self.clean_button.setEnabled(not self.desk.is_busy)
        self.train_button.setEnabled(not self.desk.is_busy and self._can_train())

    def _on_progressed(self, event: ProgressEvent) -> None:
        self.progress.set_count(event.what, event.done, event.total)

    def _on_failed(self, error: StudioError) -> None:
        self.error.show_error(error)
        self.findings.busy(self.desk.is_busy)

    def _fill_open_menu(self) -> None:
        self.open_button.clear()
        self.open_button.add("file", "File…")
        self.open_button.add("folder", "Folder…")
        self.open_button.add("remarks", "How the file was read…")
        self.open_button.add_rule()
        for dataset in list_datasets()[:RECENT]:
            if self._session.dataset is None or dataset.id != self._session.dataset.id:
                self.open_button.add(dataset, "{name}", name=file_words(dataset.name))
        self.open_button.add_rule()
        for example in examples():
            self.open_button.add(example.path, example.title)
        self.open_button.add_rule()
        self.open_button.add("close", "Start page")

    def _on_open_chosen(self, chosen: object) -> None:
        if isinstance(chosen, Dataset):
            self._session.set_dataset(chosen)
        elif isinstance(chosen, Path):
            self.open_file(chosen)
        elif chosen == "file":
            self._on_open()
        elif chosen == "folder":
            self._on_open_folder()
        elif chosen == "remarks":
            self.remarks.setVisible(True)
        else:
            self._session.set_dataset(None)

    def _on_open(self) -> None:
        self._session.open_paths(choose_files(self, self._session))

    def _on_open_folder(self) -> None:
        self._session.open_paths(choose_folder(self, self._session))

    def _show_offer(self, dataset: Dataset | None) -> None:
        """Offer the files beside this one that its name is about, while nothing is held out but a share."""
        offered = dataset.report.offered if dataset is not None and not dataset.held_out else {}
        self.offer.setVisible(bool(offered))
        if offered:
            files = ", ".join(f"“{Path(each).name}”" for each in offered.values())
            self.offer.set_words(
                "{files} {n:lies|lie} beside this file: rows to validate or test with.", files=files, n=len(offered)
            )
            self.offer.set_action("Use {n:it|them}", n=len(offered))

    def _on_offer_taken(self) -> None:
        dataset = self._session.dataset
        if dataset is not None:
            self.desk.read_again(replace(self.desk.options(), **dataset.report.offered))

    def _on_split_clicked(self) -> None:
        self.split.setVisible(self.split.isHidden())

    def _on_label_clicked(self, label: str) -> None:
        if self._session.recipe is not None:
            self.rows.show_label(self._session.recipe.roles.get("label", ""), label)
            self.reveal(self.rows)

    def _on_fix_clicked(self, step: str) -> None:
        self.desk.clean((step,))

    def _fill_clean_menu(self) -> None:
        has_label = bool(self._session.recipe and self._session.recipe.roles.get("label"))
        self.clean_button.clear()
        for step in STEPS:
            self.clean_button.add(step.name, step.title, enabled=has_label or step.name not in NEEDS_LABEL)

    def _on_clean_chosen(self, step: object) -> None:
        self.desk.clean((str(step),))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.header.facts and event.type() == QEvent.Type.MouseButtonRelease and self._session.dataset:
            self.remarks.setVisible(self.remarks.isHidden())
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.rows.setFixedHeight(max(LEAST_TABLE, round(self.height() * 0.5)))


def _gone(dataset: Dataset) -> StudioError:
    return StudioError(
        "dataset-gone",
        "The rows of “{name}” are no longer in the app's folder.",
        "Open the file again: {source}",
        name=file_words(dataset.name),
        source=dataset.source,
    )
