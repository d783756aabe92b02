"""Copy, one way for everything that is shown: a click with the right button offers it, Ctrl+C takes what has the focus.

Whatever shows a number, a text, rows or a chart has `copied() -> str`; a chart has `is_chart` besides and is offered as
a picture too; what needs other words in the menu has `copies()`. Nothing is installed on these widgets: both events come
up to their window where nobody takes them on the way, and `let_copy` makes the window listen.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QPixmap
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from slm_studio.core.texts import tr

LETTERS = 40  # of a text that the menu shows


@dataclass(frozen=True, slots=True)
class Copy:
    """One entry of the menu; `make` is asked when it is chosen, for a table may be long."""

    words: str
    make: Callable[[], str | QPixmap]

    def take(self) -> None:
        """Put it on the clipboard."""
        made = self.make()
        if isinstance(made, str):
            clipboard(made)
        else:
            QApplication.clipboard().setPixmap(made)


def let_copy(window: QWidget) -> None:
    """Offer Copy for everything in a window or dialog."""
    window.installEventFilter(_Listener(window))


def copies(widget: QWidget) -> list[Copy]:
    """Return what can be copied of a widget, and of what it stands in: the nearest first."""
    found: list[Copy] = []
    for each in _upwards(widget):
        if hasattr(each, "copies"):
            found += each.copies()
        elif getattr(each, "is_chart", False):
            found.append(Copy(tr("Copy the numbers"), each.copied))
            found.append(Copy(tr("Copy as a picture"), partial(_picture, each)))
        elif hasattr(each, "copied") and (text := each.copied().strip()):
            found.append(Copy(tr("Copy “{text}”", text=_short(text)), each.copied))
    return list({each.words: each for each in reversed(found)}.values())[::-1]


def copied_within(widget: QWidget) -> str:
    """Return all that is seen in a widget, from top to bottom as it was built."""
    parts = []
    for each in widget.findChildren(QWidget):
        inside = (up for up in _upwards(each.parentWidget()) if widget.isAncestorOf(up))
        if hasattr(each, "copied") and each.isVisible() and not any(hasattr(up, "copied") for up in inside):
            parts.append(each.copied().strip())
    return "\n".join(part for part in parts if part)


def clipboard(text: str) -> None:
    """Put text on the clipboard."""
    QApplication.clipboard().setText(text)


def table_line(cells: Iterator[object] | list[object] | tuple[object, ...]) -> str:
    """Return one line of a table as spreadsheets take it: cells parted by tabs, none with a tab or line end inside."""
    return "\t".join(" ".join(str(cell).replace("\t", " ").splitlines()) for cell in cells)


class _Listener(QObject):
    """Hears the right button and Ctrl+C that came up to a window."""

    def _offer(self, window: QWidget, event: QContextMenuEvent) -> bool:
        keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        at = QApplication.focusWidget() if keyboard else window.childAt(window.mapFromGlobal(event.globalPos()))
        found = copies(at) if at is not None else []
        if found:
            show_menu(window, found, event.globalPos())
        return bool(found)

    def _take(self, window: QWidget) -> bool:
        focused = QApplication.focusWidget()
        found = copies(focused) if focused is not None and window.isAncestorOf(focused) else []
        if found:
            found[0].take()
        return bool(found)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Answer both; leave everything else alone."""
        assert isinstance(watched, QWidget)
        if isinstance(event, QContextMenuEvent):
            return self._offer(watched, event)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return event.matches(QKeySequence.StandardKey.Copy) and self._take(watched)
        return False


def show_menu(window: QWidget, found: list[Copy], place: QPoint) -> QMenu:
    """Show what can be copied in a menu that goes by itself."""
    menu = QMenu(window)
    for each in found:
        menu.addAction(each.words.replace("&", "&&")).triggered.connect(partial(_take, each))
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(place)
    return menu


def _take(copy: Copy, *_: object) -> None:
    copy.take()


def _upwards(widget: QWidget | None) -> Iterator[QWidget]:
    while widget is not None:
        yield widget
        widget = None if widget.isWindow() else widget.parentWidget()


def _picture(chart: QWidget) -> QPixmap:
    """Return a chart with its title and legend, which stand in its card."""
    card = next((each for each in _upwards(chart) if each.property("role") == "card"), chart)
    return card.grab()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LETTERS else line[:LETTERS].rstrip() + "…"
