"""What stands at the right of a chart's title: a direct legend, the log toggle, the choice of the axis."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from slm_studio.core.texts import mark
from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.fields import Check, Choice
from slm_studio.ui.widgets.labels import plain_tooltip
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.theme import SECOND, the_theme

# The held-out colour is too light for letters on a light ground; its words take the warning colour.
AXES = (mark("steps"), mark("epochs"), mark("time"))
_LETTERS = {"held_out": "warning"}


class Legend(QWidget):
    """Short strokes and names in the colours of the curves."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._entries: tuple[tuple[str, str], ...] = ()
        self._theme.changed.connect(self.updateGeometry)

    def set_entries(self, entries: Sequence[tuple[str, str]]) -> None:
        """Show pairs of token and name."""
        if tuple(entries) != self._entries:
            self._entries = tuple(entries)
            self.setAccessibleName(", ".join(name for _, name in entries))
            self.updateGeometry()
            self.update()

    def _font(self) -> QFont:
        return self._theme.font(SECOND)

    def _width(self, name: str) -> int:
        return QFontMetrics(self._font()).horizontalAdvance(name) + self._theme.px(16)

    def _shown(self) -> list[str]:
        """Return the names as the width lets them stand: where it is short, the longest give of their letters."""
        letters = QFontMetrics(self._font())
        lack = self.sizeHint().width() - self._theme.px(12) - self.width()
        if lack <= 0:
            return [name for _, name in self._entries]
        widths = [letters.horizontalAdvance(name) for _, name in self._entries]
        most, room = 0, sum(widths) - lack
        for at, width in enumerate(sorted(widths)):
            most = max(0, room // (len(widths) - at))  # what each of those that are left may take
            if width > most:
                break
            room -= width
        return [letters.elidedText(name, Qt.TextElideMode.ElideRight, most) for _, name in self._entries]

    def beside(self) -> int:
        """Return the width that it needs beside others: below them it can be read whole."""
        return self.sizeHint().width()

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        gap = self._theme.px(12)
        return QSize(sum(self._width(name) + gap for _, name in self._entries), self._theme.px(20))

    def minimumSizeHint(self) -> QSize:
        """Return the room of a few letters of each name."""
        return QSize(min(self.sizeHint().width(), self._theme.px(170)), self._theme.px(20))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setFont(self._font())
        at, middle = 0.0, self.height() / 2
        names = self._shown()
        whole = ", ".join(name for _, name in self._entries)
        self.setToolTip(plain_tooltip(whole) if ", ".join(names) != whole else "")
        for (token, _), name in zip(self._entries, names, strict=True):
            painter.setPen(QPen(self._theme.colour(token), 2))
            painter.drawLine(QPointF(at, middle), QPointF(at + self._theme.px(12), middle))
            painter.setPen(self._theme.colour(_LETTERS.get(token, token)))
            left = int(at + self._theme.px(16))
            painter.drawText(left, 0, self._width(name), self.height(), int(Qt.AlignmentFlag.AlignVCenter), name)
            at += self._width(name) + self._theme.px(12)


class ChartControls(SideBySide):
    """Legend, “log”, and steps / epochs / time: below a neighbour before their own line breaks."""

    log_toggled = Signal(bool)
    axis_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(gap=8, parent=parent)
        self._legend = Legend()
        self._log = Check("log", quiet=True)
        self._axis = Choice([(axis, axis) for axis in AXES], name="Axis", quiet=True)
        for part in (self._legend, Actions(self._log, self._axis)):
            self.layout().setAlignment(self.add(part, 0), Qt.AlignmentFlag.AlignVCenter)
        self._log.toggled.connect(self.log_toggled)
        self._axis.chosen.connect(self._on_axis_chosen)

    def is_log(self) -> bool:
        """Say whether the value axis is logarithmic."""
        return self._log.isChecked()

    def beside(self) -> int:
        """Return the width that it needs beside others: that of one line."""
        return self.one_line()

    def choose_axis(self, axis: str) -> None:
        """Show which axis is drawn."""
        self._axis.choose(axis)

    def set_legend(self, entries: Sequence[tuple[str, str]]) -> None:
        """Show pairs of token and name."""
        self._legend.set_entries(entries)

    def _on_axis_chosen(self, axis: object) -> None:
        self.axis_chosen.emit(str(axis))
