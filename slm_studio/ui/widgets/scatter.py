"""Scatter: points over a diagonal: how near one number comes to the other."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from slm_studio.core.errors import show
from slm_studio.core.texts import tr
from slm_studio.ui.widgets.copying import table_line
from slm_studio.ui.widgets.theme import SECOND, the_theme


class Scatter(QWidget):
    """Both axes have the same range, so that the line of equals is the diagonal. `set_band` tints what lies near it."""

    is_chart = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._points: tuple[tuple[float, float], ...] = ()
        self._band = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme.changed.connect(self.updateGeometry)

    def set_points(self, points: Sequence[tuple[float, float]]) -> None:
        """Show (true, answered) pairs."""
        self._points = tuple(points)
        low, high = self._ends()
        self.setAccessibleDescription(
            tr("{n} points from {low} to {high}", n=len(points), low=show(low), high=show(high))
        )
        self.update()

    def set_band(self, off: float) -> None:
        """Tint what lies at most `off` from the diagonal; 0 tints nothing."""
        self._band = off
        self.update()

    def points(self) -> tuple[tuple[float, float], ...]:
        """Return what is shown."""
        return self._points

    def copied(self) -> str:
        """Return every point."""
        return "\n".join(table_line(cells) for cells in ((tr("true"), tr("predicted")), *self._points))

    def _ends(self) -> tuple[float, float]:
        values = [value for point in self._points for value in point] or [0.0, 1.0]
        low, high = min(values), max(values)
        room = (high - low) * 0.04 or 0.5
        return low - room, high + room

    def _plot(self) -> QRectF:
        """Return the square in which points stand: the numbers of the axes stand left of it and below."""
        metrics = QFontMetrics(self._theme.font(SECOND))
        left = max(metrics.horizontalAdvance(words) for words in self._corners()) + self._theme.px(8)
        below = metrics.height() + self._theme.px(4)
        side = max(40.0, min(self.width() - left - 2, self.height() - below - 2))
        return QRectF(left, 1, side, side)

    def _corners(self) -> tuple[str, str]:
        values = [value for point in self._points for value in point] or [0.0, 1.0]
        return show(min(values)), show(max(values))

    def _place(self, plot: QRectF, true: float, answered: float) -> QPointF:
        low, high = self._ends()
        across, upwards = ((value - low) / (high - low) for value in (true, answered))
        return QPointF(plot.left() + across * plot.width(), plot.bottom() - upwards * plot.height())

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        return QSize(self._theme.px(300), self._theme.px(290))

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        return QSize(self._theme.px(180), self._theme.px(290))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter, plot = QPainter(self), self._plot()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        low, high = self._ends()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.save()
        painter.setClipRect(plot)
        if self._band:
            painter.setBrush(self._theme.mix("accent", "surface", 0.12))
            corners = (
                (low, low - self._band),
                (high, high - self._band),
                (high, high + self._band),
                (low, low + self._band),
            )
            painter.drawPolygon(QPolygonF([self._place(plot, *corner) for corner in corners]))
        painter.setPen(QPen(self._theme.colour("muted"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(self._place(plot, low, low), self._place(plot, high, high))
        painter.setPen(Qt.PenStyle.NoPen)
        colour = self._theme.colour("accent")
        colour.setAlphaF(0.55 if len(self._points) < 400 else 0.3)
        painter.setBrush(colour)
        radius = self._theme.px(3)
        for point in self._points:
            painter.drawEllipse(self._place(plot, *point), radius, radius)
        painter.restore()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.colour("border"), 1))
        painter.drawRect(plot)
        self._write(painter, plot)

    def _write(self, painter: QPainter, plot: QRectF) -> None:
        """Write the ends of both axes."""
        least, most = self._corners()
        painter.setFont(self._theme.font(SECOND))
        painter.setPen(self._theme.colour("muted"))
        height = QFontMetrics(painter.font()).height()
        left = QRectF(0, plot.top(), plot.left() - self._theme.px(6), height)
        right = Qt.AlignmentFlag.AlignRight
        painter.drawText(left, int(right), most)
        painter.drawText(left.translated(0, plot.height() - height), int(right), least)
        below = QRectF(plot.left(), plot.bottom() + self._theme.px(3), plot.width(), height)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft), least)
        painter.drawText(below, int(right), most)
