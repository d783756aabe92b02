"""Segmented: one of a few, as tabs with a line below the chosen one, or as pills."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QWidget

from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.flow import Flow
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words, words

Option = tuple[str, Words]  # key and words


class Segmented(QWidget):
    """Shows options side by side; `chosen` brings the key. Kinds: tabs (underlined) or pills (bordered).

    Where it `wraps`, they go on in the next line when the room ends.
    """

    chosen = Signal(str)

    def __init__(
        self,
        options: Sequence[Option],
        current: str = "",
        *,
        kind: str = "tabs",
        name: Words = "",
        wraps: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._kind = kind
        self._keys: list[str] = []
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        gap = 20 if kind == "tabs" else 6
        self._row = Flow(self, gap=gap) if wraps else _line(self, gap)
        if name:
            words(self.setAccessibleName, name)
        for key, template in options:
            self.add(key, template)
        self.choose(current or (options[0][0] if options else ""))
        self._group.idClicked.connect(self._on_clicked)

    def add(self, key: str, template: Words, **values: object) -> QAbstractButton:
        """Add an option at the right."""
        button = Tab() if self._kind == "tabs" else Button(kind="pill")
        button.setCheckable(True)
        words(button.setText, template, **values)
        self._group.addButton(button, len(self._keys))
        self._keys.append(key)
        if isinstance(self._row, QHBoxLayout):
            self._row.insertWidget(self._row.count() - 1, button)
        else:
            self._row.addWidget(button)
        return button

    def beside(self) -> int:
        """Return the width that it needs beside others: that of one line."""
        return self._row.one_line() if isinstance(self._row, Flow) else super().minimumSizeHint().width()

    def sizeHint(self) -> QSize:
        """Return the size of one line."""
        if not isinstance(self._row, Flow):
            return super().sizeHint()
        return QSize(self.beside(), self._row.heightForWidth(self.beside()))

    def rename(self, key: str, template: Words, **values: object) -> None:
        """Rename an option (a tab that counts: “Transfers · 2”)."""
        words(self._group.button(self._keys.index(key)).setText, template, **values)

    def set_enabled(self, key: str, enabled: bool) -> None:
        """Let an option be chosen, or not."""
        self._group.button(self._keys.index(key)).setEnabled(enabled)

    def current(self) -> str:
        """Return the key that is chosen."""
        at = self._group.checkedId()
        return self._keys[at] if at >= 0 else ""

    def choose(self, key: str) -> None:
        """Choose without telling anybody."""
        if key in self._keys:
            self._group.button(self._keys.index(key)).setChecked(True)

    def _on_clicked(self, at: int) -> None:
        self.chosen.emit(self._keys[at])


def _line(widget: QWidget, gap: int) -> QHBoxLayout:
    row = QHBoxLayout(widget)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(gap)
    row.addStretch(1)
    return row


class Tab(QAbstractButton):
    """Words with a line below while chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._theme.changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        metrics = QFontMetrics(self._theme.font(weight=QFont.Weight.Medium))
        return QSize(metrics.horizontalAdvance(self.text()) + 2, self._theme.px(36))

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        token = "accent" if self.isChecked() else "text" if self.underMouse() else "muted"
        painter.setFont(self._theme.font(weight=QFont.Weight.Medium))
        painter.setPen(self._theme.colour(token if self.isEnabled() else "border"))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self.text())
        if self.isChecked():
            painter.fillRect(QRectF(0, self.height() - 2, self.width(), 2), self._theme.colour("accent"))
        if self.hasFocus():
            painter.setPen(QPen(self._theme.colour("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 3, -1, -5), 4, 4)
