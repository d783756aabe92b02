"""Playground: try a model. Each task has a view of its own; the open model, a whole file and the code are shared."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFocusEvent, QMouseEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Note
from slm_studio.core.prompt import Prompt
from slm_studio.core.report import Case, all_cases
from slm_studio.core.results import Opened
from slm_studio.core.saved import REPORT_FOLDER, SavedModel
from slm_studio.core.settings import Settings
from slm_studio.core.tasks import task_info
from slm_studio.core.texts import explain, in_line, mark, tr
from slm_studio.ui.parts.devices import device_options
from slm_studio.ui.parts.model_page import ModelPage
from slm_studio.ui.parts.models import model_facts
from slm_studio.ui.playground.answering import CLOSED, GONE, OPEN, OPENING, Answering
from slm_studio.ui.playground.code_sheet import CodeSheet
from slm_studio.ui.playground.file_sheet import FileSheet
from slm_studio.ui.playground.getting import GettingCard
from slm_studio.ui.playground.inside_sheet import InsideSheet
from slm_studio.ui.playground.serve_sheet import ServeSheet
from slm_studio.ui.playground.serving import Serving
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Session
from slm_studio.ui.shell.training import Trainings
from slm_studio.ui.tasks import TaskView, view_of
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.empty_state import EmptyState
from slm_studio.ui.widgets.fields import Choice
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.scaling import scaled

KEEPING = 2000  # milliseconds between two looks at a text that a model is writing
MOST_KEPT = 500_000  # characters of a view's state
# Codes of Notes on a question; of the others a chat's own view tells:
UNKNOWN = "prompt-unknown-words"
UNREAD = ("prompt-unread", "prompt-end-unread", UNKNOWN)
STATES = {CLOSED: mark("on"), OPENING: mark("opening…"), OPEN: mark("on")}  # before the name of the device


class PlaygroundPanel(ModelPage):
    """Opens the session's model when somebody looks, keeps it open, and opens it again where its engine died."""

    def __init__(self, session: Session, jobs: Jobs, trainings: Trainings, parent: QWidget | None = None) -> None:
        getting = GettingCard(session, jobs)
        super().__init__("Playground", "bubble", session, below=getting, parent=parent)
        self.getting = getting
        self._jobs = jobs
        self._views: dict[str, TaskView] = {}
        self.view: TaskView | None = None
        self._example: Case | None = None  # a scored row of the model, to look at where nothing was typed
        self.answering = Answering(jobs, self)
        self.serving = Serving(session, parent=self)
        self._keeping = QTimer(self)
        self._keeping.setSingleShot(True)
        self._keeping.setInterval(KEEPING)
        self._keeping.timeout.connect(self._keep)
        # where the model shall compute; a choice here counts until the app closes
        self._default = self._wish = session.settings.device
        self._build_header()
        self._build_body()
        self._connect()

    def show_model(self) -> None:
        """Show the view of the session's model and open it."""
        super().show_model()
        model = self._session.model
        self.header.facts.setVisible(model is None)
        self._facts_row.setVisible(model is not None)
        self.answering.use(model, self._wish)
        self.unread.hide()
        before, self.view = self.view, self._view(model) if model else None
        for button in (self.inside_button, self.file_button, self.serve_button, self.code_button):
            button.setVisible(self.view is not None)
        self.inside_button.setVisible(self.view is not None and model is not None and model.info.opens_up)
        self.serve_button.setVisible(self._is_served_at_all())
        self._on_serving_changed()
        if model is None or self.view is None:
            self._show_nothing(model)
            self._keep_work_in_sight()
            return
        self._show_facts()
        focused = self.window().focusWidget()
        has_focus = focused is self or (before is not None and before.isAncestorOf(focused))
        self.deck.show_only(self.view)
        self._keep_work_in_sight()
        if has_focus:  # else it would go to whatever stands next, outside of this place
            self.view.setFocus()
        cases = all_cases(Path(model.folder) / REPORT_FOLDER)
        self._example = cases[0] if cases else None
        self.view.set_model(model, cases)
        self.answering.open()

    def primary(self) -> None:
        """Do what Ctrl+Return means in the view, or in the sheet that is open."""
        if self.deck.current() is self.file_sheet:
            self.file_sheet.start()
        elif self.view is not None and self.deck.current() is self.view:
            self.view.primary()

    def stop(self) -> None:
        """Stop the answer; where none is on its way, close the sheet."""
        if self.deck.current() is self.file_sheet and self.file_sheet.is_busy:
            self.file_sheet.stop()
        elif self.deck.current() in self._sheets:
            self._close_sheet()
        elif self.view is not None:
            self.view.stop()

    def open_file(self, path: Path) -> None:
        """Answer every row of a file."""
        if self.view is not None:
            self._on_file()
            self.file_sheet.take_file(path)

    def _build_header(self) -> None:
        self.facts, self.device = Text("", "muted"), Choice(name="Device", quiet=True)
        scaled(self.device.setFixedHeight, 17)  # as high as the words beside it
        self._facts_row = QWidget()
        row = QHBoxLayout(self._facts_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        row.addWidget(self.facts)
        row.addWidget(self.device)
        row.addStretch(1)
        self.header.put_facts(self._facts_row)
        self._facts_row.hide()
        self.file_button, self.code_button = Button("A whole file…"), Button("Use from code")
        self.serve_button, self.inside_button = Button("Serve…"), Button("Inside")
        for button in (self.inside_button, self.file_button, self.serve_button, self.code_button):
            self.header.add_action(button)

    def _build_body(self) -> None:
        self.unread, self._is_whole = Text("", "muted", wrap=True), True
        self.unread.hide()
        self.notices.addWidget(self.unread)
        self.viewless = EmptyState("bubble", "")
        self.file_sheet, self.code_sheet = FileSheet(self._session, self._jobs), CodeSheet(self.serving)
        self.serve_sheet = ServeSheet(self.serving)
        self.inside_sheet = InsideSheet(self.answering)
        self._sheets = (self.inside_sheet, self.file_sheet, self.serve_sheet, self.code_sheet)
        self.deck.add(self.viewless)
        for sheet in self._sheets:
            self.deck.add(sheet, fills=sheet is self.inside_sheet)

    def _connect(self) -> None:
        answering = self.answering
        self._session.settings_changed.connect(self._on_settings_changed)
        self._session.closing.connect(answering.stop)  # what came of an answer is kept
        self.file_button.clicked.connect(self._on_file)
        self.code_button.clicked.connect(self._on_code)
        self.inside_button.clicked.connect(self._on_inside)
        for sheet in self._sheets:
            sheet.closed.connect(self._close_sheet)
        self.serve_button.clicked.connect(self._on_serve)
        self.serve_sheet.switched.connect(self._on_switched)
        self.serve_sheet.copied.connect(self._on_copied)
        self.serving.changed.connect(self._on_serving_changed)
        self.serving.failed.connect(self.problem.show_error)
        self.device.chosen.connect(self._on_device)
        self.getting.taken.connect(self._on_taken)
        answering.state_changed.connect(self._on_state)
        answering.opened.connect(self._on_opened)
        answering.arrived.connect(self._on_arrived)
        answering.noted.connect(self._on_noted)
        answering.answered.connect(self._on_answered)
        answering.failed.connect(self._on_failed)

    def _view(self, model: SavedModel) -> TaskView | None:
        """Return the view of a model's task, made at the first use."""
        if model.task not in self._views:
            kind = view_of(model.task)
            if kind is None:
                return None
            view = kind()
            view.join(self._session, self._jobs)
            self.deck.add(view)
            kept = self._session.recall("tried", {})
            view.restore(kept.get(model.task) if isinstance(kept, dict) else None)
            view.asked.connect(self._on_asked)
            view.stop_asked.connect(self._on_stop_asked)
            view.saved.connect(self._on_saved)
            view.failed.connect(self.problem.show_error)
            view.inquired.connect(self.answering.inquire)
            view.opened.connect(self._on_file_made)
            view.did.connect(self._session.did)
            self._views[model.task] = view
            view.edited.connect(self._on_edited)
        return self._views[model.task]

    def _show_nothing(self, model: SavedModel | None) -> None:
        if model is None:
            self.header.set_facts("try what a model has learnt")
            self._show_empty(
                "Here you try a model.",
                "Say something, and a chat answers; type, and a classifier does; begin a text, and a writing model goes on. Everything stays on this computer.",
            )
        else:
            self._show_facts()
            self.viewless.set_words(
                "This model is a base: it answers nothing by itself.",
                "Train it further in Train, under “Continue a model of mine”.",
            )
            self.deck.show_only(self.viewless)

    def _show_facts(self) -> None:
        self.facts.set_words(self._facts_words)
        self._offer_devices((self._wish,))
        self._on_state(self.answering.state)

    def _facts_words(self) -> str:
        model = self._session.model
        if model is None:
            return ""
        return (
            f"{model_facts(model)} · {tr(STATES[self.answering.state])}"
            if self.view is not None
            else model_facts(model)
        )

    def _offer_devices(self, found: tuple[str, ...], current: str = "") -> None:
        self.device.set_options(device_options(found), current or found[0])

    def _on_taken(self, model: SavedModel) -> None:
        self._session.models_changed.emit()
        self._session.set_model(model)

    def _close_sheet(self) -> None:
        sheet = self.deck.current()
        has_focus = sheet is not None and sheet.isAncestorOf(self.window().focusWidget())
        if self.view is None:
            self._show_nothing(self._session.model)
            return
        self.deck.show_only(self.view)
        if has_focus:  # else it would go to whatever stands next, outside of this place
            self.view.setFocus()

    def _keep_work_in_sight(self) -> None:
        """Show the file that is being answered, whatever model the place shows by now: else nobody could stop it."""
        if self.file_sheet.is_answering:
            self.deck.show_only(self.file_sheet)

    def _on_settings_changed(self, settings: Settings) -> None:
        if settings.device != self._default:
            self._default = self._wish = settings.device
            self.answering.use(self._session.model, self._wish)

    def _on_state(self, state: str) -> None:
        self.facts.set_words(self._facts_words)
        self.device.setVisible(self.view is not None and state != OPENING)

    def _on_opened(self, opened: Opened) -> None:
        if self.view is not None:
            self.view.model_opened(opened.handle)
        if self.device.current() != opened.device or self.device.count() < 2:
            self._offer_devices((opened.device,))
            self._jobs.start(
                "devices", {}, partial(self._on_devices, opened.device), None, self._on_no_devices, owner=self
            )

    def _on_devices(self, current: str, found: object) -> None:
        if isinstance(found, tuple | list) and current in found:
            self._offer_devices(tuple(map(str, found)), current)

    def _on_no_devices(self, error: StudioError) -> None:
        """Offer no choice: the model is open where it is, and the next question says what is the matter."""

    def _on_device(self, device: object) -> None:
        self._wish = str(device)
        self.answering.use(self._session.model, self._wish)
        self.answering.open()

    def _on_asked(self, prompt: Prompt, options: dict[str, object]) -> None:
        self.problem.clear()
        self._is_whole = True
        if self.view is not None:
            self.view.begin()
        self.answering.ask(prompt, options)

    def _on_stop_asked(self) -> None:
        """End the answer; what was said of a question goes with it, as where its text was taken away."""
        self.problem.clear()
        self.unread.hide()
        self.answering.stop()

    def _on_arrived(self, item: object) -> None:
        if self.view is not None:
            self.view.take(item)

    def _on_noted(self, note: Note) -> None:
        said = partial(tr, note.message, **note.values)
        if note.code in UNREAD and not (note.code == UNKNOWN and self.view is not None and self.view.remark(said)):
            self._is_whole = False
            self.unread.set_words(said)
            self.unread.show()
        if self.view is not None:
            self.view.note(note)

    def _on_answered(self, numbers: object) -> None:
        self.unread.setHidden(self._is_whole)
        if self.view is not None:
            self.view.finish(numbers)

    def _on_failed(self, error: StudioError) -> None:
        if self.view is not None:
            self.view.fail()
        is_of_the_text = self.answering.state == OPEN and error.code not in GONE
        if not (is_of_the_text and self.view is not None and self.view.remark(lambda: in_line(explain(error)))):
            self.problem.show_error(error)

    def _on_saved(self, out: Path) -> None:
        self.problem.clear()
        self._session.toast(tr("Written to {file}.", file=str(out)))

    def _on_file_made(self, out: Path) -> None:
        self._session.open_paths((out,))

    def _on_edited(self) -> None:
        """Keep what stands in the views over a restart; while a model writes, only now and then."""
        if self.answering.is_busy and not self._keeping.isActive():
            self._keeping.start()
        elif not self.answering.is_busy:
            self._keep()

    def _keep(self) -> None:
        states = {task: view.state() for task, view in self._views.items()}
        self._session.remember("tried", {task: state for task, state in states.items() if len(str(state)) < MOST_KEPT})

    def _on_file(self) -> None:
        if self._session.model is not None:
            self.file_sheet.open_sheet(self._session.model, self._wish, self.view.chosen() if self.view else {})
            self.deck.show_only(self.file_sheet)
            self.file_sheet.file_button.setFocus()

    def _is_served_at_all(self) -> bool:
        model = self._session.model
        return self.view is not None and model is not None and bool(task_info(model.task).route)

    def _on_serve(self) -> None:
        if self._session.model is not None and self.view is not None:
            self.serve_sheet.open_sheet(self._session.model, self.view.text())
            self.deck.show_only(self.serve_sheet)
            self.serve_sheet.switch.setFocus()

    def _on_switched(self, on: bool) -> None:
        self.problem.clear()
        if self._session.model is not None:
            (self.serving.serve if on else self.serving.take_back)(self._session.model)

    def _on_copied(self) -> None:
        self._session.toast(tr("Copied"))

    def _on_serving_changed(self) -> None:
        """Say on the button whether this model is served."""
        model = self._session.model
        is_served = model is not None and bool(self.serving.name_of(model))
        self.serve_button.set_words("Serving" if is_served else "Serve…")
        self.serve_button.set_icon("check" if is_served else "")

    def _on_inside(self) -> None:
        if self._session.model is not None and self.view is not None:
            self.deck.show_only(self.inside_sheet)
            texts = (self.view.text(), self.view.second())
            self.inside_sheet.open_sheet(self._session.model, texts, self._example)

    def _on_code(self) -> None:
        if self._session.model is not None and self.view is not None:
            self.code_sheet.open_sheet(self._session.model, self.view.text(), self.view.second())
            self.deck.show_only(self.code_sheet)

    def showEvent(self, event: QShowEvent) -> None:
        """Let the next key reach the view."""
        super().showEvent(event)
        self._focus_view()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Let the next key reach the view after a click on a button too: it takes no focus, so Qt gives it to the place."""
        super().focusInEvent(event)
        if event.reason() == Qt.FocusReason.MouseFocusReason:
            self._focus_view()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the keys from the view at a click on the ground, which no button takes."""
        super().mousePressEvent(event)
        self.setFocus()

    def _focus_view(self) -> None:
        if self.view is not None and self.deck.current() is self.view:
            self.view.setFocus()
