"""Words on the page. Every label is plain text, because names and errors may come from foreign files."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from slm_studio.ui.widgets.words import Words, words


class Text(QLabel):
    """A label with a role of the type scale.

    Roles: body, title, heading, strong, muted, second, small, lead, number, big, accent, warning, bad.
    """

    def __init__(
        self, template: Words = "", role: str = "body", *, wrap: bool = False, parent: QWidget | None = None, **values: object
    ) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setWordWrap(wrap)
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
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )


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
        return QSize(self.fontMetrics().horizontalAdvance("…") * 4, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        metrics, room = self.fontMetrics(), self.contentsRect()
        line = " ".join(self.text().split("\n"))
        shown = metrics.elidedText(line, Qt.TextElideMode.ElideRight, room.width())
        self.setToolTip(plain_tooltip(self.text()) if shown != line else "")
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(room, int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), shown)


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


def plain_tooltip(text: str, limit: int = 1000) -> str:
    """Return foreign text as a tooltip that shows it letter by letter and wraps."""
    cut = text if len(text) <= limit else text[:limit] + " …"
    safe = cut.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<div style="white-space: pre-wrap">{safe}</div>' if safe else ""
