"""FindingRow: a dot, what is the matter, what it costs, and the button that mends it."""

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.labels import ElidedText, Text
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words

ONE_LINE = 100_000  # pixels: so wide that no sentence is broken


class Dot(QWidget):
    """A small round mark. Levels: good, warning, bad, quiet; the words beside it say the same.

    With `first_line_of` it is as high as one line of these words, however high their letters are: at the top of a paragraph.
    """

    TOKENS = {"good": "accent", "warning": "held_out", "bad": "bad", "quiet": "muted"}  # noqa: RUF012

    def __init__(self, level: str = "quiet", first_line_of: Text | None = None) -> None:
        super().__init__()
        self._theme = the_theme()
        self._level = level
        self._beside = first_line_of
        self._theme.changed.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        self.setFixedSize(self.sizeHint())

    def retranslate(self) -> None:
        """Fit its words in their new language."""
        self._fit()

    def set_level(self, level: str) -> None:
        """Take another colour."""
        self._level = level
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        height = self._theme.px(18) if self._beside is None else self._beside.heightForWidth(ONE_LINE)
        return QSize(self._theme.px(10), height)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour(self.TOKENS[self._level]))
        radius = self._theme.px(4)
        painter.drawEllipse(QPointF(radius + 0.5, self.height() / 2), radius, radius)


class FindingRow(QWidget):
    """One finding. `acted` when its button is clicked."""

    acted = Signal()

    def __init__(
        self, sentence: Words, cost: Words = "", *, level: str = "warning", action: Words = "", link: Words = "",
        parent: QWidget | None = None, **values: object,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 8)
        row.setSpacing(10)
        self.dot = Dot(level)
        # A link stands right behind its sentence, so the sentence takes no more room than it needs.
        self.sentence = ElidedText(sentence, **values) if link else Text(sentence, wrap=True, **values)
        if link:
            self.sentence.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.cost = Text(cost, "muted", wrap=True, **values)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self.sentence)
        column.addWidget(self.cost)
        row.addWidget(self.dot, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(column, 0 if link else 1)
        self.action = Button(action or link, "link" if link else "plain", small=not link, **values)
        row.addWidget(self.action, 0, Qt.AlignmentFlag.AlignVCenter)
        if link:
            row.addStretch(1)
        # Only now: a widget that is shown before it has a parent is a window of its own for a moment.
        self.cost.setVisible(bool(cost))
        self.action.setVisible(bool(action or link))
        self.action.clicked.connect(self.acted)
