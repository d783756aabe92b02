"""HintedText: a rich text field whose hint breaks into lines. Qt cuts a QTextEdit's own below its first line."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent, QTextOption
from PySide6.QtWidgets import QTextEdit


class HintedText(QTextEdit):
    """Shows its hint while nothing stands in it, on as many lines as the width asks for."""

    _hint = ""

    def setPlaceholderText(self, text: str) -> None:
        """Show another hint."""
        self._hint = text
        self.viewport().update()

    def placeholderText(self) -> str:
        """Return the hint."""
        return self._hint

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text, or the hint in its place."""
        super().paintEvent(event)
        is_composing = bool(self.textCursor().block().layout().preeditAreaText())  # Chinese, letter by letter
        if self._hint and self.document().isEmpty() and not is_composing:
            painter = QPainter(self.viewport())
            painter.setFont(self.font())
            painter.setPen(self.palette().placeholderText().color())
            painter.drawText(QRectF(self.viewport().rect()), self._hint, QTextOption())
