"""LitText: a paragraph in which some places are lit, of which a few lines show until somebody opens it."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from slm_studio.ui.widgets.labels import LINE
from slm_studio.ui.widgets.theme import BASE, the_theme
from slm_studio.ui.widgets.wrapping import has_endless_word

Place = tuple[int, int]  # start and end of what is lit
SHORT = 3  # lines of a paragraph that is not open


class LitText(QWidget):
    """Plain text, whatever stands in it: nothing of it is read as markup. A click opens and closes it."""

    toggled = Signal(bool)

    def __init__(self, text: str = "", places: Sequence[Place] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._text, self._places, self._is_open = text, tuple(places), False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._theme.changed.connect(self._fit)
        self.set_text(text, places)

    def set_text(self, text: str, places: Sequence[Place] = ()) -> None:
        """Show a text and light some places of it."""
        self._text, self._places = text, tuple(places)
        self.setAccessibleName(text[:500])
        self._fit()

    @property
    def is_open(self) -> bool:
        """Say whether all of it shows."""
        return self._is_open

    def set_open(self, is_open: bool) -> None:
        """Show all of it, or its first lines."""
        if is_open != self._is_open:
            self._is_open = is_open
            self._fit()
            self.toggled.emit(is_open)

    def is_cut(self) -> bool:
        """Say whether there is more than the first lines."""
        return len(self._lines(self.width())[1]) > SHORT

    def copied(self) -> str:
        """Return the text."""
        return self._text

    def _lines(self, width: float) -> tuple[QTextLayout, list[float]]:
        """Break the text to a width; return the layout and where each line ends below."""
        layout = QTextLayout(self._text.replace("\n", "\u2028"), self._theme.font(BASE))
        option = QTextOption()
        modes = QTextOption.WrapMode
        option.setWrapMode(modes.WrapAnywhere if has_endless_word(self._text) else modes.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.setFormats([self._lit(start, end) for start, end in self._places])
        ends, height = [], 0.0
        layout.beginLayout()
        line = layout.createLine()
        while line.isValid():
            line.setLineWidth(max(1.0, width))
            line.setPosition(QPointF(0, height + line.height() * (LINE - 1) / 2))
            height += line.height() * LINE
            ends.append(height)
            line = layout.createLine()
        layout.endLayout()
        return layout, ends

    def _lit(self, start: int, end: int) -> QTextLayout.FormatRange:
        look = QTextCharFormat()
        look.setBackground(self._theme.colour("soft"))
        look.setForeground(self._theme.colour("accent"))
        look.setFontWeight(QFont.Weight.DemiBold)
        found = QTextLayout.FormatRange()
        found.start, found.length, found.format = start, end - start, look
        return found

    def _height(self, width: int) -> int:
        ends = self._lines(width)[1] or [0.0]
        return int((ends[-1] if self._is_open else ends[min(SHORT, len(ends)) - 1]) + 0.999)

    def _fit(self) -> None:
        """Be as high as the lines that show need at this width."""
        self.setFixedHeight(self._height(self.width()))
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(420), self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(120), self.height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.set_open(not self._is_open)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.set_open(not self._is_open)
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self._theme.colour("text"))
        layout, ends = self._lines(self.width())
        shown = len(ends) if self._is_open else min(SHORT, len(ends))
        painter.setClipRect(0, 0, self.width(), int((ends[shown - 1] if ends else 0) + 1))
        layout.draw(painter, QPointF(0, 0))
        if self.hasFocus():
            painter.setClipping(False)
            painter.setPen(self._theme.colour("accent"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
