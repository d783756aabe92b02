"""What is searched: the indexes beside the model, one of which is chosen; documents that are added become one more."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from slm_studio.core import paths
from slm_studio.core.dataset import Dataset, open_dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.index import WHY_OLD, Index, IndexOptions, indexes_of, titles_of
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import current_language, in_line, mark, say, tr
from slm_studio.ui.parts.chain import Chain
from slm_studio.ui.parts.choosing import choose_files, choose_folder
from slm_studio.ui.parts.errors import ErrorBox
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Session
from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.banner import Banner
from slm_studio.ui.widgets.buttons import Button, WorkButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.drop_zone import local_paths
from slm_studio.ui.widgets.fields import Choice
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.progress import Progress
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.words import words

NOTHING = mark(
    "Nothing is searched yet. Drop documents here: texts, PDF and Word files, web pages, a folder, a zip or a table."
)
ONE_AT_A_TIME = StudioError(
    "one-source",
    "Several files were dropped, and one file, folder or zip is indexed at a time.",
    "Put them into a folder, and drop that.",
)
Wish = dict[str, object]  # arguments of the verb index, without the handle


class Corpus(Card):
    """Builds indexes with progress and stop, and says where one is no longer true."""

    chosen = Signal(object)  # Index | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.index: Index | None = None
        self._known: list[Index] = []
        self._model: SavedModel | None = None
        self.searched: dict[str, str] = {}  # in which of its indexes each model searched last
        self._handle = ""
        self._wish: Wish | None = None  # waits for the model, or is being built
        self._session: Session | None = None
        self._chain: Chain | None = None
        self._look: Chain | None = None
        self._build()
        self.setAcceptDrops(True)
        self.show_index(None)

    def join(self, session: Session, jobs: Jobs) -> None:
        """Take what long work is started by."""
        self._session = session
        self._chain = Chain(jobs, self.progress, self.work, self)
        self._chain.failed.connect(self._on_failed)
        self._chain.stopped.connect(self._on_stopped)
        self._look = Chain(jobs, parent=self)
        session.dataset_changed.connect(self._on_dataset)
        self._on_dataset(session.dataset)

    def set_model(self, model: SavedModel) -> None:
        """Offer what was indexed for a model; of one that learnt passages here these are indexed at once."""
        self._model, self._handle, self._wish = model, "", None
        if self._chain is not None:
            self._chain.leave()
        self.problem.clear()
        self._offer(self.searched.get(model.folder, ""))
        if not self._known and (learnt := _learnt(model)) is not None:
            self._wish = learnt
            self.state.set_words("The passages that it learnt from are being indexed…")

    def model_opened(self, handle: str) -> None:
        """Build what waits for the model, and look whether what is shown is still true."""
        self._handle = handle
        if self._wish is not None:
            self._start()
        elif self.index is not None:
            self._look_at(self.index)

    def add_path(self, path: Path) -> None:
        """Index a file, a folder or a zip."""
        self._build_index({"source": str(path)})

    def show_index(self, index: Index | None) -> None:
        """Search this one."""
        self.index = index
        self.old.hide()
        self.choice.setVisible(bool(self._known))
        if index is None:
            self.state.set_words(NOTHING)
        else:
            self.choice.choose(index.folder)
            if self._model is not None:
                self.searched[self._model.folder] = index.folder
            self.state.set_words(partial(_facts, index))

    def _build(self) -> None:
        self.choice = Choice(name="What is searched", strong=True)
        scaled(self.choice.setMaximumWidth, 320)
        self.files, self.folder = Button("Documents…", icon_name="file"), Button("Folder…", icon_name="folder")
        self.column = Button("The open table", icon_name="table")
        self.work = WorkButton("Index")
        where = QWidget()
        line = QHBoxLayout(where)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(Text("Search in", "muted"))
        line.addWidget(self.choice, 1)
        line.addStretch()
        row = SideBySide(gap=8)
        row.limit(row.add(where, 1), 220)
        row.add(Actions(self.files, self.folder, self.column, self.work), 0)
        self.add(row)
        self.state = Text(NOTHING, "muted", wrap=True)
        self.sample = Button("Sample documents", kind="link", small=True)
        below = SideBySide(gap=8)
        below.limit(below.add(self.state, 1), 200)
        below.add(Actions(self.sample), 0)
        self.add(below)
        self.progress = Progress()
        self.old = Banner(tone="warning", action="Build it again")
        self.problem = ErrorBox()
        for part in (self.progress, self.old, self.problem):
            self.add(part)
        self.old.hide()
        self.work.hide()
        words(self.setAccessibleName, "What is searched")
        self.choice.chosen.connect(self._on_chosen)
        self.files.clicked.connect(self._on_files)
        self.folder.clicked.connect(self._on_folder)
        self.column.clicked.connect(self._on_column)
        self.sample.clicked.connect(self._on_sample)
        self.old.acted.connect(self._on_again)

    def _offer(self, folder: str = "") -> None:
        self._known = indexes_of(self._model.folder) if self._model is not None else []
        titles = titles_of(self._known)
        self.choice.set_options([(folder, partial(str, title)) for folder, title in titles.items()])
        found = next((each for each in self._known if each.folder == folder), self._known[0] if self._known else None)
        self.show_index(found)
        self.chosen.emit(found)

    def _build_index(self, wish: Wish) -> None:
        self.problem.clear()
        self._wish = wish
        if self._handle:
            self._start()
        else:
            self.chosen.emit(self.index)  # whoever asks opens the model

    def _start(self) -> None:
        if self._chain is None or self._wish is None:
            return
        self.work.show()
        arguments = {"handle": self._handle, "options": IndexOptions(), **self._wish}
        self._chain.run("index", arguments, self._on_built)

    def _look_at(self, index: Index) -> None:
        if self._look is not None:
            self._look.run("look", {"folder": index.folder, "handle": self._handle}, self._on_looked)

    def _on_built(self, index: Index) -> None:
        self._wish = None
        self.work.hide()
        self._offer(index.folder)

    def _on_looked(self, index: Index) -> None:
        if self.index is None or index.folder != self.index.folder:
            return
        if not index.old:
            self.old.hide()
            return
        self.old.set_words(lambda: in_line(say(WHY_OLD[why], {"source": index.source_name}) for why in index.old))
        self.old.show()

    def _on_again(self) -> None:
        if self.index is None:
            return
        dataset = _dataset(self.index.dataset) if self.index.dataset else None
        if dataset is not None:
            self._build_index({"dataset": dataset, "options": IndexOptions(column=self.index.column)})
        else:
            self._build_index({"source": self.index.source, "options": IndexOptions(column=self.index.column)})

    def _on_failed(self, error: StudioError) -> None:
        self.work.hide()
        self._wish = None
        self.problem.show_error(error)
        self.show_index(self.index)

    def _on_stopped(self) -> None:
        self.work.hide()
        self._wish = None
        self.state.set_words("Stopped. What was read is kept; the same documents go on from there.")

    def _on_chosen(self, folder: object) -> None:
        found = next((each for each in self._known if each.folder == folder), None)
        self.show_index(found)
        self.chosen.emit(found)
        if found is not None and self._handle:
            self._look_at(found)

    def _on_dataset(self, dataset: object) -> None:
        self.column.setVisible(isinstance(dataset, Dataset))

    def _on_files(self) -> None:
        if self._session is not None:
            self._take(choose_files(self, self._session))

    def _on_folder(self) -> None:
        if self._session is not None:
            self._take(choose_folder(self, self._session))

    def _on_column(self) -> None:
        if self._session is not None and self._session.dataset is not None:
            self._build_index({"dataset": self._session.dataset})

    def _on_sample(self) -> None:
        self.add_path(_samples())

    def _take(self, chosen: Sequence[Path]) -> None:
        if len(chosen) == 1:
            self.add_path(chosen[0])
        elif chosen:
            self.problem.show_error(ONE_AT_A_TIME)

    def showEvent(self, event: QShowEvent) -> None:
        """Look again whether what is searched is still true."""
        super().showEvent(event)
        self._look_again()

    def changeEvent(self, event: QEvent) -> None:
        """Look again when the person comes back from another program: there the documents may have been changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow() and self.isVisible():
            self._look_again()

    def _look_again(self) -> None:
        if self._handle and self.index is not None and self._wish is None:
            self._look_at(self.index)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self._take(local_paths(event.mimeData()))


def _learnt(model: SavedModel) -> Wish | None:
    """Return what indexes the passages that a model learnt from, where they are still here."""
    roles = model.recipe.get("roles")
    column = str(roles.get("passage") or "") if isinstance(roles, dict) else ""
    dataset = _dataset(model.dataset) if column and model.dataset else None
    return {"dataset": dataset, "options": IndexOptions(column=column)} if dataset is not None else None


def _samples() -> Path:
    """Return the documents that travel with the app, in the person's language."""
    return paths.resources() / "samples" / ("zh" if current_language().startswith("zh") else "en") / "library"


def _dataset(identity: str) -> Dataset | None:
    try:
        return open_dataset(paths.datasets() / identity)
    except (StudioError, OSError):
        return None


def _facts(index: Index) -> str:
    """Return “5 documents · 14 passages”, and below it what was not read, and why."""
    cut = tr("{n} longer than the model reads", n=index.cut) if index.cut else ""
    if index.kind == "column":
        found = tr(
            "{passages} different {passages:passage|passages} in {rows} {rows:row|rows}",
            passages=index.passages,
            rows=index.documents,
        )
        return " · ".join(filter(None, (found, cut)))
    parts = [
        tr("{n} {n:document|documents}", n=index.documents),
        tr("{n} {n:passage|passages}", n=index.passages),
        cut,
        tr("{n} {n:file|files} not read", n=index.left_out) if index.left_out else "",
    ]
    unread = (say(each.message, each.told) for each in index.remarks)
    return "\n".join(filter(None, (" · ".join(part for part in parts if part), in_line(unread))))
