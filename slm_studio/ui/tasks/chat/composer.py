"""Composer: where the next message is written, how full the context is, and the button that sends and stops."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from slm_studio.core.texts import tr
from slm_studio.ui.tasks.chat.context import Context
from slm_studio.ui.tasks.chat.line import MessageLine
from slm_studio.ui.widgets.buttons import WorkButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.labels import Text, tip
from slm_studio.ui.widgets.progress import ProgressBar
from slm_studio.ui.widgets.scaling import scaled

NEARLY = 0.9  # of the context: from here on the words warn


class Composer(Card):
    """Sends by Enter or the button; a draft is kept until it is sent."""

    sent = Signal(str)
    stop_asked = Signal()
    recalled = Signal()  # the person wants to write the last question otherwise
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(padding=12, parent=parent)
        self._may_send = True
        self._context = Context()
        self._doing: Callable[[], str] | None = None  # says how far an answer is
        self.line = MessageLine("Write a message. Enter sends it, Shift+Enter begins a new line.", name="Message")
        self.add(self.line)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.gauge, self.words = ProgressBar(6), Text("", "muted", wrap=True)
        self.gauge.setAccessibleName(tr("How full the context is"))
        tip(
            self.gauge,
            "How much of what the model can read at once is taken. What no longer fits is marked, and not sent.",
        )
        scaled(self.gauge.setMaximumWidth, 96)
        self.button = WorkButton("Send", icon_name="send")
        row.addWidget(self.gauge)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        self.body.addLayout(row)
        self.line.entered.connect(self.send)
        self.line.recalled.connect(self.recalled)
        self.line.textChanged.connect(self._on_text_changed)
        self.button.started.connect(self.send)
        self.button.stop_requested.connect(self.stop_asked)
        self.set_context(self._context)
        self._on_text_changed()

    @property
    def is_busy(self) -> bool:
        """Say whether a model is writing."""
        return self.button.state == "busy"

    def text(self) -> str:
        """Return the draft."""
        return self.line.toPlainText()

    def fill(self, text: str) -> None:
        """Put a draft in the place of what stands there."""
        self.line.setPlainText(text)
        self.line.to_end()

    def send(self) -> None:
        """Send the draft, where it says something and nobody writes."""
        if self._may_send and not self.is_busy and self.text().strip():
            text = self.text()
            self.line.clear()
            self.sent.emit(text)

    def set_busy(self, is_busy: bool) -> None:
        """Offer Stop while a model writes; the next message can be written meanwhile."""
        self.button.set_busy() if is_busy else self.button.set_ready()
        self._doing = None
        self._show_words()
        self._on_text_changed()

    def forbid(self, is_forbidden: bool) -> None:
        """Send nothing while a setting cannot be."""
        self._may_send = not is_forbidden
        self._show_words()
        self._on_text_changed()

    def say(self, template: str, **values: object) -> None:
        """Say how far an answer is, in the place of the context, until it ends."""
        self._doing = partial(tr, template, **values)
        self._show_words()

    def set_context(self, context: Context) -> None:
        """Say how many of the tokens that the model can read are taken, and what no longer fits."""
        self._context = context
        self.gauge.setVisible(context.limit > 0)
        self.gauge.set_share(self._share())
        self._show_words()

    def _share(self) -> float:
        return min(1.0, self._context.used / self._context.limit) if self._context.limit else 0.0

    def _show_words(self) -> None:
        is_lost = self._context.not_sent or self._context.cut
        is_nearly_full = self._doing is None and self._share() > NEARLY
        warns = is_lost or is_nearly_full or not self._may_send
        self.words.set_role("warning" if warns else "muted")
        self.words.set_words(self._state_words)

    def _state_words(self) -> str:
        context, said = self._context, []
        if not self._may_send:
            said.append(tr("a value in Settings cannot be used: nothing is sent until it is mended"))
        if self._doing is not None:
            said.append(self._doing())
        elif context.limit:
            said.append(tr("{used} of {limit} tokens", used=context.used, limit=context.limit))
        if context.cut:
            said.append(
                tr("your message is too long: its first {n} {n:character is|characters are} not sent", n=context.cut)
            )
        elif context.not_sent:
            said.append(tr("{n} {n:message|messages} not sent again", n=context.not_sent))
        return " · ".join(said)

    def _on_text_changed(self) -> None:
        self.button.setEnabled(self.is_busy or (self._may_send and bool(self.text().strip())))
        self.changed.emit()

    def retranslate(self) -> None:
        """Name the gauge in the language of now."""
        self.gauge.setAccessibleName(tr("How full the context is"))

    def setFocus(self, *reason: Qt.FocusReason) -> None:
        """Go to the line. (With a proxy the Tab key would go round in here.)"""
        self.line.setFocus(*reason)
