"""Suggestions: three ways to go on with a text, side by side. The person takes one by its key or a click, or none."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from slm_studio.core.generation import COUNT, seed_at
from slm_studio.core.results import Token
from slm_studio.core.texts import mark
from slm_studio.ui.widgets.buttons import IconButton, WorkButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.columns import Columns
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.suggestion import Suggestion
from slm_studio.ui.widgets.written_text import WrittenText

MANY = 3
NEAR = 12  # pixels below that come into view, too
FIRST = "Tab"  # takes the first one, in the text
HOW = mark("A click or its key takes a suggestion, {tab} the first; {undo} takes it back.")
OLD = mark("These were drawn before your last change: what you take stands where the text ended then.")
SAME = mark("At temperature 0 all suggestions are the same: raise it under “How it writes”.")


class Suggestions(Card):
    """Shows what grows for `page`, and puts what is taken into it, where the text ended when it was asked for.

    The person may type meanwhile: nothing of it is lost, nor are the suggestions.
    """

    asked = Signal()  # draw three
    stop_asked = Signal()
    taken = Signal()
    shown = Signal(bool)  # whether they can be seen: what stands beside the text makes room

    def __init__(self, page: WrittenText, parent: QWidget | None = None) -> None:
        super().__init__(padding=12, parent=parent)
        self._page = page
        self._tokens: list[list[Token]] = [[] for _ in range(MANY)]
        self._text = ""  # that they go on with
        self._seed, self._round = -1, 0
        self.is_drawing = False
        self._into_view = QTimer(self)
        self._into_view.setSingleShot(True)
        self._into_view.setInterval(0)  # once what stands above has its place
        self.how = Text("", "muted", wrap=True)
        self.again_button = WorkButton("Three others", kind="plain", icon_name="refresh")
        self.close_button = IconButton("close", "Close the suggestions")
        self.set_leading(self.how)
        self.set_trailing(self.again_button)
        self.set_trailing(self.close_button)
        self._columns = Columns(least=190, most=MANY, gap=12)
        self.cards = [Suggestion(place, f"Alt+{place + 1}", *([FIRST] if not place else [])) for place in range(MANY)]
        self.add(self._columns)
        self._connect()
        self.hide()

    def options(self, values: dict[str, object], length: int) -> dict[str, object]:
        """Return how to ask for the next three; `values` say how the text is written on, `length` in how many tokens at most."""
        seed, most = values.get("seed"), values.get("max_new_tokens")
        if isinstance(seed, int):
            self._round = self._round + 1 if seed == self._seed and self._text == self._page.toPlainText() else 0
            self._seed = seed
            seed = seed_at(seed, MANY * self._round)
        return values | {
            COUNT: MANY,
            "seed": seed,
            "max_new_tokens": min(most if isinstance(most, int) else length, length),
        }

    def begin(self) -> None:
        """Make room for three new ones, which go on where the text ends now."""
        self.is_drawing, self._text = True, self._page.toPlainText()
        self._page.hold_place()
        self._tokens = [[] for _ in range(MANY)]
        for card in self.cards:
            card.show_text("")
        self._columns.show()
        self.again_button.set_busy()
        self.again_button.show()
        self._tell()
        self.show()

    def add_tokens(self, tokens: Sequence[Token]) -> None:
        """Write on."""
        for token in tokens:
            self._tokens[token.place].append(token)
        for place in {token.place for token in tokens}:
            self.cards[place].show_text("".join(token.text for token in self._tokens[place]))

    def finish(self) -> None:
        """End the drawing; what came can be taken. Where nothing did, nothing is shown."""
        self.is_drawing = False
        self.again_button.set_ready()
        if not any(self._tokens):
            self.close_all()

    def refuse(self) -> None:
        """Say that there is nothing to choose between."""
        self.how.set_words(SAME)
        self._columns.hide()
        self.again_button.hide()
        self.show()

    def close_all(self) -> None:
        """Take none."""
        if self.is_drawing:
            self.is_drawing = False
            self.again_button.set_ready()
            self.stop_asked.emit()
        focused = QApplication.focusWidget()
        if focused is not None and self.isAncestorOf(focused):
            self._page.setFocus()
        self.hide()

    def take(self, place: int) -> None:
        """Put a suggestion into the text, as far as it is written."""
        if self.isVisible() and self.cards[place].isEnabled():
            self._page.setFocus()
            self.close_all()
            self._page.insert_at_place(self._tokens[place])
            self.taken.emit()

    def _connect(self) -> None:
        for place, card in enumerate(self.cards):
            self._columns.add(card)
            card.clicked.connect(self._on_clicked)
            shortcut = QShortcut(QKeySequence(f"Alt+{place + 1}"), self)  # works while the suggestions can be seen
            shortcut.activated.connect(card.click)
        self.again_button.started.connect(self.asked)
        self.again_button.stop_requested.connect(self.stop_asked)
        self.close_button.clicked.connect(self.close_all)
        self._page.textChanged.connect(self._tell)
        self._into_view.timeout.connect(self._come_into_view)
        self._page.installEventFilter(self)

    def _tell(self) -> None:
        if self._columns.isHidden():
            return
        is_old = self._page.toPlainText() != self._text
        keys = {"tab": FIRST, "undo": QKeySequence("Ctrl+Z").toString(QKeySequence.SequenceFormat.NativeText)}
        self.how.set_words(OLD if is_old else HOW, **({} if is_old else keys))

    def _on_clicked(self) -> None:
        card = self.sender()
        if isinstance(card, Suggestion):
            self.take(self.cards.index(card))

    def _come_into_view(self) -> None:
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if above is not None:
            above.ensureWidgetVisible(self, 0, NEAR)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Come into view where a suggestion grew: a small window has no room for all."""
        super().resizeEvent(event)
        if event.size().height() > event.oldSize().height():
            self._into_view.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Tell that they are there."""
        super().showEvent(event)
        self.shown.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Tell that they are gone."""
        super().hideEvent(event)
        self.shown.emit(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Tab take the first suggestion, where there is one; else it goes on to the next widget."""
        is_tab = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Tab
        if (
            is_tab
            and not event.modifiers()
            and self.isVisible()
            and not self._columns.isHidden()
            and self.cards[0].isEnabled()
        ):  # type: ignore[attr-defined]
            self.take(0)
            return True
        return super().eventFilter(watched, event)
