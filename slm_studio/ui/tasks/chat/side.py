"""Side: beside the conversation, one of three: the chats of before, the settings, the word under the pointer."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from slm_studio.core.texts import mark
from slm_studio.ui.tasks.chat.settings import ChatSettings
from slm_studio.ui.tasks.chat.shelf import ChatShelf
from slm_studio.ui.tasks.chat.weighed import Weighed
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.deck import Deck
from slm_studio.ui.widgets.segmented import Segmented

CHATS, SETTINGS, WORD = "chats", "settings", "word"


class Side(Card):
    """Tabs; each part is reached by its name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(padding=12, parent=parent)
        self.tabs = Segmented(
            ((CHATS, mark("Chats")), (SETTINGS, mark("Settings")), (WORD, mark("Word"))),
            name="Beside the conversation",
        )
        self.shelf, self.settings, self.weighed = ChatShelf(), ChatSettings(), Weighed()
        self._parts = {CHATS: self.shelf, SETTINGS: _scrolled(self.settings), WORD: self.weighed}
        self._deck = Deck()
        for part in self._parts.values():
            self._deck.add(part)
        self.add(self.tabs)
        self.add(self._deck, 1)
        self.tabs.chosen.connect(self.show_tab)
        self.show_tab(CHATS)

    def show_tab(self, key: str) -> None:
        """Show one of the three."""
        self.tabs.choose(key)
        self._deck.show_only(self._parts[key])


def _scrolled(inside: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setViewport(QWidget())  # of ours it is not filled
    column = QWidget()
    column.setProperty("role", "scrolled")
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 4, 10, 0)
    layout.addWidget(inside)
    area.setWidget(column)
    return area
