"""Bars: labels with horizontal bars, either counts (of the most frequent) or scores from 0 to 1."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from slm_studio.core.errors import show
from slm_studio.core.texts import tr
from slm_studio.ui.widgets.cells import flat, paint_bar
from slm_studio.ui.widgets.copying import table_line
from slm_studio.ui.widgets.labels import plain_tooltip
from slm_studio.ui.widgets.theme import BASE, SECOND, the_theme
from slm_studio.ui.widgets.words import Words, words


@dataclass(frozen=True, slots=True)
class Bar:
    """One label and its value. `quiet` bars stand for several labels and cannot be clicked.

    From `threshold` on a score means yes: such bars are bold, and the place is marked.
    """

    label: str
    value: float
    quiet: bool = False
    threshold: float | None = None

    @property
    def is_above(self) -> bool:
        """Say whether the score means yes."""
        return self.threshold is not None and self.value >= self.threshold


class Bars(QWidget):
    """Shows bars below each other; a click (or Return on the one with the focus) emits the label.

    Counts: bars are as long as their share of the largest; scores: as their share of 1, the best one bold.
    """

    label_clicked = Signal(str)
    is_chart = True

    def __init__(
        self,
        *,
        name: Words = "",
        scores: bool = False,
        percent: bool = False,
        row_height: int = 25,
        parent: QWidget | None = None,
    ) -> None:
        """`name` is what a screen reader says; `percent`: scores stand there as 0.2 %, for those of which many are small."""
        super().__init__(parent)
        if name:
            words(self.setAccessibleName, name)
        self._percent = percent
        self._theme = the_theme()
        self._scores, self._row_height = scores, 31 if scores else row_height
        self._bars: tuple[Bar, ...] = ()
        self._all: tuple[tuple[str, float], ...] = ()  # also what one quiet bar stands for
        self._current, self._hover = 0, -1
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme.changed.connect(self.updateGeometry)

    def set_bars(self, bars: Sequence[Bar]) -> None:
        """Show these bars, in this order."""
        self._bars = tuple(bars)
        self._all = tuple((bar.label, bar.value) for bar in bars)
        self._current = min(self._current, max(0, len(self._bars) - 1))
        self._describe()
        self.updateGeometry()
        self.update()

    def set_counts(self, counts: Sequence[tuple[str, int]], most: int = 7) -> None:
        """Show label counts, largest first; what does not fit is one bar of the labels between head and tail."""
        ordered = sorted(counts, key=lambda pair: -pair[1])
        if len(ordered) <= most:
            self.set_bars([Bar(label, count) for label, count in ordered])
            return
        tail = 2
        head = most - tail - 1
        between = ordered[head : len(ordered) - tail]
        middle = Bar(
            tr("… {n} more, mean", n=len(between)), round(sum(count for _, count in between) / len(between)), quiet=True
        )
        named = (
            [Bar(label, count) for label, count in ordered[:head]],
            [Bar(label, count) for label, count in ordered[-tail:]],
        )
        self.set_bars([*named[0], middle, *named[1]])
        self._all = tuple(ordered)

    def bars(self) -> tuple[Bar, ...]:
        """Return what is shown."""
        return self._bars

    def copied(self) -> str:
        """Return all labels and their values."""
        return "\n".join(table_line(pair) for pair in self._all)

    def value_text(self, bar: Bar) -> str:
        """Return the number beside a bar."""
        if self._percent:
            return f"{100 * bar.value:.1f} %"
        return f"{bar.value:.2f}" if self._scores else show(round(bar.value))

    def _words(self, bar: Bar) -> str:
        said = f"{bar.label}: {self.value_text(bar)}"
        return (
            said
            if bar.threshold is None
            else f"{said} · {tr('yes from {threshold} on', threshold=f'{bar.threshold:.2f}')}"
        )

    def _describe(self) -> None:
        self.setAccessibleDescription("; ".join(f"{bar.label} {self.value_text(bar)}" for bar in self._bars[:20]))

    def _row_at(self, y: float) -> int:
        row = int(y // self._theme.px(self._row_height))
        return row if 0 <= row < len(self._bars) else -1

    def _open(self, row: int) -> None:
        if 0 <= row < len(self._bars) and not self._bars[row].quiet:
            self._current = row
            self.update()
            self.label_clicked.emit(self._bars[row].label)

    def _places(self, row: int) -> tuple[QRectF, QRectF, QRectF]:
        """Return where label, bar and number of a row stand."""
        height = self._theme.px(self._row_height)
        metrics = QFontMetrics(self._theme.font(BASE if self._scores else SECOND, QFont.Weight.DemiBold))
        number = max((metrics.horizontalAdvance(self.value_text(bar)) for bar in self._bars), default=0)
        number = max(number, self._theme.px(34)) + 2
        longest = max((metrics.horizontalAdvance(bar.label) for bar in self._bars), default=0) + self._theme.px(14)
        names = min(longest, int(self.width() * (0.42 if self._scores else 0.6)))
        gap = self._theme.px(12)
        top = row * height
        track = QRectF(
            names, top + height / 2 - self._theme.px(4.5), self.width() - names - number - gap, self._theme.px(9)
        )
        return QRectF(0, top, names - gap, height), track, QRectF(self.width() - number, top, number, height)

    def _paint_row(self, painter: QPainter, row: int, most: float) -> None:
        bar = self._bars[row]
        names, track, number = self._places(row)
        best = self._scores and not bar.quiet and (bar.is_above if bar.threshold is not None else bar.value == most)
        font = self._theme.font(
            BASE if self._scores else SECOND, QFont.Weight.DemiBold if best else QFont.Weight.Normal
        )
        painter.setFont(font)
        painter.setPen(self._theme.colour("accent" if row == self._hover and not bar.quiet else "text"))
        shown = QFontMetrics(font).elidedText(flat(bar.label), Qt.TextElideMode.ElideRight, int(names.width()))
        painter.drawText(names, int(Qt.AlignmentFlag.AlignVCenter), shown)
        ground = 1.0 if self._scores else most
        paint_bar(
            painter,
            track,
            bar.value / ground if ground else 0.0,
            self._theme.colour("line"),
            self._theme.colour("accent" if bar.threshold is None or bar.is_above else "muted"),
        )
        if bar.threshold is not None:
            x, room = track.left() + track.width() * min(1.0, bar.threshold), self._theme.px(4)
            painter.setPen(QPen(self._theme.colour("text"), 1.5))
            painter.drawLine(QPointF(x, track.top() - room), QPointF(x, track.bottom() + room))
        painter.setFont(self._theme.font(BASE if self._scores else SECOND))
        painter.setPen(self._theme.colour("text" if self._scores else "muted"))
        painter.drawText(number, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), self.value_text(bar))

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        return QSize(self._theme.px(280), self._theme.px(self._row_height) * max(1, len(self._bars)))

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        return QSize(self._theme.px(180), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        most = max((bar.value for bar in self._bars), default=0.0)
        for row in range(len(self._bars)):
            self._paint_row(painter, row, most)
        if self.hasFocus() and self._bars:
            names, _, number = self._places(self._current)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._theme.colour("accent"), 2))
            painter.drawRoundedRect(names.united(number).adjusted(1, 1, -1, -1), 5, 5)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        row = self._row_at(event.position().y())
        if row != self._hover:
            self._hover = row
            can = row >= 0 and not self._bars[row].quiet
            self.setCursor(Qt.CursorShape.PointingHandCursor if can else Qt.CursorShape.ArrowCursor)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Forget the pointer."""
        self._hover = -1
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Take a click."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._open(self._row_at(event.position().y()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Obey the keys."""
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
        if step and self._bars:
            self._current = max(0, min(len(self._bars) - 1, self._current + step))
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._open(self._current)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Show the tooltip of what is under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            row = self._row_at(event.pos().y())
            bar = self._bars[row] if row >= 0 else None
            QToolTip.showText(event.globalPos(), plain_tooltip(self._words(bar)) if bar else "", self)
            return True
        return super().event(event)
