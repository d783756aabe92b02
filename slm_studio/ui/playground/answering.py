"""Answering: keeps one model open and asks it; a newer question ends the older one; a dead engine is replaced."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Note, Predicted, Progress
from slm_studio.core.prompt import Prompt
from slm_studio.core.results import Opened
from slm_studio.core.saved import SavedModel
from slm_studio.ui.parts.chain import Chain
from slm_studio.ui.shell.jobs import Jobs

CLOSED, OPENING, OPEN = "closed", "opening", "open"
GONE = ("not-open", "engine-died", "engine-no-start")  # errors after which the handle is worth nothing


class Answering(QObject):
    """Opens the model at the first question (or at `open`), and again by itself where its engine is gone."""

    state_changed = Signal(str)  # closed, opening, open
    opened = Signal(object)  # Opened
    arrived = Signal(object)  # a piece of the answer, or Progress of reading a long question
    noted = Signal(object)  # Note: what of the question the model does not receive
    answered = Signal(object)  # numbers about the answer; None where it was stopped
    failed = Signal(object)  # StudioError

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._chain = Chain(jobs, parent=self)
        self._chain.happened.connect(self._on_event)
        self._chain.progressed.connect(self._on_progress)
        self._chain.stopped.connect(self._on_stopped)
        self._chain.failed.connect(self._on_failed)
        self._model: SavedModel | None = None
        self._device = "auto"
        self._handle = ""
        self._asked: tuple[str, dict[str, object]] | None = None  # waits for the model, or is being answered
        self._inquiries: dict[str, tuple[dict[str, object], Callable[[object], None]]] = {}  # wait for the model
        self._is_broken = False  # it could not be opened: only a question tries that again
        self._again = False  # the model is being opened for a question whose handle was gone
        self.state = CLOSED

    @property
    def is_busy(self) -> bool:
        """Say whether a question is open."""
        return self._asked is not None

    @property
    def handle(self) -> str:
        """Return the handle of the open model, or ""."""
        return self._handle

    def use(self, model: SavedModel | None, device: str) -> None:
        """Take another model or device; nothing is opened yet."""
        self.stop()
        self._chain.leave()
        self._model, self._device, self._is_broken = model, device, False
        self._forget()
        inquiries, self._inquiries = self._inquiries, {}
        for _, tell in inquiries.values():
            tell(None)

    def open(self) -> None:
        """Open the model, where it is not open yet."""
        if self._model is None or self.state != CLOSED:
            return
        self._set_state(OPENING)
        self._chain.run("open", {"folder": self._model.folder, "device": self._device}, self._on_opened)

    def ask(self, prompt: Prompt, options: dict[str, object]) -> None:
        """Ask a question; an older one that is still open is not answered any more."""
        self._end_answer()
        self._asked, self._again = (prompt, options), False
        self._predict() if self.state == OPEN else self.open()

    def inquire(self, verb: str, arguments: dict[str, object], tell: Callable[[object], None]) -> None:
        """Ask the model something else than to answer, now or when it is open; of each verb the newest question counts."""
        self._inquiries[verb] = (arguments, tell)
        if self.state == OPEN:
            self._start_inquiries()
        elif not self._is_broken:
            self.open()

    def stop(self) -> None:
        """End the answer; `answered(None)` follows at once."""
        if self._asked is not None:
            self._end_answer()
            self.answered.emit(None)

    def _predict(self) -> None:
        assert self._asked is not None
        prompt, options = self._asked
        arguments = {"handle": self._handle, "prompt": prompt, "options": options}
        self._chain.run("predict", arguments, self._on_answered)

    def _start_inquiries(self) -> None:
        inquiries, self._inquiries = self._inquiries, {}
        for verb, (arguments, tell) in inquiries.items():
            failed = partial(self._on_inquiry_failed, self._handle, verb, arguments, tell)
            self._jobs.start(verb, {"handle": self._handle, **arguments}, tell, None, failed, owner=self)

    def _end_answer(self) -> None:
        self._asked = None
        if self.state == OPEN:  # a model that is being opened serves the next question too
            self._chain.leave()

    def _forget(self) -> None:
        self._handle = ""
        self._set_state(CLOSED)

    def _set_state(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

    def _on_opened(self, opened: Opened) -> None:
        self._handle = opened.handle
        self._set_state(OPEN)
        self.opened.emit(opened)
        self._start_inquiries()
        if self._asked is not None:
            self._predict()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Predicted):
            self.arrived.emit(event.item)
        elif isinstance(event, Note) and self.state == OPEN:
            self.noted.emit(event)

    def _on_progress(self, progress: Progress) -> None:
        if self.state == OPEN and progress.total:  # else the model is being opened, or nobody knows how far it is
            self.arrived.emit(progress)

    def _on_answered(self, numbers: object) -> None:
        self._asked = None
        self.answered.emit(numbers)

    def _on_inquiry_failed(
        self,
        handle: str,
        verb: str,
        arguments: dict[str, object],
        tell: Callable[[object], None],
        error: StudioError,
    ) -> None:
        if error.code != "not-open":
            tell(error)
            return
        if handle == self._handle:  # it made room for other models, or its engine was replaced: open it once more
            self._chain.leave()
            self._forget()
        self.inquire(verb, arguments, tell)

    def _on_stopped(self) -> None:
        if self.state == OPEN:
            self._on_answered(None)

    def _on_failed(self, error: StudioError) -> None:
        asked, self._asked = self._asked, None
        is_worth_another = self.state == OPEN and error.code == "not-open" and not self._again
        self._is_broken = self.state == OPENING
        if self._is_broken or error.code in GONE:
            self._forget()
        if is_worth_another:
            # The engine was replaced, or made room for other models: open this one once more.
            self._asked, self._again = asked, True
            self.open()
            return
        self.failed.emit(error)
