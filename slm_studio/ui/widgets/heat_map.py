"""HeatMap: a table of numbers as a picture. Numbers of either sign have two colours, shares one; a cell says its number."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from slm_studio.ui.widgets.copying import table_line
from slm_studio.ui.widgets.labels import plain_tooltip
from slm_studio.ui.widgets.theme import SECOND, contrast, the_theme

ROW, LEAST_COLUMN, MOST_COLUMN = 22, 3, 44  # pixels
NAMES, HEAD = 0.24, 84  # the share of the width, and the pixels of the height, that names may take
COUNTED = 8  # columns from one number above them to the next
LETTERS = SECOND - 1
MOVES = {
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
}


class HeatMap(QWidget):
    """Rows bear names; columns do, or are counted. Arrows move from cell to cell."""

    cell_pointed = Signal(str)  # what the cell under the pointer or the keyboard says, else ""
    is_chart = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._rows: tuple[str, ...] = ()
        self._columns: tuple[str, ...] = ()
        self._cells: tuple[tuple[float, ...], ...] = ()
        self._full = 1.0
        self._at: tuple[int, int] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._theme.changed.connect(self.updateGeometry)

    def set_cells(
        self, rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[float]], full: float = 0.0
    ) -> None:
        """Show other numbers, a sequence a row; without names columns are counted from 1.

        `full` is the number that has the full colour; 0: the largest that is there.
        """
        self._rows, self._columns = tuple(rows), tuple(columns)
        self._cells = tuple(tuple(row) for row in cells)
        self._full = full or max((abs(cell) for row in self._cells for cell in row), default=0.0) or 1.0
        self._point(None)
        self.updateGeometry()
        self.update()

    def copied(self) -> str:
        """Return the numbers with the names of rows and columns."""
        lines = [["", *map(self._column, range(self._across()))]]
        lines += [[name, *map(said, row)] for name, row in zip(self._rows, self._cells, strict=True)]
        return "\n".join(table_line(line) for line in lines)

    def words_of(self, row: int, column: int) -> str:
        """Return what a cell says."""
        names = [name for name in (_line(self._rows[row]), _line(self._column(column))) if name]
        return f"{' · '.join(names)}: {said(self._cells[row][column])}"

    def _column(self, column: int) -> str:
        return self._columns[column] if self._columns else str(column + 1)

    def _across(self) -> int:
        return len(self._cells[0]) if self._cells else 0

    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(self._theme.font(LETTERS))

    def _names_width(self) -> float:
        widest = max((self._metrics().horizontalAdvance(_line(name)) for name in self._rows), default=0)
        return min(widest + self._theme.px(8) if widest else 0, self.width() * NAMES)

    def _head(self) -> float:
        """Return the height of what stands above the columns: numbers, or names that are written upwards."""
        if not self._columns or self._fits_across():
            return self._theme.px(ROW)
        return min(self._widest_column() + self._theme.px(6), self._theme.px(HEAD))

    def _widest_column(self) -> float:
        return max(self._metrics().horizontalAdvance(_line(name)) for name in self._columns)

    def _fits_across(self) -> bool:
        """Say whether the names of the columns have room side by side."""
        return self._widest_column() <= self._step() - 2

    def _step(self) -> float:
        """Return the width of a column."""
        room = (self.width() - self._names_width()) / max(1, self._across())
        return max(LEAST_COLUMN, min(self._theme.px(MOST_COLUMN), room))

    def _cell_at(self, point: QPointF) -> tuple[int, int] | None:
        x, y = point.x() - self._names_width(), point.y() - self._head()
        row, column = math.floor(y / self._theme.px(ROW)), math.floor(x / self._step())
        return (row, column) if 0 <= row < len(self._rows) and 0 <= column < self._across() else None

    def _colour(self, value: float) -> QColor:
        share = min(1.0, abs(value) / self._full) ** 0.7  # small numbers are seen, too
        return self._theme.mix("accent" if value >= 0 else "warning", "surface", share)

    def _point(self, cell: tuple[int, int] | None) -> None:
        if cell != self._at:
            self._at = cell
            told = self.words_of(*cell) if cell else ""
            self.setAccessibleDescription(told)
            self.cell_pointed.emit(told)
            self.update()

    def hasHeightForWidth(self) -> bool:
        """Say that the height follows the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height for a width."""
        return math.ceil(self._head()) + self._theme.px(ROW) * len(self._rows) + 2

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        return QSize(self._theme.px(520), self.heightForWidth(self._theme.px(520)))

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        return QSize(self._theme.px(240), self.heightForWidth(self._theme.px(240)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setFont(self._theme.font(LETTERS))
        names, head, step, height = self._names_width(), self._head(), self._step(), self._theme.px(ROW)
        gap = 1.0 if step > 6 else 0.0
        self._paint_head(painter, names, head, step)
        for row, values in enumerate(self._cells):
            top = head + row * height
            painter.setPen(self._theme.colour("text"))
            room = QRectF(0, top, names - self._theme.px(8), height)
            shown = self._metrics().elidedText(
                _line(self._rows[row]), Qt.TextElideMode.ElideRight, int(room.width()) + 1
            )
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), shown)
            for column, value in enumerate(values):
                self._paint_cell(painter, QRectF(names + column * step, top, step - gap, height - 1), value)
        if self._at is not None:
            row, column = self._at
            painter.setPen(QPen(self._theme.colour("text"), 2))
            painter.drawRect(QRectF(names + column * step, head + row * height, step, height - 1))

    def _paint_cell(self, painter: QPainter, place: QRectF, value: float) -> None:
        colour = self._colour(value)
        painter.fillRect(place, colour)
        number = f"{value:.2f}"
        if value and self._metrics().horizontalAdvance(number) <= place.width() - 4:
            tokens = self._theme.tokens
            letters = max(("on_accent", "text"), key=lambda token: contrast(getattr(tokens, token), colour.name()))
            painter.setPen(self._theme.colour(letters))
            painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), number)

    def _paint_head(self, painter: QPainter, names: float, head: float, step: float) -> None:
        painter.setPen(self._theme.colour("muted"))
        if not self._columns or self._fits_across():
            shown = range(self._across()) if self._columns else (0, *range(COUNTED - 1, self._across(), COUNTED))
            for column in shown:
                room = QRectF(names + (column + 0.5) * step - 20, 0, 40, head)
                room.moveRight(min(room.right(), self.width() + 12.0))  # the last number is not cut
                painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), _line(self._column(column)))
            return
        for column, name in enumerate(self._columns):
            painter.save()
            painter.translate(names + (column + 0.5) * step, head - 3)
            painter.rotate(-90)
            shown = self._metrics().elidedText(_line(name), Qt.TextElideMode.ElideRight, int(head) - 3)
            painter.drawText(QRectF(0, -20, head, 40), int(Qt.AlignmentFlag.AlignVCenter), shown)
            painter.restore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        self._point(self._cell_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """Forget the pointer."""
        if not self.hasFocus():
            self._point(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move from cell to cell."""
        move = MOVES.get(Qt.Key(event.key()))
        if move is None or not self._across():
            super().keyPressEvent(event)
            return
        row, column = self._at or (0, 0)
        if self._at is not None:
            row, column = row + move[0], column + move[1]
        self._point((max(0, min(len(self._rows) - 1, row)), max(0, min(self._across() - 1, column))))

    def event(self, event: QEvent) -> bool:
        """Say what is under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            cell = self._cell_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), plain_tooltip(self.words_of(*cell)) if cell else "", self)
            return True
        return super().event(event)


def said(number: float) -> str:
    """Return a number as a cell says it. Example: said(-0.04213) == "-0.0421\""""
    return f"{number:.4g}" if abs(number) < 1000 else f"{number:,.0f}"


def _line(name: str) -> str:
    """Return a name without breaks: a piece of text may be one."""
    return name.replace("\n", "⏎").replace("\t", "⇥")
