"""Banner: a tinted notice in the flow of the page, perhaps with a button."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.buttons import Button, IconButton
from slm_studio.ui.widgets.icons import IconLabel
from slm_studio.ui.widgets.labels import Text, restyle
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.words import Words

# tone → icon and the token of its colour; the icon says it too, because colour never carries meaning alone
TONES = {"info": ("info", "accent"), "warning": ("warning", "warning"), "bad": ("warning", "bad"), "plain": ("info", "muted"), "good": ("check", "accent")}  # fmt: skip
LEAST = 150  # pixels of its words beside a button; where there is less, the button stands below them


class Banner(QFrame):
    """One sentence (and a second, quieter one), an action and, where wanted, a way to close it."""

    acted = Signal()
    closed = Signal()

    def __init__(
        self, sentence: Words = "", *, tone: str = "info", hint: Words = "", action: Words = "", primary: bool = False,
        closable: bool = False, parent: QWidget | None = None, **values: object,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setProperty("role", "banner")
        frame = QVBoxLayout(self)
        frame.setContentsMargins(14, 12, 14, 12)
        self.icon = IconLabel("info")
        self.sentence, self.hint = Text("", wrap=True), Text("", "muted", wrap=True)
        self.action = Button(kind="primary" if primary else "plain")
        self.close_button = IconButton("close", "Close")
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self.sentence)
        column.addWidget(self.hint)
        words_and_icon = QWidget()
        inner = QHBoxLayout(words_and_icon)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(10)
        inner.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        inner.addLayout(column, 1)
        self._actions, self._is_closable = Actions(self.action, self.close_button), closable
        beside = SideBySide(gap=12)
        beside.limit(beside.add(words_and_icon, 1), LEAST)
        beside.add(self._actions, 0)
        for part in (words_and_icon, self._actions):
            beside.layout().setAlignment(part, Qt.AlignmentFlag.AlignVCenter)
        frame.addWidget(beside)
        self.close_button.setVisible(closable)
        self.set_words(sentence, hint=hint, tone=tone, **values)
        self.set_action(action)
        self.action.clicked.connect(self.acted)
        self.close_button.clicked.connect(self._on_closed)

    def set_words(self, sentence: Words, *, hint: Words = "", tone: str = "", **values: object) -> None:
        """Say something else; values serve both sentences."""
        self.sentence.set_words(sentence, **values)
        self.hint.set_words(hint, **values)
        self.hint.setVisible(bool(hint))
        if tone:
            self.set_tone(tone)

    def set_tone(self, tone: str) -> None:
        """Tint it: info, good, warning, bad, plain."""
        name, token = TONES[tone]
        self.setProperty("tone", tone)
        self.icon.set_icon(name, token)
        self.hint.set_role("muted" if tone in ("info", "plain", "good") else "second")
        restyle(self)

    def set_action(self, action: Words, **values: object) -> None:
        """Offer a button; "" offers none."""
        self.action.set_words(action, **values)
        self.action.setVisible(bool(action))
        self._actions.setVisible(bool(action) or self._is_closable)

    def _on_closed(self) -> None:
        self.hide()
        self.closed.emit()
