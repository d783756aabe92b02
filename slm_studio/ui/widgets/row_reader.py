"""ReadableTable: a table whose rows open in full in its place, one after the other."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QStackedWidget, QTextEdit, QVBoxLayout, QWidget

from slm_studio.core.texts import tr
from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.buttons import Button, IconButton
from slm_studio.ui.widgets.changed import Changed, write_changed
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.mark_editor import Markable, MarkEditor
from slm_studio.ui.widgets.marks import Marked, write_marked
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.table import Table
from slm_studio.ui.widgets.theme import BASE, SECOND, the_theme
from slm_studio.ui.widgets.words import Words, sentence
from slm_studio.ui.widgets.wrapping import never_sideways

MOST = 200_000  # characters of a cell that are shown; a text edit takes seconds for megabytes on one line

Cells = Sequence[tuple[Words, str | Marked | Changed]]  # what a cell is called, and all of it


class RowReader(QWidget):
    """Shows one row in full. Arrows to the left and right go to its neighbours, Esc or Space goes back."""

    moved = Signal(object)  # -1 or 1
    closed = Signal()
    mark_requested = Signal()  # Return, too

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._cells: Cells = ()
        self.title = Text("", "strong")
        self.mark_button = Button("Correct the marks", small=True)
        self.mark_button.hide()
        self.previous, self.next = Button("Previous", small=True), Button("Next", small=True)
        self.previous.steps = self.next.steps = True
        self.close_button = IconButton("close", "Back to the table")
        self.text = QTextEdit()
        never_sideways(self.text)
        self.text.setReadOnly(True)
        self.text.setProperty("role", "bare")
        self.text.setTabChangesFocus(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.text.installEventFilter(self)
        self.setFocusProxy(self.text)
        head = SideBySide(gap=8)
        head.layout().setContentsMargins(10, 4, 4, 0)
        head.add(self.title, 1)
        head.add(Actions(self.mark_button, self.previous, self.next, self.close_button), 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(head)
        inner = QVBoxLayout()
        inner.setContentsMargins(10, 0, 0, 0)
        inner.addWidget(self.text)
        column.addLayout(inner, 1)
        self.mark_button.clicked.connect(self.mark_requested)
        self.previous.clicked.connect(self._on_previous)
        self.next.clicked.connect(self._on_next)
        self.close_button.clicked.connect(self.closed)
        self._theme.changed.connect(self._write)

    def show_row(self, title: Words, cells: Cells, *, is_first: bool, is_last: bool) -> None:
        """Show a row; the buttons say whether it has neighbours."""
        self._cells = tuple(cells)
        self.title.set_words(title)
        self.previous.setEnabled(not is_first)
        self.next.setEnabled(not is_last)
        self._write()

    def retranslate(self) -> None:
        """Name the cells in the language of now."""
        self._write()

    def _write(self) -> None:
        # Through a cursor, never as HTML: a cell may come from anywhere.
        self.text.clear()
        cursor = QTextCursor(self.text.document())
        name, body = QTextCharFormat(), QTextCharFormat()
        name.setFont(self._theme.font(SECOND))
        name.setForeground(self._theme.colour("muted"))
        body.setFont(self._theme.font(BASE))
        body.setForeground(self._theme.colour("text"))
        for at, (called, text) in enumerate(self._cells):
            block = QTextBlockFormat()
            block.setTopMargin(self._theme.px(10) if at else 0)
            if at:
                cursor.insertBlock(block, name)
            cursor.insertText(sentence(called), name)
            cursor.insertBlock(QTextBlockFormat(), body)
            if isinstance(text, Marked):
                write_marked(cursor, text, self._theme, body)
            elif isinstance(text, Changed):
                write_changed(cursor, text.pieces, self._theme, body)
            else:
                cursor.insertText(_shown(text), body)
        self.text.moveCursor(QTextCursor.MoveOperation.Start)

    def _on_previous(self) -> None:
        self.moved.emit(-1)

    def _on_next(self) -> None:
        self.moved.emit(1)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys that the text would take, and Esc before the window does."""
        if isinstance(event, QKeyEvent) and event.key() in _KEYS and not event.modifiers():
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self._obey(event.key())
                return True
        return super().eventFilter(watched, event)

    def _obey(self, key: int) -> None:
        if key == Qt.Key.Key_Left and self.previous.isEnabled():
            self.moved.emit(-1)
        elif key == Qt.Key.Key_Right and self.next.isEnabled():
            self.moved.emit(1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.mark_button.isHidden():
            self.mark_requested.emit()
        elif key in (Qt.Key.Key_Escape, Qt.Key.Key_Space):
            self.closed.emit()


class ReadableTable(QStackedWidget):
    """Shows the table, or in its place the row that was opened (Space, Return or a double click), to read or to mark."""

    row_shown = Signal()
    height_changed = Signal()  # what `least_height` returns
    list_requested = Signal(object)  # the row whose marks shall be edited as the list that they are

    def __init__(
        self, table: Table, row_of: Callable[[int], tuple[Words, Cells]], parent: QWidget | None = None
    ) -> None:
        """`row_of` returns what a shown row is called, and its cells in full."""
        super().__init__(parent)
        self.table, self.reader = table, RowReader()
        self.editor: MarkEditor | None = None  # made when a row is marked first
        self._row_of = row_of
        self._marks_of: Callable[[int], Markable | None] | None = None
        self._row = -1
        self.addWidget(table)
        self.addWidget(self.reader)
        table.row_opened.connect(self.open_row)
        table.model().modelReset.connect(self._on_reset)
        table.model().dataChanged.connect(self.show_marks_again)
        self.currentChanged.connect(self.height_changed)
        self.reader.moved.connect(self._on_moved)
        self.reader.closed.connect(self.close_row)
        self.reader.mark_requested.connect(self._on_mark_requested)

    def let_mark(self, marks_of: Callable[[int], Markable | None] | None) -> None:
        """Let rows be marked: `marks_of` returns a row's marks, or None after saying why it cannot be marked."""
        self._marks_of = marks_of
        self.reader.mark_button.setVisible(marks_of is not None)

    @property
    def is_open(self) -> bool:
        """Say whether a row is shown in full."""
        return self.currentWidget() is self.reader

    @property
    def is_marking(self) -> bool:
        """Say whether a row is being marked."""
        return self.editor is not None and self.currentWidget() is self.editor

    def open_row(self, row: int) -> None:
        """Show a row in full."""
        if self._choose(row):
            title, cells = self._row_of(row)
            self.reader.show_row(title, cells, is_first=row == 0, is_last=row == self._count() - 1)
            self._show(self.reader)

    def mark_row(self, row: int) -> None:
        """Show a row to be marked."""
        markable = self._marks_of(row) if self._marks_of is not None else None
        if markable is None or not self._choose(row):
            return
        if self.editor is None:
            self.editor = MarkEditor()
            self.addWidget(self.editor)
            self.editor.moved.connect(self._on_marking_moved)
            self.editor.closed.connect(self.close_row)
            self.editor.list_requested.connect(self._on_list_requested)
            self.editor.height_changed.connect(self.height_changed)
        title, _ = self._row_of(row)
        self.editor.show_row(title, markable, is_first=row == 0, is_last=row == self._count() - 1)
        self._show(self.editor)

    def least_height(self) -> int:
        """Return the pixels that a row needs to be marked in; 0 where none is."""
        return self.editor.minimumHeight() if self.editor is not None and self.is_marking else 0

    def keep_marks(self) -> None:
        """Write what was marked in the row at hand."""
        if self.editor is not None and self.is_marking:
            self.editor.keep()

    def close_row(self) -> None:
        """Show the table again; the row that was read is the current one."""
        if self.is_open or self.is_marking:
            self.setCurrentWidget(self.table)
            self.table.setFocus()

    def _count(self) -> int:
        model = self.table.model()
        return model.rowCount() if model is not None else 0

    def _choose(self, row: int) -> bool:
        if not 0 <= row < self._count():
            return False
        self._row = row
        if self.table.current_row() != row:
            self.table.select(row)
        return True

    def _show(self, page: QWidget) -> None:
        self.setCurrentWidget(page)
        page.setFocus()
        self.row_shown.emit()

    def _on_moved(self, by: int) -> None:
        self.open_row(self._row + by)

    def _on_mark_requested(self) -> None:
        self.mark_row(self._row)

    def _on_marking_moved(self, by: int) -> None:
        """Go to the next row that can be marked."""
        row = self._row + by
        if 0 <= row < self._count():
            self.mark_row(row)

    def _on_list_requested(self) -> None:
        self.close_row()
        self.list_requested.emit(self._row)

    def _on_reset(self) -> None:
        """Close what was open: there are other rows now."""
        if self.editor is not None:
            self.editor.forget()
        self.setCurrentWidget(self.table)

    def show_marks_again(self) -> None:
        """Show the row at hand anew, which may have been changed elsewhere, unless it is being changed here."""
        row, editor = self._row, self.editor
        if editor is None or not self.is_marking or editor.is_changed:
            return
        markable = self._marks_of(row) if self._marks_of is not None else None
        if markable is None:
            self.close_row()
        elif markable.marking != editor.marking:
            title, _ = self._row_of(row)
            editor.show_row(title, markable, is_first=row == 0, is_last=row == self._count() - 1)


def _shown(text: str) -> str:
    if len(text) <= MOST:
        return text
    return text[:MOST] + " … " + tr("({n} more characters)", n=len(text) - MOST)


_KEYS = (
    Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Escape, Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter,
)  # fmt: skip
