"""Suggestion: a short text that may be taken by a click or by its key, which stands above it."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from slm_studio.core.texts import tr
from slm_studio.ui.widgets.theme import BASE, SECOND, the_theme
from slm_studio.ui.widgets.words import words

LEAST_LINES = 3  # so that nothing jumps while the first words come
PADDING = 12


class Suggestion(QAbstractButton):
    """Grows while it is written; an empty one cannot be taken."""

    def __init__(self, place: int, *keys: str, parent: QWidget | None = None) -> None:
        """`place` counts from 0; `keys` are written as Qt writes them: "Alt+1"."""
        super().__init__(parent)
        self._theme = the_theme()
        self._place, self._keys = place, keys
        self._words = ""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        words(self.setText, self._name)
        self._theme.changed.connect(self.updateGeometry)
        self.show_text("")

    def show_text(self, text: str) -> None:
        """Show what was written up to now. Blanks around it are not shown: they are taken with it."""
        self._words = text.strip()
        self.setAccessibleDescription(self._words)
        self.setEnabled(bool(text))
        self.updateGeometry()
        self.update()

    def shown(self) -> str:
        """Return the text that is shown."""
        return self._words

    def copied(self) -> str:
        """Return the text that is shown."""
        return self._words

    def _name(self) -> str:
        keys = " · ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in self._keys)
        return tr("Suggestion {n} · {keys}", n=self._place + 1, keys=keys)

    def _body(self) -> QFont:
        return self._theme.font(BASE)

    def _room(self, width: int) -> QRect:
        return QRect(0, 0, max(40, width - 2 * self._theme.px(PADDING)), 10_000)

    def _flags(self) -> int:
        return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap)

    def _head_height(self) -> int:
        return QFontMetrics(self._theme.font(SECOND)).height() + self._theme.px(6)

    def hasHeightForWidth(self) -> bool:
        """Say that the height follows the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height for a width."""
        metrics = QFontMetrics(self._body())
        lines = metrics.boundingRect(self._room(width), self._flags(), self._words).height() if self._words else 0
        return self._head_height() + max(lines, LEAST_LINES * metrics.lineSpacing()) + 2 * self._theme.px(PADDING)

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        return QSize(self._theme.px(240), self.heightForWidth(self._theme.px(240)))

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        return QSize(self._theme.px(120), self.heightForWidth(max(self.width(), self._theme.px(120))))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Take no second press, as buttons do: what stands there by then was not yet read."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_under = self.underMouse() and self.isEnabled()
        width = 2 if self.hasFocus() else 1
        edge = "accent" if self.hasFocus() else "border" if is_under else "line"
        painter.setPen(QPen(self._theme.colour(edge), width))
        painter.setBrush(self._theme.colour("soft" if is_under or self.isDown() else "surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(width / 2, width / 2, -width / 2, -width / 2), 10, 10)
        room = QRectF(self.rect()).adjusted(*(self._theme.px(PADDING) * sign for sign in (1, 1, -1, -1)))
        painter.setFont(self._theme.font(SECOND))
        painter.setPen(self._theme.colour("muted"))
        painter.drawText(room, self._flags(), self.text())
        painter.setFont(self._body())
        painter.setPen(self._theme.colour("text" if self.isEnabled() else "muted"))
        painter.drawText(room.adjusted(0, self._head_height(), 0, 0), self._flags(), self._words or "…")
