"""TaskView: what the playground expects of every task's view; ReportCard: what Evaluate expects of a task's own card."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from slm_studio.core.report import Case
from slm_studio.core.results import Report
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Session
from slm_studio.ui.widgets.card import Card

READING = mark("reading: {done} of {total} tokens")  # of a long question, before the first word of its answer


class TaskView(QWidget):
    """Shows one task's way to try a model. It asks by `asked`; pieces of the answer come in by `take`.

    After each question: `begin`, `take` …, then `finish` or `fail`, once. A question may be asked while another is
    open: then the older one gets no end.
    """

    asked = Signal(object, object)  # the Prompt, and the options of the verb predict
    stop_asked = Signal()
    saved = Signal(object)  # the Path of a file that was written
    failed = Signal(object)  # the StudioError of what the person asked for here and could not be done
    edited = Signal()  # what `state` returns is another
    # Asks the open model something else than to answer: a verb, its arguments but the handle, and whom to tell (a function
    # that takes the result, None where it was stopped, or the StudioError).
    inquired = Signal(str, object, object)
    opened = Signal(object)  # the Path of a file that was written here and shall be opened in Data
    did = Signal(str, object, object)  # what was done, in words; what takes it back; what does it again

    def join(self, session: Session, jobs: Jobs) -> None:
        """Take what long work beside the answers is started by; most views have none."""

    def model_opened(self, handle: str) -> None:
        """Hear that the model is open, and by which handle."""

    def set_model(self, model: SavedModel, cases: Sequence[Case]) -> None:
        """Try another model; `cases` are rows that it was scored on (none where there is no report)."""
        raise NotImplementedError

    def text(self) -> str:
        """Return what the person typed: the code to copy uses it."""
        raise NotImplementedError

    def second(self) -> str:
        """Return the other text that was typed, where a question is a pair of them."""
        return ""

    def fill(self, text: str) -> None:
        """Put a text in the place of what stands there."""
        raise NotImplementedError

    def state(self) -> object:
        """Return what shall stand here again after a restart, as a JSON value."""
        return self.text()

    def restore(self, state: object) -> None:
        """Show what `state` returned; anything else is left alone."""
        if isinstance(state, str) and state:
            self.fill(state)

    def begin(self) -> None:
        """Say that an answer is on its way."""
        raise NotImplementedError

    def take(self, item: object) -> None:
        """Show a piece of the answer: a Label, a Token …; before the first, Progress may say how far a long prompt is read."""
        raise NotImplementedError

    def finish(self, numbers: object) -> None:
        """End the answer. `numbers` say how it went (count, seconds); None where it was stopped."""
        raise NotImplementedError

    def fail(self) -> None:
        """End the answer that an error cut short; the panel shows the error."""
        raise NotImplementedError

    def primary(self) -> None:
        """Do what Ctrl+Return means here."""
        raise NotImplementedError

    def stop(self) -> None:
        """Stop the answer, where one is on its way."""
        self.stop_asked.emit()


class ReportCard(Card):
    """A card of Evaluate that only one task's reports have."""

    settled = Signal(object)  # the SavedModel, after something about it was decided here and saved

    def set_report(self, report: Report) -> None:
        """Show a report; hide where it has nothing for this card."""
        raise NotImplementedError


def time_words(seconds: float) -> str:
    """Return a short time. Example: time_words(0.0031) == "3 ms\""""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{max(1, round(seconds * 1000))} ms"
