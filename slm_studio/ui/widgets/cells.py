"""How the cells of tables are painted: text, numbers, chips, bars, two lines, an action."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
    QWidget,
)

from slm_studio.core.editing import check_length
from slm_studio.core.errors import StudioError
from slm_studio.core.texts import tr
from slm_studio.ui.widgets.cell_editor import edited_text, editor_place, make_editor
from slm_studio.ui.widgets.changed import paint_changed
from slm_studio.ui.widgets.chips import paint_chip
from slm_studio.ui.widgets.labels import plain_tooltip
from slm_studio.ui.widgets.marks import paint_marks
from slm_studio.ui.widgets.theme import BASE, SECOND, the_theme

Index = QModelIndex | QPersistentModelIndex
SECOND_LINE = Qt.ItemDataRole.UserRole + 1  # the small words of a “two” cell
SHARE = Qt.ItemDataRole.UserRole + 2  # 0…1, the length of a “bar” cell (else its number)
MARKS = (
    Qt.ItemDataRole.UserRole + 3
)  # of a “spans” cell: stretches with their labels, and the order of the labels; of “changes”: pieces, each with its kind
PADDING = 10
STYLES = ("text", "muted", "strong", "number", "chip", "outline", "bar", "two", "action", "spans", "changes")


class Cells(QStyledItemDelegate):
    """Paints every cell of a Table by the style of its column."""

    action_clicked = Signal(object)  # the row whose action was clicked
    refused = Signal(object)  # StudioError: why a cell cannot be edited

    def __init__(self, view: QTableView) -> None:
        super().__init__(view)
        self._theme = the_theme()
        self._view = view
        self.styles: dict[int, str] = {}
        self.choices: Callable[[int], Sequence[str]] = lambda column: ()  # what the editor of a chip offers
        self._chip_ground = ""
        self._painters = {
            "number": self._paint_number, "chip": self._paint_soft, "outline": self._paint_outline,
            "bar": self._paint_bar, "two": self._paint_two, "action": self._paint_action,
            "spans": self._paint_spans, "changes": self._paint_changes,
        }  # fmt: skip

    def style_of(self, index: Index) -> str:
        """Return the style of a cell's column."""
        return self.styles.get(index.column(), "text")

    def _paint_text(self, painter: QPainter, room: QRectF, index: Index) -> None:
        style = self.style_of(index)
        weight = QFont.Weight.DemiBold if style == "strong" else QFont.Weight.Normal
        colour = self._theme.colour("muted" if style == "muted" else "text")
        self._line(painter, room, str(index.data() or ""), self._theme.font(BASE, weight), colour)

    def _paint_number(self, painter: QPainter, room: QRectF, index: Index) -> None:
        self._line(
            painter,
            room,
            str(index.data() or ""),
            self._theme.font(),
            self._theme.colour("text"),
            Qt.AlignmentFlag.AlignRight,
        )

    def _paint_soft(self, painter: QPainter, room: QRectF, index: Index) -> None:
        if index.data():
            paint_chip(painter, room, str(index.data()), "soft", self._theme, self._chip_ground)

    def _paint_outline(self, painter: QPainter, room: QRectF, index: Index) -> None:
        if index.data():
            paint_chip(painter, room, str(index.data()), "outline", self._theme)

    def _paint_spans(self, painter: QPainter, room: QRectF, index: Index) -> None:
        marks, order = index.data(MARKS) or ((), ())
        if marks:
            paint_marks(painter, room, marks, order, self._theme)
        else:
            self._paint_text(painter, room, index)

    def _paint_changes(self, painter: QPainter, room: QRectF, index: Index) -> None:
        pieces, _ = index.data(MARKS) or ((), ())
        paint_changed(painter, room, pieces, self._theme)

    def _paint_bar(self, painter: QPainter, room: QRectF, index: Index) -> None:
        share = index.data(SHARE)
        words = str(index.data() or "")
        wide = self._theme.px(44)
        self._line(painter, room, words, self._theme.font(), self._theme.colour("text"), Qt.AlignmentFlag.AlignRight)
        try:
            part = float(share if share is not None else words)
        except ValueError:
            return
        track = QRectF(
            room.left(), room.center().y() - self._theme.px(4), max(0.0, room.width() - wide), self._theme.px(8)
        )
        paint_bar(painter, track, part, self._theme.colour("line"), self._theme.colour("accent"))

    def _paint_two(self, painter: QPainter, room: QRectF, index: Index) -> None:
        half = room.height() / 2
        upper = QRectF(
            room.left(), room.center().y() - half + self._theme.px(7), room.width(), half - self._theme.px(6)
        )
        lower = QRectF(room.left(), room.center().y(), room.width(), half - self._theme.px(7))
        bold = self._theme.font(BASE, QFont.Weight.DemiBold)
        # A name is cut in its middle: what tells “tickets → team 2” from “tickets → team 3” stands at the end.
        name = QFontMetrics(bold).elidedText(
            flat(str(index.data() or "")), Qt.TextElideMode.ElideMiddle, int(upper.width())
        )
        self._line(painter, upper, name, bold, self._theme.colour("text"))
        self._line(
            painter, lower, str(index.data(SECOND_LINE) or ""), self._theme.font(SECOND), self._theme.colour("muted")
        )

    def _paint_action(self, painter: QPainter, room: QRectF, index: Index) -> None:
        if not index.data():
            return
        place = self._action_place(room, str(index.data()))
        hover = place.contains(self._view.viewport().mapFromGlobal(self._view.cursor().pos()))
        painter.setPen(QPen(self._theme.colour("border" if hover else "line"), 1))
        painter.setBrush(self._theme.colour("hover" if hover else "surface"))
        painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), self._theme.px(8), self._theme.px(8))
        painter.setFont(self._theme.font(BASE, QFont.Weight.Medium))
        painter.setPen(self._theme.colour("text"))
        painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), str(index.data()))

    def _action_place(self, room: QRectF, words: str) -> QRectF:
        metrics = QFontMetrics(self._theme.font(BASE, QFont.Weight.Medium))
        width, height = metrics.horizontalAdvance(words) + self._theme.px(28), self._theme.px(28)
        return QRectF(room.right() - width, room.center().y() - height / 2, width, height)

    def _line(
        self, painter: QPainter, room: QRectF, text: str, font: QFont, colour: QColor,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:  # fmt: skip
        painter.setFont(font)
        painter.setPen(colour)
        width = max(0, int(room.width()))
        # No letter is narrower than a pixel, and to shape a whole book for one line takes long.
        shown = QFontMetrics(font).elidedText(flat(text[: width + 1]), Qt.TextElideMode.ElideRight, width)
        painter.drawText(room, int(align | Qt.AlignmentFlag.AlignVCenter), shown)

    def _room(self, rect: QRectF) -> QRectF:
        side = self._theme.px(PADDING)
        return rect.adjusted(side, 0, -side, 0)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a cell."""
        rect = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        self._chip_ground = "surface" if selected else ""
        if selected:
            painter.fillRect(rect, self._theme.colour("soft"))
        painter.fillRect(QRectF(rect.left(), rect.bottom() - 1, rect.width(), 1), self._theme.colour("line"))
        room = self._room(rect.adjusted(0, 0, 0, -1))
        painter.setClipRect(rect)
        self._painters.get(self.style_of(index), self._paint_text)(painter, room, index)
        if option.state & QStyle.StateFlag.State_HasFocus and self._view.hasFocus():
            painter.setPen(QPen(self._theme.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(2, 2, -2, -3), 4, 4)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the size it likes."""
        words = flat(str(index.data() or ""))[:200]
        width = QFontMetrics(self._theme.font()).horizontalAdvance(words)
        if second := str(index.data(SECOND_LINE) or ""):
            width = max(width, QFontMetrics(self._theme.font(SECOND)).horizontalAdvance(second[:200]))
        width += 2 * self._theme.px(PADDING)
        extra = {"chip": 24, "outline": 24, "action": 30, "bar": 120}.get(self.style_of(index), 4)
        return QSize(width + self._theme.px(extra), self._theme.px(38))

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """Return the editor of a cell, filled; none where the cell is too long."""
        text = str(index.data(Qt.ItemDataRole.EditRole) or "")
        try:
            check_length(text)
        except StudioError as error:
            self.refused.emit(error)
            return None  # type: ignore[return-value]
        editor = make_editor(text, parent, self.choices(index.column()) if self.style_of(index) == "chip" else ())
        editor.setFont(self._theme.font())
        name = str(index.model().headerData(index.column(), Qt.Orientation.Horizontal) or "")
        editor.setAccessibleName(tr("{column}, row {n}", column=name, n=index.model().index(index.row(), 0).data()))
        editor.kept.connect(partial(self._keep, editor))
        return editor

    def _keep(self, editor: QWidget) -> None:
        self.commitData.emit(editor)
        self.closeEditor.emit(editor, QAbstractItemDelegate.EndEditHint.NoHint)

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Leave the editor as it was filled: a repaint must not undo the typing."""

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        """Give the model what was changed, if anything was."""
        text = edited_text(editor)
        if text is not None:
            model.setData(index, text)  # type: ignore[arg-type]

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """Place the editor over its cell."""
        editor.setGeometry(editor_place(editor, option.rect))

    def editorEvent(self, event: QEvent, model: object, option: QStyleOptionViewItem, index: Index) -> bool:
        """Take a click on an action."""
        if self.style_of(index) == "action" and event.type() == QEvent.Type.MouseButtonRelease:
            assert isinstance(event, QMouseEvent)
            place = self._action_place(self._room(QRectF(option.rect)), str(index.data() or ""))
            if index.data() and place.contains(event.position()):
                self.action_clicked.emit(index.row())
                return True
        return super().editorEvent(event, model, option, index)  # type: ignore[arg-type]

    def helpEvent(self, event: QEvent, view: QWidget, option: QStyleOptionViewItem, index: Index) -> bool:
        """Show what does not fit into the cell."""
        if event.type() != QEvent.Type.ToolTip:
            return super().helpEvent(event, view, option, index)  # type: ignore[arg-type]
        lines = (index.data(), index.data(SECOND_LINE)) if self.style_of(index) == "two" else (index.data(),)
        full = str(index.data(Qt.ItemDataRole.ToolTipRole) or " · ".join(str(line) for line in lines if line))
        fits = self.sizeHint(option, index).width() <= option.rect.width() and "\n" not in full
        QToolTip.showText(event.globalPos(), "" if fits else plain_tooltip(full), view)  # type: ignore[attr-defined]
        return True


class Header(QHeaderView):
    """The header of a Table: second words over a hairline; names of number columns stand at the right, as the numbers do."""

    def __init__(self, cells: Cells, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._cells = cells
        self._theme = the_theme()
        self.setHighlightSections(False)
        self.setMinimumSectionSize(32)

    def _font(self) -> QFont:
        return self._theme.font(SECOND, QFont.Weight.Medium)

    def _name(self, section: int) -> str:
        return str(self.model().headerData(section, Qt.Orientation.Horizontal) or "")

    def cut_name(self, section: int) -> str:
        """Return the name of a column that ends in …, else ""."""
        room = self.sectionSize(section) - 2 * self._theme.px(PADDING)
        return self._name(section) if QFontMetrics(self._font()).horizontalAdvance(self._name(section)) > room else ""

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        """Paint the name of a column."""
        room, side = QRectF(rect), self._theme.px(PADDING)
        style = self._cells.styles.get(section, "text")
        align = Qt.AlignmentFlag.AlignRight if style == "number" else Qt.AlignmentFlag.AlignLeft
        font, name = self._font(), self._name(section)
        shown = QFontMetrics(font).elidedText(name, Qt.TextElideMode.ElideRight, int(room.width() - 2 * side))
        painter.save()
        painter.fillRect(QRectF(room.left(), room.bottom() - 1, room.width(), 1), self._theme.colour("line"))
        painter.setFont(font)
        painter.setPen(self._theme.colour("muted"))
        painter.drawText(room.adjusted(side, 0, -side, 0), int(align | Qt.AlignmentFlag.AlignVCenter), shown)
        painter.restore()

    def viewportEvent(self, event: QEvent) -> bool:
        """Say a name in full that does not fit."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            section = self.logicalIndexAt(event.pos())
            QToolTip.showText(event.globalPos(), plain_tooltip(self.cut_name(section) if section >= 0 else ""), self)
            return True
        return super().viewportEvent(event)


def paint_bar(painter: QPainter, track: QRectF, share: float, ground: QColor, colour: QColor) -> None:
    """Paint a rounded bar filled to `share` (0…1); a share above 0 stays visible."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    radius = track.height() / 2
    painter.setBrush(ground)
    painter.drawRoundedRect(track, radius, radius)
    part = min(1.0, max(0.0, share))
    if part > 0:
        painter.setBrush(colour)
        width = max(track.height() * 0.5, track.width() * part)
        painter.drawRoundedRect(
            QRectF(track.left(), track.top(), width, track.height()), min(radius, width / 2), radius
        )
    painter.restore()


def flat(text: str) -> str:
    """Return text on one line; breaks stay visible."""
    return (
        text.replace("\r\n", " ↵ ").replace("\n", " ↵ ").replace("\r", " ↵ ") if "\n" in text or "\r" in text else text
    )
