"""ChatShelf: the chats of before, the newest first. One is opened, renamed or thrown away."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from slm_studio.core.chat_files import Listed
from slm_studio.ui.widgets.buttons import Button, IconButton
from slm_studio.ui.widgets.labels import plain_tooltip
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import words

PLACE = Qt.ItemDataRole.UserRole


class ChatShelf(QWidget):
    """F2 renames, Delete throws away."""

    new_asked = Signal()
    opened = Signal(object)  # Path
    renamed = Signal(object, str)  # Path, name
    thrown = Signal(object)  # Path

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_filling = False
        self._current: Path | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.new_button = Button("New chat", icon_name="plus")
        self.rename_button, self.throw_button = (
            IconButton("edit", "Rename the chat"),
            IconButton("trash", "Delete the chat"),
        )
        row.addWidget(self.new_button)
        row.addStretch(1)
        row.addWidget(self.rename_button)
        row.addWidget(self.throw_button)
        self.list = _List()
        column.addLayout(row)
        column.addWidget(self.list, 1)
        scaled(self.list.setMinimumHeight, 120)
        self.new_button.clicked.connect(self.new_asked)
        self.rename_button.clicked.connect(self._on_rename)
        self.throw_button.clicked.connect(self._on_throw)
        self.list.throw_asked.connect(self._on_throw)
        self.list.currentItemChanged.connect(self._on_current)
        self.list.itemChanged.connect(self._on_changed)
        self.show_chats((), None)

    def show_chats(self, chats: Sequence[Listed], current: Path | None) -> None:
        """Show these chats; `current` is the one that is open, None where that is not on disk yet."""
        self._is_filling, self._current = True, current
        self.list.clear()
        for each in chats:
            item = QListWidgetItem(each.name or each.path.stem)
            item.setData(PLACE, str(each.path))
            item.setToolTip(plain_tooltip(item.text()))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            self.list.addItem(item)
            if each.path == current:
                self.list.setCurrentItem(item)
        self._is_filling = False
        for button in (self.rename_button, self.throw_button):
            button.setEnabled(self.list.currentItem() is not None)

    def _on_current(self, item: QListWidgetItem | None, before: QListWidgetItem | None) -> None:
        if not self._is_filling and item is not None:
            self.opened.emit(Path(item.data(PLACE)))

    def _on_changed(self, item: QListWidgetItem) -> None:
        if not self._is_filling and item.text().strip():
            self.renamed.emit(Path(item.data(PLACE)), item.text().strip())

    def _on_rename(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.list.setFocus()
            self.list.editItem(item)

    def _on_throw(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.thrown.emit(Path(item.data(PLACE)))


class _List(QListWidget):
    """The list itself."""

    throw_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words(self.setAccessibleName, "Chats")
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed | QAbstractItemView.EditTrigger.DoubleClicked)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        return QSize(the_theme().px(200), the_theme().px(240))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it, and a ring around the chat at which the keys are."""
        super().paintEvent(event)
        if self.hasFocus() and self.currentIndex().isValid():
            painter = QPainter(self.viewport())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(the_theme().colour("accent"), 2))
            painter.drawRoundedRect(QRectF(self.visualRect(self.currentIndex())).adjusted(1, 1, -1, -1), 5, 5)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Throw away with Delete."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.state() != self.State.EditingState:
            self.throw_asked.emit()
        else:
            super().keyPressEvent(event)
