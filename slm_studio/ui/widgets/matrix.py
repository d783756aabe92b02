"""ConfusionMatrix: which labels are taken for which. A cell opens its rows."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from slm_studio.core.errors import show
from slm_studio.ui.widgets.copying import table_line
from slm_studio.ui.widgets.labels import plain_tooltip
from slm_studio.ui.widgets.theme import SECOND, contrast, the_theme

GAP = 2
HEAD = 20  # pixels of the line of numbers above the cells
NAMES = 0.4  # the share of the width that the names may take
LETTERS = SECOND - 1.5


class ConfusionMatrix(QWidget):
    """Rows are true labels, columns predicted ones; a cell is as dark as its share of its row.

    Names stand at the left of the rows, each with a number; the columns carry the same numbers. Above `most` labels the most confused ones are shown. Arrows move, Return opens.
    """

    cell_opened = Signal(str, str)  # true label, predicted label
    cell_pointed = Signal(str)  # “true → predicted: n” of the cell under the pointer or the focus, else ""

    is_chart = True

    def __init__(self, most: int = 9, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._most = most
        self._labels: tuple[str, ...] = ()
        self._counts: tuple[tuple[int, ...], ...] = ()
        self._whole: tuple[tuple[str, ...], tuple[tuple[int, ...], ...]] = ((), ())
        self._row, self._column = 0, 0
        self._pointed: tuple[int, int] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._theme.changed.connect(self.updateGeometry)

    def set_matrix(self, labels: Sequence[str], counts: Sequence[Sequence[int]]) -> None:
        """Show counts[true][predicted], both in the order of `labels`."""
        self._whole = (tuple(labels), tuple(tuple(row) for row in counts))
        kept = most_confused(counts, self._most)
        self._labels = tuple(labels[at] for at in kept)
        self._counts = tuple(tuple(counts[row][column] for column in kept) for row in kept)
        self._row = self._column = 0
        self._pointed = None
        self.updateGeometry()
        self.update()

    def labels(self) -> tuple[str, ...]:
        """Return the labels that are shown."""
        return self._labels

    def copied(self) -> str:
        """Return all labels and counts, also those that are not shown: a row per true label, a column per predicted."""
        labels, counts = self._whole
        lines = [["", *labels], *([label, *row] for label, row in zip(labels, counts, strict=True))]
        return "\n".join(table_line(line) for line in lines)

    def words_of(self, row: int, column: int) -> str:
        """Return what a cell says."""
        return f"{self._labels[row]} → {self._labels[column]}: {show(self._counts[row][column])}"

    def _names_width(self, width: float) -> float:
        metrics = QFontMetrics(self._theme.font(SECOND))
        longest = max((metrics.horizontalAdvance(label) for label in self._labels), default=0)
        return min(self._numbers_width() + longest + self._theme.px(10), width * NAMES)

    def _numbers_width(self) -> float:
        metrics = QFontMetrics(self._theme.font(SECOND))
        return metrics.horizontalAdvance(str(len(self._labels))) + self._theme.px(6)

    def _side(self, width: float) -> float:
        count = max(1, len(self._labels))
        return min(self._theme.px(48), (width - self._names_width(width) + GAP) / count) if self._labels else 0.0

    def _at(self, x: float, y: float) -> tuple[int, int] | None:
        side, names = self._side(self.width()), self._names_width(self.width())
        if not side or x < names:
            return None
        row, column = int((y - self._theme.px(HEAD)) // side), int((x - names) // side)
        count = len(self._labels)
        return (row, column) if 0 <= row < count and 0 <= column < count else None

    def _named_at(self, x: float, y: float) -> str:
        """Return the label whose name or number stands at a place, or ""."""
        side, names, head = self._side(self.width()), self._names_width(self.width()), self._theme.px(HEAD)
        if not side or (x < names) == (y < head):
            return ""
        at = int((y - head) // side if x < names else (x - names) // side)
        return self._labels[at] if 0 <= at < len(self._labels) else ""

    def _colour(self, row: int, column: int) -> QColor:
        total = sum(self._counts[row])
        share = self._counts[row][column] / total if total else 0.0
        # The square root lifts the few mistakes of a good model out of the ground.
        return self._theme.mix("accent", "surface", 0.03 + 0.97 * min(1.0, share) ** 0.6)

    def _letters_on(self, ground: QColor) -> str:
        tokens = self._theme.tokens
        return max(("on_accent", "text"), key=lambda token: contrast(getattr(tokens, token), ground.name()))

    def _paint_cell(self, painter: QPainter, row: int, column: int, place: QRectF) -> None:
        count = self._counts[row][column]
        colour = self._colour(row, column)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(place, 4, 4)
        font = self._theme.font(LETTERS)
        if count and QFontMetrics(font).horizontalAdvance(show(count)) <= place.width() - 2:
            painter.setPen(self._theme.colour(self._letters_on(colour)))
            painter.setFont(font)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), show(count))
        if (row, column) == self._pointed or (self.hasFocus() and (row, column) == (self._row, self._column)):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.colour("text"), 2))
            painter.drawRoundedRect(place.adjusted(1, 1, -1, -1), 4, 4)

    def _paint_name(self, painter: QPainter, row: int, label: str, room: QRectF) -> None:
        font, numbers, gap = self._theme.font(SECOND), self._numbers_width(), self._theme.px(8)
        middle, right = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignRight
        width = int(room.width() - numbers - gap)
        shown = QFontMetrics(font).elidedText(" ".join(label.split()), Qt.TextElideMode.ElideRight, width)
        painter.setFont(font)
        painter.setPen(self._theme.colour("text"))
        painter.drawText(room.adjusted(numbers, 0, 0, 0), int(middle), shown)
        painter.setPen(self._theme.colour("muted"))
        number = QRectF(room.left(), room.top(), numbers - self._theme.px(6), room.height())
        painter.drawText(number, int(middle | right), str(row + 1))

    def _point(self, cell: tuple[int, int] | None) -> None:
        if cell != self._pointed:
            self._pointed = cell
            self.setCursor(Qt.CursorShape.PointingHandCursor if cell else Qt.CursorShape.ArrowCursor)
            self.cell_pointed.emit(self.words_of(*cell) if cell else "")
            self.update()

    def _move(self, rows: int, columns: int) -> None:
        count = len(self._labels)
        if count:
            self._row = max(0, min(count - 1, self._row + rows))
            self._column = max(0, min(count - 1, self._column + columns))
            self.setAccessibleDescription(self.words_of(self._row, self._column))
            self.cell_pointed.emit(self.words_of(self._row, self._column))
            self.update()

    def hasHeightForWidth(self) -> bool:
        """Say that the height follows the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height for a width."""
        return math.ceil(self._side(width) * len(self._labels)) + (self._theme.px(HEAD) if self._labels else 0)

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        side = self._theme.px(288)
        return QSize(side, self.heightForWidth(side))

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        return QSize(self._theme.px(200), self._theme.px(160))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        names, side, head = self._names_width(self.width()), self._side(self.width()), self._theme.px(HEAD)
        for row, label in enumerate(self._labels):
            self._paint_name(painter, row, label, QRectF(0, head + row * side, names, side - GAP))
            place = QRectF(names + row * side, 0, side - GAP, head)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), str(row + 1))
            for column in range(len(self._labels)):
                place = QRectF(names + column * side, head + row * side, side - GAP, side - GAP)
                self._paint_cell(painter, row, column, place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        self._point(self._at(event.position().x(), event.position().y()))

    def leaveEvent(self, event: QEvent) -> None:
        """Forget the pointer."""
        self._point(None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Take a click."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        cell = self._at(event.position().x(), event.position().y())
        if cell:
            self._row, self._column = cell
            self.cell_opened.emit(self._labels[cell[0]], self._labels[cell[1]])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Obey the keys."""
        steps = {Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1)}
        key = Qt.Key(event.key())
        if key in steps:
            self._move(*steps[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._labels:
            self.cell_opened.emit(self._labels[self._row], self._labels[self._column])
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Show the tooltip of what is under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            cell = self._at(event.pos().x(), event.pos().y())
            words = self.words_of(*cell) if cell else self._named_at(event.pos().x(), event.pos().y())
            QToolTip.showText(event.globalPos(), plain_tooltip(words), self)
            return True
        return super().event(event)


def most_confused(counts: Sequence[Sequence[int]], most: int) -> list[int]:
    """Return the indices of the labels with the most mistakes (made as, or taken for), in the order of the labels.

    Example: most_confused([[5, 0, 0], [0, 3, 2], [0, 1, 4]], 2) == [1, 2]
    """
    if len(counts) <= most:
        return list(range(len(counts)))
    made = [sum(row) - row[at] for at, row in enumerate(counts)]
    taken = [sum(row[at] for row in counts) - counts[at][at] for at in range(len(counts))]
    worst = sorted(range(len(counts)), key=lambda at: (-(made[at] + taken[at]), at))[:most]
    return sorted(worst)
