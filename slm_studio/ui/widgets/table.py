"""Table: rows of 38 pixels, quiet lines, keyboard and copy; virtual, so that millions of rows cost what is visible."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyleOptionViewItem, QTableView, QWidget

from slm_studio.core.texts import tr
from slm_studio.ui.widgets.cell_editor import LineEditor, LongEditor
from slm_studio.ui.widgets.cells import SECOND_LINE, Cells, Header
from slm_studio.ui.widgets.copying import Copy, clipboard, table_line
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words, words

LEAST, LEAST_TEXT = 72, 184  # pixels of a column that gives way, and of a text beside others
KEPT = 0.4  # the share of the room that texts have in any case
LABELS = ("chip", "outline")  # styles of cells that are short
WIDENED = 1.5  # times its width that a column may take for its name
LOOKED_AT = 60  # rows whose cells tell how wide a column should be
OPENING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class Table(QTableView):
    """Shows a model. Columns take a style with `set_style`; see cells.STYLES."""

    row_opened = Signal(object)  # Space; double click or Return, too, where that does not edit a cell
    row_selected = Signal(object)  # the current row; -1 where there is none
    action_clicked = Signal(object)  # the row whose action cell was clicked
    edit_requested = Signal(object, object)  # row and column of a cell that has an editor of its own elsewhere

    def __init__(
        self, name: Words = "", *, row_height: int = 38, fits: bool = False, parent: QWidget | None = None
    ) -> None:
        """`name` is what a screen reader says. With `fits` the table is as high as its rows (for a few rows in a card)."""
        super().__init__(parent)
        self._theme = the_theme()
        self._row_height, self._fits = row_height, fits
        self._widths: dict[int, int] = {}
        self._stretches: dict[int, float] = {}
        self._most: dict[int, int] = {}
        self._spare: set[int] = set()  # columns that go where the texts lack room
        self._needs: dict[int, int] = {}  # only grow, so that a search does not move the columns
        self._is_dressing = False
        self.elsewhere: frozenset[int] = frozenset()  # columns whose cells have an editor of their own elsewhere
        self._cells = Cells(self)
        self.setItemDelegate(self._cells)
        self._quieten()
        if name:
            words(self.setAccessibleName, name)
        self._theme.changed.connect(self._on_theme_changed)
        self._cells.action_clicked.connect(self.action_clicked)
        self.doubleClicked.connect(self._on_opened)
        self._on_theme_changed()

    def set_style(
        self, column: int, style: str, *, width: int = 0, most: int = 0, stretch: float = 0.0, spare: bool = False
    ) -> None:
        """Paint a column as text, muted, strong, number, chip, outline, bar, two or action.

        `width` is in pixels at zoom 1; with `most` a column takes what its cells need, up to so many; those with
        `stretch` (the texts) share the room that is left. Where that is too little to read them, columns that are `spare`
        are not shown, the last of them first: whoever makes such a column says elsewhere what stands in it.
        """
        self._cells.styles[column] = style
        if most:
            self._most[column] = most
        if width:
            self._widths[column] = width
        if stretch:
            self._stretches[column] = stretch
        if spare:
            self._spare.add(column)
        if not self._is_dressing:
            self._layout_columns()

    @contextmanager
    def dressing(self) -> Iterator[None]:
        """Give many columns their styles and lay them out once: measuring cells for each would take the square of them."""
        self._is_dressing = True
        try:
            yield
        finally:
            self._is_dressing = False
        self._layout_columns()

    def clear_styles(self) -> None:
        """Forget all styles and widths (before a model with other columns)."""
        for column in self._spare:
            self.setColumnHidden(column, False)
        self._cells.styles.clear()
        self._widths.clear()
        self._stretches.clear()
        self._most.clear()
        self._needs.clear()
        self._spare.clear()

    @property
    def cells(self) -> Cells:
        """What paints and edits the cells."""
        return self._cells

    def select(self, row: int) -> None:
        """Make a row the current one and scroll to it."""
        if self.model() is not None and 0 <= row < self.model().rowCount():
            # whatever keys are held: with Ctrl, Qt would select the row beside the one before it
            flags = QItemSelectionModel.SelectionFlag
            self.selectionModel().setCurrentIndex(
                self.model().index(row, 0), flags.ClearAndSelect | flags.Rows | flags.Current
            )

    def current_row(self) -> int:
        """Return the current row, or -1."""
        return self.currentIndex().row()

    def selected_rows(self) -> list[int]:
        """Return the selected rows in their order."""
        return sorted({index.row() for index in self.selectionModel().selectedRows()}) if self.selectionModel() else []

    def copied(self) -> str:
        """Return the selected rows, or all below their names where none is selected, as spreadsheets take them."""
        model = self.model()
        if model is None:
            return ""
        rows, columns = self.selected_rows(), range(model.columnCount())
        lines = [table_line([_copied(model, row, at) for at in columns]) for row in rows or range(model.rowCount())]
        names = [model.headerData(at, Qt.Orientation.Horizontal) or "" for at in columns]
        return "\n".join(lines if rows else [table_line(names), *lines])

    def copies(self) -> list[Copy]:
        """Offer the cell that was clicked and the rows that are selected, else all."""
        rows, cell = len(self.selected_rows()), self.currentIndex()
        words = tr("Copy {n} {n:row|rows}", n=rows) if rows else tr("Copy the table")
        found = [Copy(words, self.copied)] if self.model() is not None and self.model().rowCount() else []
        if rows and cell.isValid() and _copied(self.model(), cell.row(), cell.column()):
            found.append(Copy(tr("Copy the cell"), partial(_copied, self.model(), cell.row(), cell.column())))
        return found

    def _quieten(self) -> None:
        self.setHorizontalHeader(Header(self._cells, self))
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.EditKeyPressed | triggers.DoubleClicked)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)  # Tab leaves the table; arrows move in it
        self.setMouseTracking(True)
        if self._fits:
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def _layout_columns(self) -> None:
        model = self.model()
        if model is None:
            return
        count = model.columnCount()
        self._show_spare(count)
        for column in range(count):
            if column in self._widths:
                width = self._theme.px(self._widths[column])
                self.setColumnWidth(column, max(width, min(self._named(column), int(width * WIDENED))))
        shares = {column: share for column, share in self._stretches.items() if column < count}
        needing = {column: self._need(column) for column in self._most if column < count}
        fixed = sum(self.columnWidth(column) for column in range(count) if column not in (*shares, *needing))
        room = self._room() - fixed
        kept = max(int(room * KEPT), self._theme.px(LEAST_TEXT)) if shares else 0
        if shares and all(self._cells.styles.get(column) in LABELS for column in shares):
            kept = min(kept, sum(map(self._natural, shares)))  # a label needs no more than it is long
        chips = [column for column in needing if self._cells.styles.get(column) in LABELS]
        others = {column: need for column, need in needing.items() if column not in chips}
        least = self._theme.px(LEAST)
        beside = sum(min(need, least) for need in others.values())
        # Labels first: one that is cut can be another one. But they leave the texts theirs, and all others a little.
        widths = shared({column: needing[column] for column in chips}, room - kept - beside, least)
        widths |= shared(others, room - kept - sum(widths.values()), least)
        for column, width in widths.items():
            self.setColumnWidth(column, width)
        room -= sum(widths.values())
        least = min(self._theme.px(LEAST if not needing else LEAST_TEXT), max(kept, self._theme.px(LEAST)))
        if self._fits and shares and room // len(shares) >= self._theme.px(LEAST):
            # A few rows in a card rather show a little less of their texts than move sideways.
            least = min(least, room // len(shares))
        widths = parted(shares, room, least)
        if sum(widths.values()) > room:  # it is moved sideways in any case, and no label need be cut
            own = {column: self._natural(column) for column in shares if self._cells.styles.get(column) in LABELS}
            widths |= {column: max(widths[column], min(own[column], self._theme.px(LEAST_TEXT))) for column in own}
        for column, width in widths.items():
            self.setColumnWidth(column, width)

    def _show_spare(self, count: int) -> None:
        """Show as many spare columns as leave the texts enough to be read."""
        widths = {column: self._theme.px(width) for column, width in self._widths.items() if column < count}
        least = self._theme.px(LEAST)
        others = sum(min(self._need(column), least) for column in self._most if column < count) if self._spare else 0
        room = self._room() - sum(widths.values()) - others - self._theme.px(LEAST_TEXT)
        for column in sorted((each for each in self._spare if each < count), reverse=True):
            self.setColumnHidden(column, room < 0)
            room += widths.get(column, 0) if room < 0 else 0

    def _room(self) -> int:
        """Return the pixels that columns share: those beside the scroll bar, whether it shows or not, lest they move."""
        if self._fits:
            return self.viewport().width()
        return self.contentsRect().width() - self.verticalScrollBar().sizeHint().width()

    def _need(self, column: int) -> int:
        """Return the pixels that a column needs, up to the most that it may take."""
        return min(self._natural(column), self._theme.px(self._most[column]))

    def _natural(self, column: int) -> int:
        """Return the pixels that the name and the first cells of a column need."""
        cells = self._wanted(column, range(min(LOOKED_AT, self.model().rowCount())))
        self._needs[column] = max(self._named(column), cells, self._needs.get(column, 0))
        return self._needs[column]

    def _named(self, column: int) -> int:
        """Return the pixels that the name of a column needs."""
        name = str(self.model().headerData(column, Qt.Orientation.Horizontal) or "")
        return self.fontMetrics().horizontalAdvance(name) + self._theme.px(24)

    def _wanted(self, column: int, rows: range) -> int:
        model, option = self.model(), QStyleOptionViewItem()
        return max((self._cells.sizeHint(option, model.index(row, column)).width() for row in rows), default=0)

    def _fit_height(self) -> None:
        if self._fits and self.model() is not None:
            rows = self.model().rowCount() * self.verticalHeader().defaultSectionSize()
            self.setFixedHeight(rows + self._theme.px(38) + 1)

    def _on_model_reset(self) -> None:
        self._layout_columns()
        self._fit_height()

    def _on_data_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        """Give cells that changed the room they need now."""
        rows = range(first.row(), min(LOOKED_AT, last.row() + 1))
        columns = self._most.keys() & range(first.column(), last.column() + 1)
        if any(self._wanted(column, rows) > self._needs.get(column, 0) for column in columns):
            self._layout_columns()

    def _on_theme_changed(self) -> None:
        self.verticalHeader().setDefaultSectionSize(self._theme.px(self._row_height))
        self.horizontalHeader().setFixedHeight(self._theme.px(38))
        self._needs.clear()
        self._layout_columns()
        self._fit_height()

    def _on_opened(self, index: QModelIndex) -> None:
        if not self._can_edit(index):
            self.row_opened.emit(index.row())

    def _can_edit(self, index: QModelIndex) -> bool:
        return bool(index.flags() & Qt.ItemFlag.ItemIsEditable) or index.column() in self.elsewhere

    def setModel(self, model: QAbstractItemModel | None) -> None:
        """Show another model."""
        super().setModel(model)
        if model is not None:
            model.modelReset.connect(self._on_model_reset)
            model.dataChanged.connect(self._on_data_changed)
            model.rowsInserted.connect(self._on_model_reset)
            model.rowsRemoved.connect(self._fit_height)
        self._on_model_reset()

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        """Tell which row is the current one."""
        super().currentChanged(current, previous)
        if current.row() != previous.row():
            self.row_selected.emit(current.row())

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Repaint: selected chips change their ground."""
        super().selectionChanged(selected, deselected)
        self.viewport().update()

    def edit(
        self,
        index: QModelIndex,
        trigger: QAbstractItemView.EditTrigger = QAbstractItemView.EditTrigger.AllEditTriggers,
        event: QEvent | None = None,
    ) -> bool:
        """Edit a cell; where its column has an editor elsewhere, ask for that one."""
        if not trigger & self.editTriggers() or index.column() not in self.elsewhere:
            return super().edit(index, trigger, event)  # type: ignore[arg-type]
        self.edit_requested.emit(index.row(), index.column())
        return True

    def keep_edit(self) -> None:
        """Keep what is being typed into a cell, as a click elsewhere does."""
        for editor in (*self.viewport().findChildren(LineEditor), *self.viewport().findChildren(LongEditor)):
            if editor.isVisible():
                editor.kept.emit()

    def edit_here(self, row: int, column: int) -> None:
        """Edit a cell in its place, whatever editor its column has."""
        index = self.model().index(row, column)
        self.setCurrentIndex(index)
        super().edit(index, QAbstractItemView.EditTrigger.AllEditTriggers, None)  # type: ignore[arg-type]

    def sizeHint(self) -> QSize:
        """Return Qt's, at the zoom: as many rows."""
        hint = super().sizeHint()
        return QSize(hint.width(), self._theme.px(hint.height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the new size."""
        super().resizeEvent(event)
        self._layout_columns()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Obey the keys."""
        editing = self.state() == QAbstractItemView.State.EditingState
        if event.matches(QKeySequence.StandardKey.Copy):
            clipboard(self.copied())
        elif event.key() in OPENING and not editing and not event.modifiers():
            if event.key() != Qt.Key.Key_Space and self._can_edit(self.currentIndex()):
                self.edit(self.currentIndex())
            elif self.current_row() >= 0:
                self.row_opened.emit(self.current_row())
        else:
            super().keyPressEvent(event)


def parted(shares: Mapping[int, float], room: int, least: int) -> dict[int, int]:
    """Return widths in these shares of the room, none less than `least` while there is room for that.

    Example: parted({0: 5, 1: 1, 2: 1}, 600, 100) == {0: 400, 1: 100, 2: 100}
    """
    widths: dict[int, int] = {}
    for column, share in sorted(
        shares.items(), key=lambda pair: pair[1]
    ):  # the smallest share is the first to be too small
        left = sum(part for other, part in shares.items() if other not in widths)
        widths[column] = max(least, int((room - sum(widths.values())) * share / left))
    return widths


def shared(needs: Mapping[int, int], room: int, least: int) -> dict[int, int]:
    """Return widths for columns that need so many pixels; where the room is short, the widest give way first.

    Example: shared({1: 60, 2: 300, 3: 500}, 500, 40) == {1: 60, 2: 220, 3: 220}
    """
    widths: dict[int, int] = {}
    for column, need in sorted(needs.items(), key=lambda pair: pair[1]):
        part = max(0, room) // (len(needs) - len(widths))
        widths[column] = min(need, max(least, part))
        room -= widths[column]
    return widths


def _copied(model: QAbstractItemModel, row: int, column: int) -> str:
    index = model.index(row, column)
    full = index.data(Qt.ItemDataRole.EditRole)
    text, second = str(full if full is not None else index.data() or ""), str(index.data(SECOND_LINE) or "")
    return f"{text} · {second}" if second else text
