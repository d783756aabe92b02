"""Finder: find anything (Ctrl+K): places, models, runs, datasets, actions, by a few letters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from slm_studio.ui.widgets.fields import LineField
from slm_studio.ui.widgets.icons import icon
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import words

ROWS = 9


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that can be found: what it is called, what it is, and what opening it does."""

    title: str
    detail: str
    icon: str
    open: Callable[[], object]


class Finder(QFrame):
    """A line and a list over the window's content. Ask `source` anew each time it opens."""

    closed = Signal()

    def __init__(self, source: Callable[[], Sequence[Found]], parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._source = source
        self._all: list[Found] = []
        self._shown: list[Found] = []
        self.setProperty("role", "finder")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 8)
        column.setSpacing(8)
        self.line = LineField("Find a place, model, run or dataset")
        self.list = QListWidget()
        words(self.list.setAccessibleName, "Found")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        self.nothing = Text("", "muted", wrap=True)
        self.nothing.setContentsMargins(10, 0, 10, 10)
        column.addWidget(self.line)
        column.addWidget(self.list)
        column.addWidget(self.nothing)
        self.line.textChanged.connect(self._show)
        self.line.installEventFilter(self)
        self.list.itemClicked.connect(self._on_clicked)
        self.hide()

    def open(self) -> None:
        """Show it, empty, with everything that can be found now."""
        self._all = list(self._source())
        self.line.clear()
        self._show("")
        self._place()
        self.show()
        self.raise_()
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_finder(self) -> None:
        """Hide it."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def _show(self, text: str) -> None:
        self._shown = best(self._all, text)[:ROWS]
        self.list.clear()
        side = self._theme.px(16)
        self.list.setIconSize(QSize(side, side))
        for found in self._shown:
            line = f"{found.title}   ·   {found.detail}" if found.detail else found.title
            self.list.addItem(QListWidgetItem(icon(found.icon, self._theme.tokens.muted, side), line))
        self.list.setCurrentRow(0 if self._shown else -1)
        self.list.setFixedHeight(len(self._shown) * self._theme.px(36) + 6)
        self.list.setVisible(bool(self._shown))
        self.nothing.setVisible(not self._shown)
        self.nothing.set_words("Nothing here is called “{text}”.", text=text.strip())
        self._place()

    def _place(self) -> None:
        parent = self.parentWidget()
        width = min(self._theme.px(560), parent.width() - 48)
        self.setGeometry((parent.width() - width) // 2, self._theme.px(72), width, self.sizeHint().height())

    def _take(self, row: int) -> None:
        if 0 <= row < len(self._shown):
            chosen = self._shown[row]
            self.close_finder()
            chosen.open()

    def _on_clicked(self, item: QListWidgetItem) -> None:
        self._take(self.list.row(item))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Read the keys of the line."""
        if event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.close_finder()
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()  # Esc closes the finder; it does not stop the work behind it
            return True
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
        if step and self._shown:
            self.list.setCurrentRow((self.list.currentRow() + step) % len(self._shown))
        elif event.key() == Qt.Key.Key_Escape:
            self.close_finder()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(self.list.currentRow())
        else:
            return False
        return True


def best(everything: Sequence[Found], text: str) -> list[Found]:
    """Return what fits the letters: title begins with them, then holds them, then the detail does, then in order."""
    wanted = text.strip().casefold()
    if not wanted:
        return list(everything)
    ranked = [(rank, at, each) for at, each in enumerate(everything) if (rank := _rank(each, wanted)) is not None]
    return [each for _, _, each in sorted(ranked, key=lambda item: item[:2])]


def _rank(found: Found, wanted: str) -> int | None:
    title = found.title.casefold()
    if title.startswith(wanted):
        return 0
    if wanted in title:
        return 1
    if wanted in found.detail.casefold():
        return 2
    letters = iter(title)
    return 3 if all(letter in letters for letter in wanted) else None
