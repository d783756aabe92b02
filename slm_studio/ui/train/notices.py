"""Notices: what stands above a run. How far it is, what came of it, what went wrong; above a plan, a run to go on with."""

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QVBoxLayout

from slm_studio.core.errors import StudioError
from slm_studio.core.run import INTERRUPTED, PAUSED, Run, saved_step
from slm_studio.core.texts import mark
from slm_studio.core.verdict import BEATEN, LEARNT, NOTHING, UNSURE, verdict_of_model
from slm_studio.ui.parts.errors import ErrorBox
from slm_studio.ui.parts.run_words import result_words
from slm_studio.ui.train.story import STOPPING, Story
from slm_studio.ui.widgets.banner import Banner
from slm_studio.ui.widgets.progress import Progress

# Of the banner that says how a run ended
TONES = {LEARNT: "good", BEATEN: "plain", NOTHING: "warning", UNSURE: "plain"}


class Notices(QObject):
    """Fills the place above what scrolls."""

    plan_requested = Signal()  # the person wants to change the plan of a run that ended with an error
    resumed = Signal(object)  # the interrupted run that was offered
    dismissed = Signal(object)  # … that shall not be offered again

    def __init__(self, layout: QVBoxLayout, parent: QObject) -> None:
        super().__init__(parent)
        self._lost: Run | None = None
        self.error = ErrorBox(closable=False)
        self.interrupted = Banner(tone="warning", action="Resume", closable=True)
        self.done = Banner(tone="good")
        self.progress = Progress()
        for widget in (self.error, self.interrupted, self.done, self.progress):
            layout.addWidget(widget)
        self.error.acted.connect(self.plan_requested)
        self.interrupted.acted.connect(self._on_resumed)
        self.interrupted.closed.connect(self._on_dismissed)

    def show_story(self, story: Story, *, keeping: bool) -> None:
        """Say how a run is."""
        self._offer(None)
        self.progress.setVisible(story.is_at_work or keeping)
        self.show_progress(story)
        model = story.model if not story.is_at_work else None
        self.done.setVisible(model is not None)
        if model is not None:
            verdict = verdict_of_model(model)
            self.done.set_words(partial(result_words, model), hint=verdict.sentence, tone=TONES[verdict.code])
        self.error.clear()
        if story.error is not None and not story.is_at_work:
            self.show_error(story.error, action="Change the plan")

    def show_plan(self, lost: Run | None) -> None:
        """Say nothing, or offer to go on with a run that was interrupted."""
        self.error.clear()
        self.done.hide()
        self.progress.hide()
        self._offer(lost)

    def show_error(self, error: StudioError, action: str = "") -> None:
        """Say what went wrong."""
        self.error.set_action(action)
        self.error.show_error(error)

    def show_progress(self, story: Story) -> None:
        """Say how far a run is."""
        share = min(1.0, story.n / story.total) if story.total else -1.0
        if story.state == STOPPING:
            self.progress.bar.set_share(share)
            self.progress.set_words("Stopping; what was learnt is being saved …")
        elif story.state == PAUSED:
            self.progress.bar.set_share(max(0.0, share))  # nothing moves
            if story.total:
                self.progress.set_words("paused at step {n} of {total}", n=story.n, total=story.total)
            else:
                self.progress.set_words("paused before the first step")
        elif story.progress is not None:
            self.progress.set_count(story.progress.what, story.progress.done, story.progress.total)
        elif not story.is_at_work:  # its steps are over; what is left of them is no measure of this
            self.progress.bar.set_share(-1.0)
            self.progress.set_words("Making a model …")
        elif not story.n:
            self.progress.bar.set_share(-1.0)
            self.progress.set_words("Preparing …")
        else:
            self.progress.set_time(share, story.seconds, story.left())

    def _offer(self, lost: Run | None) -> None:
        self._lost = lost
        self.interrupted.setVisible(lost is not None)
        if lost is not None:
            kept = saved_step(lost)
            self.interrupted.set_words(
                _offered(lost, kept), name=lost.name, step=lost.step, steps=lost.steps or "?", kept=kept
            )

    def _on_resumed(self) -> None:
        if self._lost is not None:
            self.resumed.emit(self._lost)

    def _on_dismissed(self) -> None:
        if self._lost is not None:
            self.dismissed.emit(self._lost)


def _offered(lost: Run, kept: int) -> str:
    """Return the sentence on a run that can be resumed, whose newest checkpoint is of step `kept`."""
    if lost.state != INTERRUPTED:
        return mark("“{name}” waits at step {step} of {steps}, where you left it.")
    if kept >= lost.step:
        return mark("“{name}” was interrupted at step {step} of {steps}. Nothing before it is lost.")
    if kept > 0:
        return mark(
            "“{name}” was interrupted at step {step} of {steps}. It goes on from its checkpoint at step {kept}."
        )
    return mark("“{name}” was interrupted at step {step} of {steps}, before its first checkpoint: Resume begins again.")
