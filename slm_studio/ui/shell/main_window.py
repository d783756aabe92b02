"""The window: a sidebar with the places, one place at a time, and the wiring between them. No work happens here."""

import importlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from slm_studio.core.dropped import is_model
from slm_studio.core.errors import StudioError
from slm_studio.core.run import find_run
from slm_studio.core.settings import Settings
from slm_studio.core.texts import mark, tr
from slm_studio.ui.parts.choosing import choose_files, choose_folder
from slm_studio.ui.parts.errors import show_error
from slm_studio.ui.shell.ahead import CHARTS, ROWS
from slm_studio.ui.shell.destinations import everything
from slm_studio.ui.shell.endings import Endings
from slm_studio.ui.shell.focus import FocusKeeper
from slm_studio.ui.shell.idle import IdleBuilder
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.leaving import leave, left_runs
from slm_studio.ui.shell.outside import Outside
from slm_studio.ui.shell.running import Running
from slm_studio.ui.shell.session import PLACES, SETTINGS, Session
from slm_studio.ui.shell.shortcuts import install_shortcuts, key_text
from slm_studio.ui.shell.training import Trainings
from slm_studio.ui.widgets.copying import let_copy
from slm_studio.ui.widgets.drop_cover import DropCover
from slm_studio.ui.widgets.drop_zone import local_paths
from slm_studio.ui.widgets.finder import Finder, Found
from slm_studio.ui.widgets.question import ask
from slm_studio.ui.widgets.sidebar import Place, Sidebar
from slm_studio.ui.widgets.tab_order import order_tabs
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.toast import Toast
from slm_studio.ui.widgets.words import retranslate

PanelMaker = Callable[[Session, Jobs, Trainings], QWidget]
MARGIN = 32

PANELS = {
    "data": "slm_studio.ui.data.panel:DataPanel",
    "train": "slm_studio.ui.train.panel:TrainPanel",
    "evaluate": "slm_studio.ui.evaluate.panel:EvaluatePanel",
    "playground": "slm_studio.ui.playground.panel:PlaygroundPanel",
    "hub": "slm_studio.ui.hub.panel:HubPanel",
    "settings": "slm_studio.ui.settings.panel:SettingsPanel",
}


class MainWindow(QMainWindow):
    """Shows the last place at once; the others are built when visited, or in idle moments.

    A panel is a QWidget made with (session, jobs, trainings). It may have open_file(path), primary() (Ctrl+Return),
    stop() (Esc), retranslate() and make_rest(), which makes what its first paint did not need.
    """

    def __init__(
        self, session: Session, jobs: Jobs, trainings: Trainings, panels: Mapping[str, PanelMaker | str] | None = None
    ) -> None:
        super().__init__()
        self.session, self.jobs, self.trainings = session, jobs, trainings
        self.theme = the_theme()
        self._makers = dict(panels or PANELS)
        self._panels: dict[str, QWidget] = {}
        modules = (*ROWS, CHARTS, *(_module(each) for each in self._makers.values() if isinstance(each, str)))
        self.idle = IdleBuilder((*PLACES, SETTINGS), self._panels, self.panel, modules, self)
        self._is_painted = False
        self.may_leave = self._ask_to_leave
        self._running = Running(trainings, _run_name, self)
        self._outside = Outside(self)
        self.setMinimumSize(1024, 640)
        self.setAcceptDrops(True)
        Endings(self, session, trainings)
        let_copy(self)
        self._build()
        self._connect()
        self._restore_frame()
        self._show_left()
        place = session.recall("place", PLACES[0])
        self.show_place(str(place) if place in PLACES else PLACES[0])

    def show_place(self, key: str) -> None:
        """Show a place, building it on the first visit."""
        panel = self.panel(key)
        if panel is not self.stack.currentWidget():
            # Were the focus in the place that hides, Qt would hand it to the first button of the new one.
            self.centralWidget().setFocus()
            self.stack.setCurrentWidget(panel)
            if self.centralWidget().hasFocus():  # the panel may have taken it, for its own line of input
                panel.setFocus()
        self.sidebar.choose(key)
        self.session.place = key
        self.toast.go_to(key)
        if key != SETTINGS:
            self.session.remember("place", key)

    def panel(self, key: str) -> QWidget:
        """Return the panel of a place, building it where it is not there yet."""
        if key not in self._panels:
            panel = _maker(self._makers[key])(self.session, self.jobs, self.trainings)
            self._panels[key] = panel
            self.stack.addWidget(panel)
        return self._panels[key]

    def open_path(self, path: Path) -> None:
        """Open a file or folder: a model in Hub, everything else in Data."""
        self.open_paths((path,))

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open what was dropped or chosen together: files of rows as one dataset, a model in Hub."""
        models = [path for path in paths if is_model(path)]
        rows = [path for path in paths if path not in models]
        if rows:
            self.show_place("data")
            panel = self.panel("data")
            panel.open_file(rows[0]) if len(rows) == 1 else panel.open_files(rows)  # type: ignore[attr-defined]
        if models:
            self.show_place("hub")
            self.panel("hub").open_file(models[0])  # type: ignore[attr-defined]
        if models[1:]:
            self.session.toast(tr("One model at a time: “{name}” is still to be imported.", name=models[1].name))

    @property
    def is_reading(self) -> bool:
        """Say whether a file is on its way, beside which the rows of last time are not wanted."""
        panel = self._panels.get("data")
        return panel is not None and panel.desk.is_busy  # type: ignore[attr-defined]

    def choose_file(self) -> None:
        """Ask for files and open them."""
        self.session.open_paths(choose_files(self, self.session))

    def choose_folder(self) -> None:
        """Ask for a folder and open it."""
        self.session.open_paths(choose_folder(self, self.session))

    def retranslate(self) -> None:
        """Write what the window itself says."""
        self.finder.close_finder()

    def _build(self) -> None:
        self.sidebar = Sidebar(places(), (settings_place(),))
        self.stack = QStackedWidget()
        self.toast = Toast()
        foot = QVBoxLayout()
        foot.setContentsMargins(MARGIN, 0, MARGIN, 0)
        foot.addWidget(self.toast)
        content = QWidget()
        content.setProperty("role", "page")
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.stack, 1)
        column.addLayout(foot)
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.sidebar)
        row.addWidget(content, 1)
        # Somebody must have the focus; were it the first button, its ring would greet everybody.
        whole.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCentralWidget(whole)
        whole.setFocus()
        FocusKeeper(self, self.stack)
        self.finder = Finder(self._everything, self)
        self.cover = DropCover(content)

    def _connect(self) -> None:
        session = self.session
        self.sidebar.chosen.connect(self.show_place)
        self.sidebar.run_chosen.connect(self._on_run_chosen)
        self._running.changed.connect(self.sidebar.runs.set_runs)
        self._running.worked.connect(self._outside.show_runs)
        session.place_requested.connect(self.show_place)
        session.paths_opened.connect(self.open_paths)
        session.toast_requested.connect(self.toast.show_words)
        session.toast_withdrawn.connect(self.toast.withdraw)
        session.settings_changed.connect(self._on_settings_changed)
        session.language_changed.connect(self._on_language_changed)
        session.runs_changed.connect(self._show_left)
        self.jobs.job_failed.connect(self._on_job_failed)
        self.trainings.run_started.connect(session.runs_changed)
        self.trainings.run_finished.connect(self._on_run_ended)
        self.trainings.run_failed.connect(session.runs_changed)
        self.shortcuts = install_shortcuts(self, self._actions())

    def _actions(self) -> dict[str, Callable[[], object]]:
        visits = {key: _Visit(self, key) for key in (*PLACES, SETTINGS)}
        return {
            **visits,
            "open": self.choose_file,
            "primary": self._on_primary,
            "stop": self._on_stop,
            "find": self.finder.open,
            "undo": self.session.changes.undo_last,
            "redo": self.session.changes.redo,
            "zoom_in": self._on_zoom_in,
            "zoom_out": self._on_zoom_out,
            "zoom_reset": self._on_zoom_reset,
            "quit": self.close,
        }

    def _everything(self) -> list[Found]:
        return everything(self.session, (*places(), settings_place()), self.choose_file, self.choose_folder)

    def _restore_frame(self) -> None:
        self.resize(1280, 800)
        kept = self.session.recall("frame")
        if isinstance(kept, str):
            self.restoreGeometry(b64decode(kept))
        # A laptop's screen may be lower than the window, or smaller than the one it was on the last time.
        self.resize(self.size().boundedTo(self.screen().availableSize()))
        zoom = self.session.recall("zoom", 1.0)
        if isinstance(zoom, int | float):
            self.theme.set_zoom(float(zoom))

    def _zoomed(self) -> None:
        self.session.remember("zoom", self.theme.zoom)

    def _ask_to_leave(self) -> bool:
        return ask(
            self,
            mark("A model is still training.") if self._running.is_any_at_work() else mark("A run is paused."),
            "What it learnt is saved. Resume goes on from there when you come back.",
            action="Leave",
            back="Stay",
        )

    def _on_primary(self) -> None:
        _call(self.stack.currentWidget(), "primary")

    def _on_stop(self) -> None:
        _call(self.stack.currentWidget(), "stop")

    def _on_zoom_in(self) -> None:
        self.theme.zoom_in()
        self._zoomed()

    def _on_zoom_out(self) -> None:
        self.theme.zoom_out()
        self._zoomed()

    def _on_zoom_reset(self) -> None:
        self.theme.zoom_reset()
        self._zoomed()

    def _on_settings_changed(self, settings: Settings) -> None:
        self.theme.choose(settings.theme)

    def _on_language_changed(self) -> None:
        retranslate(self)

    def _on_job_failed(self, error: StudioError) -> None:
        show_error(self, error)

    def _show_left(self) -> None:
        self._running.show_waiting(left_runs(self.session))

    def _on_run_chosen(self, run_id: str) -> None:
        self.session.set_run(find_run(run_id))
        self.show_place("train")

    def _on_run_ended(self, run_id: str, model: object) -> None:
        self.session.runs_changed.emit()
        if model is not None:
            self.session.models_changed.emit()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to be seen."""
        super().showEvent(event)
        self._is_painted = False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Go on with what was not needed for the first paint: a timer alone may be quicker than that, on a busy machine."""
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            self.idle.start()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Let the Tab key go in the order in which one reads."""
        order_tabs(self.centralWidget())
        return super().focusNextPrevChild(forward)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the new size."""
        super().resizeEvent(event)
        self.finder.close_finder()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome files."""
        if local_paths(event.mimeData()):
            self.cover.cover()
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Let them go."""
        self.cover.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take what was dropped."""
        self.cover.hide()
        dropped = local_paths(event.mimeData())
        if dropped:
            event.acceptProposedAction()
            self.open_paths(dropped)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep the state, unless the person would rather stay."""
        if self.trainings.active and not self.may_leave():
            event.ignore()
            return
        self.idle.stop()
        self.session.closing.emit()
        leave(self.session, self.trainings.active)
        self.session.remember("frame", b64encode(bytes(self.saveGeometry().data())).decode())
        self.session.save()
        super().closeEvent(event)


class _Visit:
    """Shows one place when called (a lambda would hold the window in a loop)."""

    def __init__(self, window: MainWindow, key: str) -> None:
        self._window, self._key = window, key

    def __call__(self) -> None:
        self._window.show_place(self._key)


def places() -> tuple[Place, ...]:
    """Return the five places in the order of the work."""
    return (
        Place("data", "table", mark("Data"), key_text("data")),
        Place("train", "curve", mark("Train"), key_text("train")),
        Place("evaluate", "bars", mark("Evaluate"), key_text("evaluate")),
        Place("playground", "bubble", mark("Playground"), key_text("playground")),
        Place("hub", "download", mark("Hub"), key_text("hub")),
    )


def settings_place() -> Place:
    """Return the entry at the foot."""
    return Place(SETTINGS, "settings", mark("Settings"))


def _module(maker: str) -> str:
    return maker.partition(":")[0]


def _maker(maker: PanelMaker | str) -> PanelMaker:
    if not isinstance(maker, str):
        return maker
    return getattr(importlib.import_module(_module(maker)), maker.partition(":")[2])


def _call(panel: QWidget, name: str) -> None:
    method = getattr(panel, name, None)
    if method is not None:
        method()


def _run_name(run_id: str) -> str:
    try:
        return find_run(run_id).name
    except StudioError:
        return run_id
