"""Data: from a file to rows that can be learnt from, with everything that was guessed and found about them in words."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from slm_studio.core.dataset import Dataset, ReadOptions, opened_before
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Progress as ProgressEvent
from slm_studio.core.tasks import task_info
from slm_studio.ui.data.dataset_words import facts
from slm_studio.ui.data.examples import own_examples
from slm_studio.ui.data.onward import OnwardBanner
from slm_studio.ui.data.preparing import Desk
from slm_studio.ui.data.welcome import Welcome
from slm_studio.ui.parts.choosing import choose_files, choose_folder
from slm_studio.ui.parts.errors import ErrorBox
from slm_studio.ui.parts.naming import file_words
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Session
from slm_studio.ui.shell.training import Trainings
from slm_studio.ui.widgets.banner import Banner
from slm_studio.ui.widgets.buttons import Button, MenuButton
from slm_studio.ui.widgets.page import Page
from slm_studio.ui.widgets.progress import Progress
from slm_studio.ui.widgets.theme import the_theme

if TYPE_CHECKING:
    from slm_studio.ui.data.opened import Opened

RECENT = 8
LEAST_TABLE = 300


class DataPanel(Page):
    """Shows the open dataset, or how to get one."""

    def __init__(self, session: Session, jobs: Jobs, trainings: Trainings, parent: QWidget | None = None) -> None:
        super().__init__("Data", parent=parent)
        self._session, self._jobs = session, jobs
        self._opened: Opened | None = None
        self.desk = Desk(session, jobs, self)
        self._build_header()
        self._build_notices()
        self.welcome = Welcome()
        self.add(self.welcome, 1)
        self._end = QWidget()
        self.add(self._end, 1)
        self._connect()
        self._on_dataset_changed(session.dataset)

    @property
    def opened(self) -> "Opened":
        """What is shown of a dataset: made with the first one, or soon after the window was painted.

        It would hold the first paint up by a tenth of a second, and nobody would see it.
        """
        if self._opened is None:
            from slm_studio.ui.data.opened import Opened

            self._opened = Opened(self._session, self.desk)
            self._opened.setVisible(self._session.dataset is not None)
            self._opened.failed.connect(self._on_failed)
            self._opened.reveal_requested.connect(self.reveal)
            self._opened.rows.pages.height_changed.connect(self._fit_rows)
            self.body.insertWidget(self.body.indexOf(self._end), self._opened)
            self._fit_rows()
            self._opened.show_present()
        return self._opened

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

    def make_rest(self) -> None:
        """Make what shows a dataset, before there is one."""
        assert self.opened is not None

    def retranslate(self) -> None:
        """Say title and facts in the language of now."""
        self._show_facts()

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
        self.onward = OnwardBanner(self._session, self._jobs)
        self.notices.addWidget(self.onward)
        self._work = QWidget()
        row = QHBoxLayout(self._work)
        row.setContentsMargins(0, 0, 0, 0)
        self.progress = Progress()
        self.stop_button = Button("Stop", icon_name="stop", small=True)
        row.addWidget(self.progress, 1)
        row.addWidget(self.stop_button)
        self._work.hide()
        self.notices.addWidget(self._work)

    def _connect(self) -> None:
        session, desk = self._session, self.desk
        session.dataset_changed.connect(self._on_dataset_changed)
        session.recipe_changed.connect(self._settle_buttons)
        session.datasets_changed.connect(self.welcome.refresh)
        desk.busy_changed.connect(self._on_busy_changed)
        desk.progressed.connect(self._on_progressed)
        desk.failed.connect(self._on_failed)
        desk.editing.changed.connect(self.error.clear)
        desk.editing.writing_changed.connect(self._on_writing_changed)
        desk.editing.progressed.connect(self._on_progressed)
        desk.editing.failed.connect(self._on_failed)
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

    def _can_train(self) -> bool:
        """Say whether every column is chosen that the task cannot do without."""
        recipe = self._session.recipe
        return recipe is not None and not task_info(recipe.task).missing(recipe.chosen)

    def _show_facts(self) -> None:
        dataset = self._session.dataset
        if dataset is None:
            self.header.set_title("Data")
            self.header.set_facts("Everything starts with rows of text.")
            return
        self.header.set_title("{name}", name=partial(file_words, dataset.name))
        self.header.set_facts(lambda: facts(dataset))

    def _on_dataset_changed(self, dataset: Dataset | None) -> None:
        self.welcome.setVisible(dataset is None)
        if dataset is not None or self._opened is not None:
            self.opened.setVisible(dataset is not None)
        self._end.setVisible(dataset is not None)
        self.open_button.setVisible(dataset is not None)
        self.train_button.setVisible(dataset is not None)
        self._show_facts()
        self._settle_buttons()
        self._show_offer(dataset)
        if dataset is None:
            self.welcome.refresh()

    def _on_busy_changed(self, busy: bool) -> None:
        self._work.setVisible(busy)
        self.stop_button.setVisible(busy)
        self._settle_buttons()
        if busy:
            self.error.clear()
            self.progress.set_count("Reading", 0, 0)

    def _on_writing_changed(self, writing: bool) -> None:
        """Show a version at work that takes a while; the rows can be edited on."""
        if not self.desk.is_busy:
            self._work.setVisible(writing)
            self.stop_button.setVisible(not writing)
            self.progress.set_count("Writing rows", 0, 0)

    def _settle_buttons(self) -> None:
        self.train_button.setEnabled(not self.desk.is_busy and self._can_train())

    def _on_progressed(self, event: ProgressEvent) -> None:
        self.progress.set_count(event.what, event.done, event.total)

    def _on_failed(self, error: StudioError) -> None:
        self.error.show_error(error)

    def _fill_open_menu(self) -> None:
        self.open_button.clear()
        self.open_button.add("file", "File…")
        self.open_button.add("folder", "Folder…")
        self.open_button.add("remarks", "How the file was read…")
        self.open_button.add_rule()
        for dataset in opened_before()[:RECENT]:
            if self._session.dataset is None or dataset.id != self._session.dataset.id:
                self.open_button.add(dataset, "{name}", name=file_words(dataset.name))
        self.open_button.add_rule()
        for example in own_examples():
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
            self.opened.remarks.setVisible(True)
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

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.header.facts and event.type() == QEvent.Type.MouseButtonRelease and self._session.dataset:
            self.opened.remarks.setVisible(self.opened.remarks.isHidden())
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        super()._fit()
        self._fit_rows()

    def _fit_rows(self) -> None:
        if self._opened is not None:
            rows = self._opened.rows
            least = min(the_theme().px(LEAST_TABLE), self._area.viewport().height())  # never more than can be seen
            rows.setFixedHeight(max(LEAST_TABLE, least, round(self.height() * 0.5), rows.least_height()))
