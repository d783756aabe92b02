"""Words on the page. Every label is plain text, because names and errors may come from foreign files."""

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QContextMenuEvent, QFont, QFontInfo, QPainter, QPaintEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from slm_studio.ui.widgets.words import Words, sentence, words

LINE = 1.16  # air between the lines of a paragraph, on top of the font's own


class Text(QLabel):
    """A label with a role of the type scale.

    Roles: body, title, heading, strong, muted, second, small, lead, number, big, accent, warning, bad.
    """

    def __init__(
        self,
        template: Words = "",
        role: str = "body",
        *,
        wrap: bool = False,
        parent: QWidget | None = None,
        **values: object,
    ) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setWordWrap(wrap)
        self._selectable = False
        if template:
            self.set_words(template, **values)

    def set_words(self, template: Words, **values: object) -> None:
        """Show a sentence that follows the language. Foreign text: set_words("{name}", name=…)"""
        words(self.setText, template, **values)

    def set_role(self, role: str) -> None:
        """Take another role of the type scale."""
        if role != self.property("role"):
            self.setProperty("role", role)
            restyle(self)

    def let_select(self) -> None:
        """Let the person select and copy the words."""
        self._selectable = True
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )

    def copied(self) -> str:
        """Return the words, or those that are selected."""
        return self.selectedText() or self.text()

    def _lines(self, width: float) -> tuple[QTextLayout, float]:
        """Break the words to a width, with more air between the lines than a label gives."""
        layout = QTextLayout(self.text().replace("\n", "\u2028"), self.font())
        option = QTextOption(Qt.AlignmentFlag(self.alignment() & Qt.AlignmentFlag.AlignHorizontal_Mask))
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        height = 0.0
        line = layout.createLine()
        while line.isValid():
            line.setLineWidth(width)
            line.setPosition(QPointF(0, height + line.height() * (LINE - 1) / 2))
            height += line.height() * LINE
            line = layout.createLine()
        layout.endLayout()
        return layout, height

    def _is_airy(self) -> bool:
        return self.wordWrap() and not self._selectable

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Leave Copy to the window, which offers it for every label; a label's own menu can do less."""
        event.ignore()

    def heightForWidth(self, width: int) -> int:
        """Return the height for a width."""
        if not self._is_airy():
            return super().heightForWidth(width)
        margins = self.contentsMargins()
        room = max(1, width - margins.left() - margins.right())
        return int(self._lines(room)[1] + 0.999) + margins.top() + margins.bottom()

    def sizeHint(self) -> QSize:
        """Return the size it likes: one line, or lines of at most some 70 letters."""
        if not self._is_airy():
            return super().sizeHint()
        metrics = self.fontMetrics()
        natural = max((metrics.horizontalAdvance(line) for line in self.text().split("\n")), default=0) + 2
        width = min(natural, metrics.averageCharWidth() * 70)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        if not self._is_airy():
            return super().minimumSizeHint()
        width = min(self.sizeHint().width(), self.fontMetrics().averageCharWidth() * 16)
        return QSize(width, int(self.fontMetrics().height() * LINE))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        if not self._is_airy():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        room = self.contentsRect()
        layout, height = self._lines(room.width())
        top = (
            room.top()
            if self.alignment() & Qt.AlignmentFlag.AlignTop
            else room.top() + max(0.0, (room.height() - height) / 2)
        )
        layout.draw(painter, QPointF(room.left(), top))


class SteadyText(Text):
    """A paragraph that keeps the height of the longest words it had, so that nothing jumps while they change often."""

    def __init__(self, template: Words = "", role: str = "body", *, parent: QWidget | None = None) -> None:
        super().__init__(template, role, wrap=True, parent=parent)
        self._heights: dict[tuple[int, int], int] = {}  # by width and height of a line
        self.setAlignment(Qt.AlignmentFlag.AlignTop)

    def forget(self) -> None:
        """Be as high as the words of now need."""
        self._heights.clear()
        self.updateGeometry()

    def heightForWidth(self, width: int) -> int:
        """Return the height for a width."""
        key = (width, self.fontMetrics().height())
        self._heights[key] = max(super().heightForWidth(width), self._heights.get(key, 0))
        return self._heights[key]


class ElidedText(Text):
    """One line that ends in … where the room ends; the whole text stands in the tooltip."""

    def __init__(
        self, template: Words = "", role: str = "body", *, parent: QWidget | None = None, **values: object
    ) -> None:
        super().__init__("", role, parent=parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        if template:
            self.set_words(template, **values)

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        metrics = self.fontMetrics()
        least = min(metrics.horizontalAdvance("…") * 4, metrics.horizontalAdvance(self.text()))
        return QSize(least, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        room = self.contentsRect()
        line = " ".join(self.text().split("\n"))
        painter = QPainter(self)
        painter.setFont(self._font_for(line, room.width()))
        shown = painter.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, room.width())
        self.setToolTip(plain_tooltip(self.text()) if shown != line else "")
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(room, int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), shown)

    def _font_for(self, line: str, width: int) -> QFont:
        return self.font()


class FittedText(ElidedText):
    """One line that is set smaller where the room is narrow, down to three quarters, before it ends in …"""

    SMALLEST = 0.75

    def _font_for(self, line: str, width: int) -> QFont:
        font, wanted = self.font(), self.fontMetrics().horizontalAdvance(line)
        if wanted > width:
            font.setPixelSize(int(QFontInfo(font).pixelSize() * max(self.SMALLEST, width / wanted)))
        return font


class Rule(QFrame):
    """A hairline between two things."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "rule")
        self.setFixedHeight(1)


def restyle(widget: QWidget) -> None:
    """Let the style sheet look at a widget's properties again."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


def tip(widget: QWidget, template: Words, **values: object) -> None:
    """Give a widget a tooltip that follows the language. A bare `setToolTip` would read names of a file as HTML."""
    words(widget.setToolTip, lambda: plain_tooltip(sentence(template, **values)))


def plain_tooltip(text: str, limit: int = 1000) -> str:
    """Return foreign text as a tooltip that shows it letter by letter and wraps."""
    cut = text if len(text) <= limit else text[:limit] + " …"
    safe = cut.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<div style="white-space: pre-wrap">{safe}</div>' if safe else ""
