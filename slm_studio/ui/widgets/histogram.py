"""Histogram: how many rows are how long, and where a limit would cut."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from slm_studio.core.errors import show
from slm_studio.core.texts import tr
from slm_studio.ui.widgets.copying import table_line
from slm_studio.ui.widgets.labels import plain_tooltip
from slm_studio.ui.widgets.theme import the_theme


class Histogram(QWidget):
    """Bars over even bins. `set_limit` draws the line behind which texts are cut; cut bins are tinted as a warning."""

    is_chart = True

    def __init__(self, parent: QWidget | None = None, *, exact: bool = False) -> None:
        """`exact`: the borders of bins are numbers with decimals, not counts."""
        super().__init__(parent)
        self._exact = exact
        self._theme = the_theme()
        self._counts: tuple[int, ...] = ()
        self._edges: tuple[float, ...] = ()
        self._limit: float | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme.changed.connect(self.updateGeometry)

    def set_bins(self, counts: Sequence[int], edges: Sequence[float]) -> None:
        """Show `counts`; `edges` are their borders, one more than there are counts."""
        self._counts, self._edges = tuple(counts), tuple(edges)
        self.setAccessibleDescription("; ".join(self._words(at) for at in range(len(counts)) if counts[at]))
        self.update()

    def set_limit(self, limit: float | None) -> None:
        """Mark where texts are cut; None marks nothing."""
        self._limit = limit
        self.update()

    def copied(self) -> str:
        """Return each bar: where it begins, where it ends, its rows."""
        names = (tr("from"), tr("to"), tr("rows"))
        bins = zip(self._edges, self._edges[1:], self._counts, strict=False)
        return "\n".join(table_line(cells) for cells in (names, *bins))

    def _words(self, at: int) -> str:
        low, high = self._edges[at], self._edges[at + 1]
        span = f"{show(low)} – {show(high)}" if self._exact else f"{show(round(low))} – {show(round(high))}"
        return tr("{span}: {n} {n:row|rows}", n=self._counts[at], span=span)

    def _place(self, at: int) -> QRectF:
        step = self.width() / max(1, len(self._counts))
        gap = min(3.0, step * 0.25)
        most = max(self._counts, default=0)
        height = (self.height() - 2) * self._counts[at] / most if most else 0.0
        height = max(height, 1.5) if self._counts[at] else 0.0
        return QRectF(at * step, self.height() - height, step - gap, height)

    def _limit_x(self) -> float:
        assert self._limit is not None
        low, high = self._edges[0], self._edges[-1]
        return self.width() * (self._limit - low) / (high - low) if high > low else 0.0

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        return QSize(self._theme.px(240), self._theme.px(116))

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        return QSize(self._theme.px(120), self._theme.px(116))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for at in range(len(self._counts)):
            is_cut = self._limit is not None and self._edges[at] >= self._limit
            painter.setBrush(self._theme.mix("held_out" if is_cut else "accent", "surface", 0.75))
            place = self._place(at)
            painter.drawRoundedRect(place, min(2.0, place.height() / 2), min(2.0, place.height() / 2))
        if self._limit is not None and self._edges and self._edges[0] < self._limit < self._edges[-1]:
            painter.setPen(QPen(self._theme.colour("muted"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(self._limit_x(), 0), QPointF(self._limit_x(), self.height()))

    def event(self, event: QEvent) -> bool:
        """Show the tooltip of what is under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self._counts:
            at = min(len(self._counts) - 1, int(event.pos().x() * len(self._counts) / max(1, self.width())))
            QToolTip.showText(event.globalPos(), plain_tooltip(self._words(at)), self)
            return True
        return super().event(event)
