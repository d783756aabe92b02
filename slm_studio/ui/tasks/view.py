"""TaskView: what the playground expects of every task's view; ReportCard: what Evaluate expects of a task's own card."""

from collections.abc import Sequence
from typing import Any, ClassVar

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from slm_studio.core.events import Note
from slm_studio.core.report import Case
from slm_studio.core.results import Report
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Session
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.tab_order import order_tabs
from slm_studio.ui.widgets.words import Words

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

    field: QWidget | None = None  # where a question is written; whoever makes a view sets it

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

    def chosen(self) -> dict[str, object]:
        """Return the options chosen here that a whole file is answered with, too: a direction, documents."""
        return {}

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

    def note(self, note: Note) -> None:
        """Hear what is worth knowing of the question that is being answered; most views say nothing of it."""

    def remark(self, said: Words) -> bool:
        """Say in its place what is the matter with what is being typed; False: it was sent off, so the panel says it."""
        return False

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

    def setFocus(self, *reason: Qt.FocusReason) -> None:
        """Go to where a question is written. (By a proxy the Tab key would leap over what stands above it.)"""
        (self.field.setFocus if self.field is not None else super().setFocus)(*reason)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Let the Tab key go in the order in which one reads."""
        order_tabs(self)
        return super().focusNextPrevChild(forward)


class QuickView(TaskView):
    """A view that asks while the person types. The old answer stays until the new one is whole, so that nothing flickers.

    Whoever makes one starts `_pause` where something was typed, and has a `hint`, which says how long an answer took.
    """

    pieces: ClassVar[tuple[type, ...]]  # what its answers are made of
    timed: ClassVar[str] = mark("answers as you type · {time}")

    def __init__(self, pause: int, parent: QWidget | None = None) -> None:
        """`pause`: milliseconds after the last key before the model is asked."""
        super().__init__(parent)
        self.hint: Text
        self._items: list[Any] = []
        self._arriving: list[Any] = []
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(pause)
        self._pause.timeout.connect(self._on_pause)
        self._is_typed = True  # no key or button asks: what is wrong then may be but half written
        self._is_remarked = False

    def answers(self) -> list[Any]:
        """Return the pieces of the answer that is shown."""
        return list(self._items)

    def begin(self) -> None:
        """Wait for the new answer."""
        self._arriving, self._is_remarked = [], False

    def take(self, item: object) -> None:
        """Take a piece of it."""
        if isinstance(item, self.pieces):
            self._arriving.append(item)

    def remark(self, said: Words) -> bool:
        """Say it where the time of an answer stands: nothing moves under the hands of who types."""
        if self._is_typed:
            self._is_remarked = True
            self.hint.setWordWrap(True)
            self.hint.set_words(said)
        return self._is_typed

    def finish(self, numbers: object) -> None:
        """Show it, unless something else is asked by now: then the next one is on its way."""
        if numbers is None or not self._is_still_asked():
            return
        self._items = self._arriving
        self._show_answer()
        seconds = numbers.get("seconds") if isinstance(numbers, dict) else None
        if isinstance(seconds, int | float) and not self._is_remarked:
            self.hint.set_words(self.timed, time=time_words(float(seconds)))

    def fail(self) -> None:
        """Show no answer."""
        self._clear_answer()

    def primary(self) -> None:
        """Ask at once."""
        self._pause.stop()
        self._is_typed = False
        self._ask()

    def _on_pause(self) -> None:
        self._is_typed = True
        self._ask()

    def _is_still_asked(self) -> bool:
        return True

    def _ask(self) -> None:
        """Ask what stands there, or clear the answer where nothing does."""
        raise NotImplementedError

    def _show_answer(self) -> None:
        raise NotImplementedError

    def _clear_answer(self) -> None:
        raise NotImplementedError


class ReportCard(Card):
    """A card of Evaluate that only one task's reports have."""

    settled = Signal(object)  # the SavedModel, after something about it was decided here and saved

    def set_report(self, report: Report) -> None:
        """Show a report; hide where it has nothing for this card."""
        raise NotImplementedError


def time_words(seconds: float) -> str:
    """Return a short time. Example: time_words(0.0031) == "3 ms\""""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{max(1, round(seconds * 1000))} ms"
