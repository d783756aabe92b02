"""MessageBlock: one message, and what can be done with it."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from slm_studio.core.chat import Turn
from slm_studio.core.messages import USER
from slm_studio.core.results import Token
from slm_studio.core.texts import tr
from slm_studio.ui.tasks.chat.rewriting import Rewriting
from slm_studio.ui.widgets.buttons import IconButton
from slm_studio.ui.widgets.code_view import CodeView
from slm_studio.ui.widgets.copying import clipboard
from slm_studio.ui.widgets.labels import ElidedText, Text
from slm_studio.ui.widgets.message_text import MessageText


class MessageBlock(QWidget):
    """A person's words stand on a tinted ground at the right, a model's over the whole width.

    The buttons of a person's message show while the pointer or the focus is here, those of an answer always.
    """

    again_asked = Signal(object)  # the Turn that shall be answered otherwise
    rewritten = Signal(object, str)  # a Turn, and what it shall say instead
    chosen = Signal(object)  # the id of another branch
    pointed = Signal(object, object, object)  # as MessageText tells it

    def __init__(self, turn: Turn, branches: Sequence[int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.turn = turn
        self._branches = tuple(branches)
        self._is_busy = self._is_last = False
        self.is_mine = turn.role == USER
        self.is_sent = True  # the model receives it
        self.body = MessageText(
            markdown=not self.is_mine, name="Your message" if self.is_mine else "Answer of the model"
        )
        self._editing: Rewriting | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self._place = QHBoxLayout()
        if self.is_mine:
            self._ground = QFrame()
            self._ground.setProperty("role", "card")
            self._ground.setProperty("tone", "soft")
            inside = QVBoxLayout(self._ground)
            inside.setContentsMargins(14, 9, 14, 9)
            inside.addWidget(self.body)
            self._ground.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            self._place.addStretch(1)
            self._place.addWidget(self._ground, 5)
        else:
            self._place.addWidget(self.body)
        column.addLayout(self._place)
        column.addWidget(self._build_tools())
        column.addWidget(self.unsent, 0, Qt.AlignmentFlag.AlignRight if self.is_mine else Qt.AlignmentFlag.AlignLeft)
        self.body.pointed.connect(self.pointed)
        self.show_turn(turn, branches)

    def show_turn(self, turn: Turn, branches: Sequence[int]) -> None:
        """Show how the turn stands among its branches, and how it was answered."""
        self.turn, self._branches = turn, tuple(branches)
        several = len(self._branches) > 1
        for widget in (self.before_button, self.place_words, self.after_button):
            widget.setVisible(several)
        if several:
            at = self._branches.index(turn.id)
            self.place_words.set_words("{n}/{all}", n=at + 1, all=len(self._branches))
            self.before_button.setEnabled(at > 0)
            self.after_button.setEnabled(at + 1 < len(self._branches))
        self.numbers.set_words(self._speed)
        self.numbers.setVisible(bool(turn.tokens))

    def write(self, text: str, tokens: Sequence[Token] = ()) -> None:
        """Show the message whole."""
        self.body.set_text(text, tokens)

    def set_state(self, *, is_busy: bool, is_last: bool) -> None:
        """Say whether a model is writing (then nothing can be changed), and whether this is the last."""
        self._is_busy, self._is_last = is_busy, is_last
        for button in (self.edit_button, self.again_button):
            button.setEnabled(not is_busy)
        self.again_button.setVisible(not self.is_mine or is_last)  # a question that nobody answered yet
        self.unsent.setVisible(not self.is_sent)
        self._show_tools()

    def edit(self) -> None:
        """Let the person write it otherwise, in its place."""
        if self._editing is not None or self._is_busy:
            return
        self._editing = Rewriting(self.body.text(), sends=self.is_mine)
        self._editing.taken.connect(self._on_taken)
        self._editing.left.connect(self.leave)
        self._shown().hide()
        self._place.addWidget(self._editing, 20)
        self._editing.setFocus()
        self._show_tools()

    @property
    def is_edited(self) -> bool:
        """Say whether it is being written otherwise."""
        return self._editing is not None

    def leave(self) -> None:
        """Leave it as it is."""
        if self._editing is not None:
            editing, self._editing = self._editing, None
            self._place.removeWidget(editing)
            editing.hide()
            editing.deleteLater()
            self._shown().show()
            self.edit_button.setFocus()
            self._show_tools()

    def stops(self) -> list[QWidget]:
        """Return where the Tab key goes: the words, then what can be done with them."""
        views = self.body.views()
        code = [view.copy_button for view in views if isinstance(view, CodeView)]
        return [
            *views,
            *code,
            self.before_button,
            self.after_button,
            self.copy_button,
            self.edit_button,
            self.again_button,
        ]

    def _build_tools(self) -> QWidget:
        self.copy_button, self.edit_button = IconButton("copy", "Copy the message"), IconButton("edit", "Edit")
        self.again_button = IconButton("refresh", "Answer again")
        self.before_button = IconButton("chevron-left", "The branch before")
        self.after_button = IconButton("chevron-right", "The next branch")
        self.before_button.steps = self.after_button.steps = True
        self.place_words, self.numbers = Text("", "small"), ElidedText("", "small")
        self.unsent = Text("not sent again: no room in the context", "warning")
        self.unsent.hide()
        # The row keeps its height whether its buttons show or not, so that nothing jumps under the pointer.
        tools, self._buttons = QWidget(), QWidget()
        self._buttons.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        keeps = self._buttons.sizePolicy()
        keeps.setRetainSizeWhenHidden(True)
        self._buttons.setSizePolicy(keeps)
        buttons, row = QHBoxLayout(self._buttons), QHBoxLayout(tools)
        for layout in (buttons, row):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(2)
        for button in (self.copy_button, self.edit_button, self.again_button):
            button.setProperty("size", "small")
            buttons.addWidget(button)
        branch = (self.before_button, self.place_words, self.after_button)
        for button in (self.before_button, self.after_button):
            button.setProperty("size", "small")
        parts = (*branch, self._buttons) if self.is_mine else (*branch, self._buttons, self.numbers)
        if self.is_mine:
            row.addStretch(1)
        for widget in parts:
            row.addWidget(widget, widget is self.numbers)
        if not self.is_mine:
            row.addStretch(0)  # takes the room where there are no numbers
        self.copy_button.clicked.connect(self._on_copy)
        self.edit_button.clicked.connect(self.edit)
        self.again_button.clicked.connect(self._on_again)
        self.before_button.clicked.connect(self._on_before)
        self.after_button.clicked.connect(self._on_after)
        return tools

    def _shown(self) -> QWidget:
        return self._ground if self.is_mine else self.body

    def _speed(self) -> str:
        if not self.turn.tokens:
            return ""
        speed = f"{self.turn.tokens / max(self.turn.seconds, 1e-9):,.0f}"
        parts = [tr("{n} {n:token|tokens}", n=self.turn.tokens), tr("{speed} a second", speed=speed)]
        if self.turn.is_cut:
            parts.append(tr("cut at the set length") if self.turn.is_full else tr("stopped"))
        return " · ".join([*parts, self.turn.model] if self.turn.model else parts)

    def _show_tools(self) -> None:
        focused = self.focusWidget() is not None and self.focusWidget().hasFocus()
        seen = self.underMouse() or focused or self._is_last or not self.is_mine
        self._buttons.setVisible(seen and self._editing is None and bool(self.turn.id))

    def focus_changed(self) -> None:
        """Show the buttons where the focus came, hide them where it went."""
        self._show_tools()

    def _on_copy(self) -> None:
        clipboard(self.body.text())

    def _on_again(self) -> None:
        self.again_asked.emit(self.turn)

    def _on_before(self) -> None:
        self.chosen.emit(self._branches[self._branches.index(self.turn.id) - 1])

    def _on_after(self) -> None:
        self.chosen.emit(self._branches[self._branches.index(self.turn.id) + 1])

    def _on_taken(self, text: str) -> None:
        self.leave()
        self.rewritten.emit(self.turn, text)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show the buttons."""
        super().enterEvent(event)
        self._show_tools()

    def leaveEvent(self, event: QEvent) -> None:
        """Hide the buttons."""
        super().leaveEvent(event)
        self._show_tools()
