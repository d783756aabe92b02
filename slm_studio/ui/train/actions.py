"""Actions: what stands at the right of Train's title, by what is shown and by the state of the run."""

from PySide6.QtCore import QObject, Signal

from slm_studio.core.run import CREATED, FAILED, FINISHED, INTERRUPTED, PAUSED, RUNNING, STOPPED
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark
from slm_studio.ui.parts.onward import ContinueButton
from slm_studio.ui.train.story import STOPPING
from slm_studio.ui.widgets.buttons import Button, MenuButton, SteadyButton
from slm_studio.ui.widgets.labels import plain_tooltip
from slm_studio.ui.widgets.page import PlaceHeader
from slm_studio.ui.widgets.words import Words, sentence, words

START, RESUME, REPORT, PLAN = "start", "resume", "report", "plan"
WORDS = {
    START: mark("Start"),
    RESUME: mark("Resume"),
    REPORT: mark("See the report"),
    PLAN: mark("New run"),
}


class Actions(QObject):
    """One accent button whose meaning follows the state; plain ones beside it."""

    started = Signal()
    resumed = Signal()
    paused = Signal()
    stopped_to_keep = Signal()
    kept = Signal()
    report_requested = Signal()
    plan_requested = Signal()
    trial_requested = Signal()
    more_chosen = Signal(object)  # stop | resume | repeat | copy | folder
    runs_opening = Signal()
    run_chosen = Signal(object)

    def __init__(self, header: PlaceHeader) -> None:
        super().__init__(header)
        self._meaning = START
        self._state, self._can_train_on, self._can_keep = "", False, False
        self.runs, self.more = MenuButton("Runs"), MenuButton("More")
        self.pause = SteadyButton("Pause", "Pausing …")
        self.keep = SteadyButton("Stop and keep", "Stop", "Stopping …")
        self.keep_model, self.trial = Button("Keep as a model"), Button("Try it")
        self.onward = ContinueButton()
        self.primary = Button("Start", "primary")
        for widget in (
            self.runs,
            self.more,
            self.pause,
            self.keep,
            self.keep_model,
            self.onward,
            self.trial,
            self.primary,
        ):
            header.add_action(widget)
        self.runs.opening.connect(self.runs_opening)
        self.runs.chosen.connect(self.run_chosen)
        self.more.opening.connect(self._fill_more)
        self.more.chosen.connect(self.more_chosen)
        self.pause.clicked.connect(self._on_pause)
        self.keep.clicked.connect(self._on_keep)
        self.keep_model.clicked.connect(self.kept)
        self.trial.clicked.connect(self.trial_requested)
        self.primary.clicked.connect(self._on_primary)

    def show_plan(self, has_plan: bool) -> None:
        """Offer to start."""
        self._hide()
        self._mean(START, shown=has_plan)

    def show_runs(self, has_plan: bool) -> None:
        """Offer the way back to the plan."""
        self._hide()
        self._mean(PLAN, shown=has_plan)

    def show_run(self, state: str, *, model: SavedModel | None, can_keep: bool, keeping: bool) -> None:
        """Offer what makes sense in a state."""
        self._hide()
        has_model = model is not None
        self._state, self._can_train_on = state, has_model and state in (STOPPED, FAILED, INTERRUPTED)
        self._can_keep = can_keep
        self.more.show()
        self.pause.setVisible(state in (RUNNING, CREATED))
        self.pause.setEnabled(True)
        self.pause.set_words("Pause")
        # It stands there before it can be clicked: one that came later would stand where “Pause” was.
        self.keep.setVisible(state in (CREATED, RUNNING, PAUSED, STOPPING))
        self.keep.setEnabled(state not in (CREATED, STOPPING))
        self._say_stop()
        over = state in (STOPPED, FAILED, INTERRUPTED, FINISHED)
        self.keep_model.setVisible(over and can_keep and not has_model)
        self.keep_model.setEnabled(not keeping)
        self.keep_model.set_words("Making a model …" if keeping else "Keep as a model")
        self.trial.setVisible(over and has_model)
        self.onward.show_model(model if over else None)
        if state == FINISHED or (has_model and over):
            self._mean(REPORT, shown=has_model)
        else:
            self._mean(RESUME, shown=(over or state == PAUSED) and not keeping)

    def let_keep(self) -> None:
        """Offer Stop and keep: there is something to keep now. Before, the same button only stops."""
        if self._state == RUNNING and not self._can_keep:
            self._can_keep = True
            self._say_stop()

    def set_hindrance(self, why: Words) -> None:
        """Let Start be clicked where nothing stands in the way; else its tooltip says what does."""
        if self._meaning == START:
            self.primary.setEnabled(not why)
            words(self.primary.setToolTip, lambda: plain_tooltip(sentence(why) if why else ""))

    def _hide(self) -> None:
        for widget in (self.more, self.pause, self.keep, self.keep_model, self.onward, self.trial):
            widget.hide()

    def _mean(self, meaning: str, *, shown: bool) -> None:
        self._meaning = meaning
        self.primary.set_words(WORDS[meaning])
        words(self.primary.setToolTip, str)
        self.primary.setEnabled(True)
        self.primary.setVisible(shown)

    def _fill_more(self) -> None:
        self.more.clear()
        if self._state in (RUNNING, PAUSED):
            self.more.add("stop", "Stop, and resume later")
            self.more.add_rule()
        if self._can_train_on:
            self.more.add("resume", "Train on")
        self.more.add("repeat", "Another like this")
        self.more.add("copy", "Copy as command")
        self.more.add("folder", "Open the folder")

    def _say_stop(self) -> None:
        words = "Stop and keep" if self._can_keep else "Stop"
        self.keep.set_words("Stopping …" if self._state == STOPPING else words)

    def _on_keep(self) -> None:
        if self._can_keep:
            self.stopped_to_keep.emit()
        else:
            self.more_chosen.emit("stop")

    def _on_pause(self) -> None:
        self.pause.setEnabled(False)
        self.pause.set_words("Pausing …")
        self.paused.emit()

    def _on_primary(self) -> None:
        meanings = {START: self.started, RESUME: self.resumed, REPORT: self.report_requested, PLAN: self.plan_requested}
        meanings[self._meaning].emit()
