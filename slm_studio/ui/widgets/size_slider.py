"""SizeSlider: named stops from small to large."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from slm_studio.core.texts import mark, tr
from slm_studio.ui.widgets.cells import paint_bar
from slm_studio.ui.widgets.theme import SECOND, the_theme
from slm_studio.ui.widgets.words import Words, words

SIZES = (mark("nano"), mark("micro"), mark("small"), mark("base"))


class SizeSlider(QWidget):
    """Emits the stop that the person took. Stops are templates: they are shown translated."""

    chosen = Signal(str)

    def __init__(
        self, stops: Sequence[str] = SIZES, current: str = "", *, name: Words = "Size", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._stops: tuple[str, ...] = ()
        self._at = 0
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        words(self.setAccessibleName, name)
        self._theme.changed.connect(self.updateGeometry)
        self.set_stops(stops, current)

    def set_stops(self, stops: Sequence[str], current: str = "") -> None:
        """Offer other stops."""
        self._stops = tuple(stops)
        self._at = self._stops.index(current) if current in self._stops else 0
        self._describe()

    def current(self) -> str:
        """Return the stop that is chosen."""
        return self._stops[self._at] if self._stops else ""

    def choose(self, stop: str) -> None:
        """Choose without telling anybody."""
        if stop in self._stops:
            self._at = self._stops.index(stop)
            self._describe()

    def _describe(self) -> None:
        self.setAccessibleDescription(tr(self.current()))
        self.update()

    def _take(self, at: int) -> None:
        at = max(0, min(len(self._stops) - 1, at))
        if at != self._at:
            self._at = at
            self._describe()
            self.chosen.emit(self.current())

    def _knob_radius(self) -> float:
        return self._theme.px(8)

    def _x(self, at: int) -> float:
        radius = self._knob_radius()
        return radius + (self.width() - 2 * radius) * at / max(1, len(self._stops) - 1)

    def _nearest(self, x: float) -> int:
        return min(range(len(self._stops)), key=lambda at: abs(self._x(at) - x))

    def _font(self, at: int) -> QFont:
        return self._theme.font(SECOND, QFont.Weight.DemiBold if at == self._at else QFont.Weight.Normal)

    def _place(self, at: int) -> QRectF:
        width = QFontMetricsF(self._font(at)).horizontalAdvance(tr(self._stops[at])) + 2
        left = min(max(0.0, self._x(at) - width / 2), self.width() - width)
        return QRectF(left, 0, width, self._theme.px(18))

    def named(self) -> dict[int, QRectF]:
        """Return the stops that have room for their names: the chosen one and the ends before all others."""
        gap, places = self._theme.px(4), {}
        for at in dict.fromkeys((self._at, 0, len(self._stops) - 1, *range(len(self._stops)))):
            place = self._place(at)
            if not any(place.adjusted(-gap, 0, gap, 0).intersects(other) for other in places.values()):
                places[at] = place
        return places

    def _paint_words(self, painter: QPainter) -> None:
        for at, place in self.named().items():
            painter.setFont(self._font(at))
            painter.setPen(self._theme.colour("accent" if at == self._at else "muted"))
            painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), tr(self._stops[at]))

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        return QSize(self._theme.px(320), self._theme.px(40))

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        return QSize(self._theme.px(180), self._theme.px(40))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self._theme.px(29)
        track = QRectF(0, middle - self._theme.px(4), self.width(), self._theme.px(8))
        paint_bar(
            painter,
            track,
            self._x(self._at) / max(1, self.width()),
            self._theme.colour("line"),
            self._theme.colour("accent"),
        )
        self._paint_words(painter)
        painter.setPen(QPen(self._theme.colour("accent"), 2))
        painter.setBrush(self._theme.colour("surface"))
        painter.drawEllipse(QPointF(self._x(self._at), middle), self._knob_radius() - 1, self._knob_radius() - 1)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.colour("accent", 0.5), 3))
            painter.drawEllipse(
                QPointF(self._x(self._at), middle), self._knob_radius() + 1.5, self._knob_radius() + 1.5
            )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take a press."""
        self._take(self._nearest(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._take(self._nearest(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Obey the keys."""
        steps = {Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1}
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: len(self._stops) - 1}
        key = Qt.Key(event.key())
        if key in steps:
            self._take(self._at + steps[key])
        elif key in ends:
            self._take(ends[key])
        else:
            super().keyPressEvent(event)
