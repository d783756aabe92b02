"""WordMap: words as places in two dimensions. Wheel or + and - zoom, dragging or the arrows move, a click asks for a word."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from slm_studio.core.texts import tr
from slm_studio.ui.widgets.copying import table_line
from slm_studio.ui.widgets.labels import plain_tooltip
from slm_studio.ui.widgets.theme import SECOND, the_theme

MARGIN = 28  # pixels around the words
STEP, NEAREST, FARTHEST = 1.25, 40.0, 0.8  # of zooming
PAN = 40  # pixels of an arrow key
REACH = 14  # pixels from a word within which the pointer means it
TOLD = 8  # words that a screen reader hears
MOVES = {
    Qt.Key.Key_Left: (1, 0),
    Qt.Key.Key_Right: (-1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A word on the map: x and y in -1…1, and how like it is to what was asked."""

    text: str
    x: float
    y: float
    likeness: float


class WordMap(QWidget):
    """Shows as many names as have room, the marked ones before the others; N and P go through the marked words."""

    word_chosen = Signal(str)

    is_chart = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._places: tuple[Place, ...] = ()
        self._asked: frozenset[str] = frozenset()
        self._near: tuple[str, ...] = ()
        self._zoom, self._centre = 1.0, QPointF(0.0, 0.0)
        self._pointed = -1  # the place under the pointer or the keyboard
        self._dragged: QPointF | None = None
        self._has_moved = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme.changed.connect(self.updateGeometry)

    def set_places(self, places: Sequence[Place]) -> None:
        """Show other words."""
        self._places, self._pointed = tuple(places), -1
        self.reset()
        self._describe()

    def mark(self, asked: Sequence[str], near: Sequence[str]) -> None:
        """Let some words stand out: those that were asked for, and their answer."""
        self._asked, self._near = frozenset(asked), tuple(near)
        self._describe()
        self.update()

    def holds(self, words: Sequence[str]) -> bool:
        """Say whether all of some words are on the map."""
        return set(words) <= {place.text for place in self._places}

    def reset(self) -> None:
        """Show the whole map."""
        self._zoom, self._centre = 1.0, QPointF(0.0, 0.0)
        self.update()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Come nearer, or go away; what is at a place of the widget stays there."""
        point = at or QPointF(self.width() / 2, self.height() / 2)
        before = self._world(point)
        self._zoom = min(NEAREST, max(FARTHEST, self._zoom * factor))
        self._centre += before - self._world(point)
        self.update()

    def copied(self) -> str:
        """Return each word with its place and likeness."""
        lines = [(tr("word"), "x", "y", tr("likeness"))]
        lines += [(each.text, f"{each.x:.4f}", f"{each.y:.4f}", f"{each.likeness:.4f}") for each in self._places]
        return "\n".join(table_line(line) for line in lines)

    def retranslate(self) -> None:
        """Say again what is shown."""
        self._describe()

    def _describe(self) -> None:
        shown = {place.text for place in self._places}
        near = [word for word in self._near if word in shown][:TOLD]
        parts = [tr("A map of {n} words", n=len(self._places))]
        if near:
            parts.append(tr("beside {words}: {near}", words=", ".join(sorted(self._asked)), near=", ".join(near)))
        self.setAccessibleDescription(" · ".join(parts))

    def _scale(self) -> float:
        return self._zoom * max(1.0, min(self.width(), self.height()) / 2 - self._theme.px(MARGIN))

    def _stretch(self) -> float:
        """Return how much wider than high the map is drawn, so that a wide place is used."""
        return max(1.0, (self.width() / 2 - self._theme.px(2 * MARGIN)) / max(1.0, self._scale() / self._zoom))

    def _screen(self, place: Place) -> QPointF:
        scale = self._scale()
        x = (place.x - self._centre.x()) * scale * self._stretch()
        return QPointF(self.width() / 2 + x, self.height() / 2 - (place.y - self._centre.y()) * scale)

    def _world(self, point: QPointF) -> QPointF:
        scale = self._scale()
        x = (point.x() - self.width() / 2) / (scale * self._stretch())
        return QPointF(self._centre.x() + x, self._centre.y() - (point.y() - self.height() / 2) / scale)

    def _at(self, point: QPointF) -> int:
        """Return the place nearest to a point, -1 where none is near."""
        reach, best, found = self._theme.px(REACH), float("inf"), -1
        for at, place in enumerate(self._places):
            offset = self._screen(place) - point
            far = max(abs(offset.x()), abs(offset.y()))
            if far < reach and far < best:
                best, found = far, at
        return found

    def _order(self) -> list[int]:
        """Return the places in the order in which their names take room."""
        near = {word: rank for rank, word in enumerate(self._near)}

        def rank(at: int) -> tuple[int, int]:
            text = self._places[at].text
            if at == self._pointed:
                return 0, 0
            return (1, 0) if text in self._asked else (2, near[text]) if text in near else (3, at)

        return sorted(range(len(self._places)), key=rank)

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        return QSize(self._theme.px(520), self._theme.px(360))

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        return QSize(self._theme.px(200), self._theme.px(240))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plain, strong = self._theme.font(SECOND), self._theme.font(SECOND, QFont.Weight.DemiBold)
        taken: list[QRectF] = []
        inside = QRectF(self.rect())
        for at in self._order():
            place = self._places[at]
            point = self._screen(place)
            if not inside.contains(point):
                continue
            is_asked, is_near = place.text in self._asked, place.text in self._near
            token = "accent" if is_asked or is_near else "text" if at == self._pointed else "muted"
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour(token))
            radius = 4.0 if is_asked else 3.0 if is_near else 2.0
            painter.drawEllipse(point, radius, radius)
            font = strong if is_asked or at == self._pointed else plain
            metrics = QFontMetrics(font)
            box = QRectF(
                point.x() + 6, point.y() - metrics.height() / 2, metrics.horizontalAdvance(place.text), metrics.height()
            )
            if box.right() > inside.right():
                box.moveRight(point.x() - 6)
            if any(box.intersects(other) for other in taken):
                continue
            taken.append(box.adjusted(-2, 0, 4, 0))
            painter.setFont(font)
            painter.setPen(self._theme.colour(token))
            painter.drawText(box.adjusted(0, 0, 4, 0), int(Qt.AlignmentFlag.AlignVCenter), place.text)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.colour("accent"), 2))
            painter.drawRoundedRect(inside.adjusted(1, 1, -1, -1), 8, 8)

    def event(self, event: QEvent) -> bool:
        """Say what is under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            at = self._at(QPointF(event.pos()))
            told = f"{self._places[at].text} · {self._places[at].likeness:.3f}" if at >= 0 else ""
            QToolTip.showText(event.globalPos(), plain_tooltip(told) if told else "", self)
            return True
        return super().event(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom where the map has the focus, or with Ctrl; else the page scrolls."""
        if not (self.hasFocus() or event.modifiers() & Qt.KeyboardModifier.ControlModifier):
            event.ignore()
            return
        self.zoom(STEP ** (event.angleDelta().y() / 120), event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the map."""
        self._dragged, self._has_moved = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the map with the pointer, or mark the word under it."""
        if self._dragged is None:
            at = self._at(event.position())
            if at != self._pointed:
                self._pointed = at
                self.setCursor(Qt.CursorShape.PointingHandCursor if at >= 0 else Qt.CursorShape.ArrowCursor)
                self.update()
            return
        far = event.position() - self._dragged
        if self._has_moved or far.manhattanLength() > 3:
            self._centre -= self._world(event.position()) - self._world(self._dragged)
            self._dragged, self._has_moved = event.position(), True
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Ask for the word that was clicked."""
        at = self._at(event.position())
        if self._dragged is not None and not self._has_moved and at >= 0:
            self.word_chosen.emit(self._places[at].text)
        self._dragged = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the whole map."""
        self.reset()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move, zoom, and go through the marked words."""
        key = Qt.Key(event.key())
        if key in MOVES:
            across, down = MOVES[key]
            step = self._theme.px(PAN) / self._scale()
            self._centre -= QPointF(across * step / self._stretch(), -down * step)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / STEP)
        elif key in (Qt.Key.Key_0, Qt.Key.Key_Home):
            self.reset()
        elif key in (Qt.Key.Key_N, Qt.Key.Key_P) and self._places:
            self._go(1 if key == Qt.Key.Key_N else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._pointed >= 0:
            self.word_chosen.emit(self._places[self._pointed].text)
        else:
            super().keyPressEvent(event)
            return
        self.update()

    def _go(self, step: int) -> None:
        """Point at the next word: the marked ones first."""
        pointed, self._pointed = self._pointed, -1  # the one pointed at stands in its own place of the order
        order = self._order()
        at = order.index(pointed) + step if pointed >= 0 else 0
        self._pointed = order[at % len(order)]
        self.setAccessibleDescription(
            f"{self._places[self._pointed].text} · {self._places[self._pointed].likeness:.3f}"
        )
