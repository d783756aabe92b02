"""Thread: the messages that are shown, below each other. It follows the newest, unless the person scrolled up."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QVBoxLayout, QWidget

from slm_studio.core.chat import Chat, Turn
from slm_studio.core.messages import ASSISTANT
from slm_studio.core.results import Token
from slm_studio.ui.tasks.chat.block import MessageBlock
from slm_studio.ui.widgets.buttons import IconButton
from slm_studio.ui.widgets.scaling import scaled

NEAR = 24  # pixels from the end that count as the end


class Thread(QScrollArea):
    """Shows the path of a chat; keeps the blocks of turns that stay, so that a long chat costs only what is new."""

    again_asked = Signal(object)
    rewritten = Signal(object, str)
    chosen = Signal(object)
    pointed = Signal(object, object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._follows = True  # the end is in view and stays there
        self._is_busy = False
        self._coming: MessageBlock | None = None  # the answer that is being written
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setViewport(QWidget())  # of ours it is not filled
        inside = QWidget()
        inside.setProperty("role", "scrolled")
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 8, 0)
        self._column.setSpacing(12)
        self._column.addStretch(1)  # a short chat stands at the foot, where it goes on
        self.setWidget(inside)
        self.end_button = IconButton("chevron-down", "To the newest message", "plain", parent=self)
        self.end_button.hide()
        scaled(self.setMinimumHeight, 110)
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._on_range_changed)
        bar.valueChanged.connect(self._on_scrolled)
        self.end_button.clicked.connect(self.to_end)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus_changed)

    def blocks(self) -> list[MessageBlock]:
        """Return the blocks of the turns that are shown, and of the answer that is coming."""
        items = (self._column.itemAt(at) for at in range(self._column.count()))
        return [block for item in items if item is not None and isinstance(block := item.widget(), MessageBlock)]

    def show_chat(self, chat: Chat, tokens: Mapping[int, Sequence[Token]], until: int = 0) -> None:
        """Show a chat, up to the turn `until` where one is named."""
        self._end_coming()
        path = list(chat.path())
        if until:
            path = path[: [turn.id for turn in path].index(until) + 1]
        blocks, kept = self.blocks(), 0
        while kept < min(len(blocks), len(path)) and blocks[kept].turn == path[kept]:
            kept += 1
        for block in blocks[kept:]:
            self._remove(block)
        for block, turn in zip(blocks[:kept], path[:kept], strict=True):
            block.show_turn(turn, chat.branches(turn.id))
        for turn in path[kept:]:
            self._add(turn, chat.branches(turn.id)).write(turn.content, tokens.get(turn.id, ()))
        self._order_tabs(kept)
        self.set_busy(self._is_busy)

    def begin(self) -> None:
        """Make room for an answer that is coming."""
        self._coming = self._add(Turn(id=0, after=0, role=ASSISTANT, content=""), (0,))
        self.to_end()
        self.set_busy(True)

    def add_tokens(self, tokens: Sequence[Token]) -> None:
        """Write on."""
        if self._coming is not None:
            self._coming.body.add_tokens(tokens)

    def written(self) -> tuple[str, tuple[Token, ...]]:
        """Return the answer as far as it came."""
        body = self._coming.body if self._coming is not None else None
        return (body.text(), body.tokens()) if body is not None else ("", ())

    def settle(self, turn: Turn | None, branches: Sequence[int] = ()) -> None:
        """End the answer: it is `turn` from now on; None takes it out again."""
        coming, self._coming = self._coming, None
        if coming is not None:
            coming.body.finish()
            self._remove(coming) if turn is None else coming.show_turn(turn, branches)
            self._order_tabs(len(self.blocks()) - 1)
        self.set_busy(False)

    def set_busy(self, is_busy: bool) -> None:
        """While a model writes, nothing can be changed."""
        self._is_busy = is_busy
        blocks = self.blocks()
        for block in blocks:
            block.set_state(is_busy=is_busy, is_last=block is blocks[-1])

    def set_sent(self, first: int) -> None:
        """Mark the turns that are left out: the first `first` of those that are shown."""
        for at, block in enumerate(self.blocks()):
            block.is_sent = at >= first
        self.set_busy(self._is_busy)

    def edited(self) -> MessageBlock | None:
        """Return the block that is being written otherwise."""
        return next((block for block in self.blocks() if block.is_edited), None)

    def edit_last(self) -> None:
        """Let the person write the last question otherwise."""
        mine = [block for block in self.blocks() if block.is_mine]
        if mine and not self._is_busy:
            mine[-1].edit()
            self._follows = False
            self._column.activate()  # so that it stands where it will stand
            self.ensureWidgetVisible(mine[-1])

    def to_end(self) -> None:
        """Show the newest message, and follow it."""
        self._follows = True
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
        self._place_button()

    def _add(self, turn: Turn, branches: Sequence[int]) -> MessageBlock:
        block = MessageBlock(turn, branches)
        self._column.addWidget(block)
        block.again_asked.connect(self.again_asked)
        block.rewritten.connect(self.rewritten)
        block.chosen.connect(self.chosen)
        block.pointed.connect(self.pointed)
        return block

    def _order_tabs(self, first: int) -> None:
        """Let the Tab key go from what stands above through the messages; those before `first` are in order."""
        blocks = self.blocks()
        before = blocks[first - 1].stops()[-1] if first > 0 else self.end_button
        for stop in (stop for block in blocks[max(0, first) :] for stop in block.stops()):
            QWidget.setTabOrder(before, stop)
            before = stop

    def _remove(self, block: MessageBlock) -> None:
        self._column.removeWidget(block)
        block.hide()
        block.deleteLater()

    def _end_coming(self) -> None:
        if self._coming is not None:
            self.settle(None)

    def _place_button(self) -> None:
        bar = self.verticalScrollBar()
        self.end_button.setVisible(bar.maximum() - bar.value() > NEAR and not self._follows)
        side = self.end_button.sizeHint()
        self.end_button.setGeometry(
            (self.width() - side.width()) // 2, self.height() - side.height() - 4, side.width(), side.height()
        )
        self.end_button.raise_()

    def _on_range_changed(self, low: int, high: int) -> None:
        edited = self.edited()
        if self._follows:
            self.verticalScrollBar().setValue(high)
        elif edited is not None:
            self.ensureWidgetVisible(edited, 0, 12)  # its buttons too
        self._place_button()

    def _on_scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        if bar.isSliderDown() or value >= bar.maximum() - NEAR:
            self._follows = value >= bar.maximum() - NEAR
        self._place_button()

    def _on_focus_changed(self, before: QObject | None, now: QObject | None) -> None:
        for block in self.blocks():
            block.focus_changed()
            if isinstance(now, QWidget) and block.isAncestorOf(now):
                self._follows = False
                self.ensureWidgetVisible(now, 0, 12)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Stop following where the person scrolls up."""
        super().wheelEvent(event)
        bar = self.verticalScrollBar()
        self._follows = bar.value() >= bar.maximum() - NEAR
        self._place_button()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the new size."""
        super().resizeEvent(event)
        self._place_button()
