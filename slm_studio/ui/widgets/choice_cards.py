"""ChoiceCards: one of a few, each with a title and a sentence, side by side."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QVBoxLayout, QWidget

from slm_studio.ui.widgets.columns import Columns
from slm_studio.ui.widgets.theme import BASE, SECOND, the_theme
from slm_studio.ui.widgets.words import Words, words


class ChoiceCards(QWidget):
    """`chosen` brings the key of the card that the person took."""

    chosen = Signal(str)

    def __init__(self, *, least: int = 220, most: int = 3, name: Words = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys: list[str] = []
        self._group = QButtonGroup(self)
        self._columns = Columns(least=least, most=most, gap=12)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._columns)
        if name:
            words(self.setAccessibleName, name)
        self._group.idClicked.connect(self._on_clicked)

    def add(self, key: str, title: Words, sentence: Words = "", *, enabled: bool = True) -> "ChoiceCard":
        """Add a card; the first one is chosen until another is."""
        card = ChoiceCard(title, sentence)
        card.setEnabled(enabled)
        self._group.addButton(card, len(self._keys))
        self._keys.append(key)
        self._columns.add(card)
        if len(self._keys) == 1:
            card.setChecked(True)
        return card

    def clear(self) -> None:
        """Remove all cards."""
        for button in self._group.buttons():
            self._group.removeButton(button)
        self._columns.clear()
        self._keys.clear()

    def card(self, key: str) -> "ChoiceCard":
        """Return a card."""
        found = self._group.button(self._keys.index(key))
        assert isinstance(found, ChoiceCard)
        return found

    def current(self) -> str:
        """Return the key that is chosen."""
        at = self._group.checkedId()
        return self._keys[at] if at >= 0 else ""

    def choose(self, key: str) -> None:
        """Choose without telling anybody."""
        if key in self._keys:
            self.card(key).setChecked(True)

    def _on_clicked(self, at: int) -> None:
        self.chosen.emit(self._keys[at])


class ChoiceCard(QAbstractButton):
    """A title and a sentence in a frame; tinted while chosen."""

    def __init__(self, title: Words, sentence: Words = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._sentence = ""
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        words(self.setText, title)
        self.set_sentence(sentence)
        self._theme.changed.connect(self.updateGeometry)

    def set_sentence(self, sentence: Words, **values: object) -> None:
        """Say another sentence."""
        words(self.set_sentence_text, sentence, **values)

    def set_sentence_text(self, text: str) -> None:
        """Show this text as it is."""
        self._sentence = text
        self.setAccessibleDescription(text)
        self.updateGeometry()
        self.update()

    def _flags(self) -> int:
        return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap)

    def title_height(self, width: int) -> int:
        """Return the height of the title, which may take several lines, and of the air below it."""
        metrics = QFontMetrics(self._theme.font(BASE, QFont.Weight.DemiBold))
        return metrics.boundingRect(self._room(width), self._flags(), self.text()).height() + self._theme.px(5)

    def _room(self, width: int) -> QRect:
        return QRect(0, 0, max(40, width - self._theme.px(28)), 10_000)

    def hasHeightForWidth(self) -> bool:
        """Say that the height follows the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height for a width."""
        metrics = QFontMetrics(self._theme.font(SECOND))
        lines = metrics.boundingRect(self._room(width), self._flags(), self._sentence).height() if self._sentence else 0
        return self.title_height(width) + lines + self._theme.px(28)

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        return QSize(self._theme.px(240), self.heightForWidth(self._theme.px(240)))

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        return QSize(self._theme.px(120), self.heightForWidth(max(self.width(), self._theme.px(120))))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen, hover = self.isChecked(), self.underMouse() and self.isEnabled()
        width = 2 if self.hasFocus() else 1
        painter.setPen(
            QPen(self._theme.colour("accent" if chosen or self.hasFocus() else "border" if hover else "line"), width)
        )
        painter.setBrush(self._theme.colour("soft" if chosen else "surface"))
        inset = width / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 10, 10)
        room = QRectF(self.rect()).adjusted(*(self._theme.px(14) * sign for sign in (1, 1, -1, -1)))
        painter.setFont(self._theme.font(BASE, QFont.Weight.DemiBold))
        painter.setPen(self._theme.colour("text" if self.isEnabled() else "muted"))
        painter.drawText(room, self._flags(), self.text())
        painter.setFont(self._theme.font(SECOND))
        painter.setPen(self._theme.colour("muted"))
        painter.drawText(room.adjusted(0, self.title_height(self.width()), 0, 0), self._flags(), self._sentence)
