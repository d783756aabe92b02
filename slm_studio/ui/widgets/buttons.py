"""Buttons: the one accent button of a place, plain and quiet ones, and the one that starts work."""

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QHelpEvent, QIcon, QMouseEvent, QPaintEvent
from PySide6.QtWidgets import (
    QMenu,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolTip,
    QWidget,
)

from slm_studio.ui.widgets.icons import icon
from slm_studio.ui.widgets.labels import plain_tooltip, restyle, tip
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words, sentence, words

_ICON_TOKENS = {"primary": "on_accent", "quiet": "muted", "danger": "bad", "link": "accent"}


class Button(QPushButton):
    """A button with a sentence, perhaps an icon. Kinds: primary (once per place), plain, quiet, danger, link, pill.

    The second press of a double click counts only where it `steps`: else it would do what stands there by then, such as
    stopping what the first one started, or throwing away what comes next.
    """

    steps = False  # from one thing to the next: whoever clicks twice wants to go two

    def __init__(
        self, template: Words = "", kind: str = "plain", icon_name: str = "", *, small: bool = False,
        parent: QWidget | None = None, **values: object,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._theme = the_theme()
        self._icon_name = icon_name
        self.setProperty("kind", kind)
        # A click does not take the focus, so the ring shows where the keyboard is, and only then.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        if small:
            self.setProperty("size", "small")
        if template:
            self.set_words(template, **values)
        self._theme.changed.connect(self._draw_icon)
        self._draw_icon()

    def set_words(self, template: Words, **values: object) -> None:
        """Show another sentence."""
        words(self.setText, template, **values)

    def set_kind(self, kind: str) -> None:
        """Take another kind."""
        if kind != self.property("kind"):
            self.setProperty("kind", kind)
            restyle(self)
            self._draw_icon()

    def set_icon(self, name: str) -> None:
        """Show another icon; "" shows none."""
        self._icon_name = name
        self._draw_icon()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Take a second press where each one is a step."""
        if self.steps:
            super().mouseDoubleClickEvent(event)

    def _draw_icon(self) -> None:
        if not self._icon_name:
            self.setIcon(QIcon())
            return
        tokens, side = self._theme.tokens, self._theme.px(16)
        gap = 0 if self.property("shape") == "icon" else self._theme.px(3)
        token = _ICON_TOKENS.get(str(self.property("kind")), "text")
        self.setIconSize(QSize(side + gap, side))
        self.setIcon(icon(self._icon_name, getattr(tokens, token), side, tokens.border, gap))


class SteadyButton(Button):
    """A button that is as wide as the widest of its words, so that no neighbour moves under the pointer when they change."""

    def __init__(self, *all_words: Words) -> None:
        """The first of `all_words` are shown."""
        self._all_words = all_words
        super().__init__(all_words[0])

    def sizeHint(self) -> QSize:
        """Return the size that the widest words take."""
        hint, metrics = super().sizeHint(), self.fontMetrics()
        widest = max(metrics.horizontalAdvance(sentence(each)) for each in self._all_words)
        return QSize(hint.width() + max(0, widest - metrics.horizontalAdvance(self.text())), hint.height())

    def minimumSizeHint(self) -> QSize:
        """Return the same: buttons never shrink."""
        return self.sizeHint()


class ElidedButton(Button):
    """A button whose words end in … where the room ends; the whole words then stand above its tooltip."""

    def __init__(self, template: Words = "", kind: str = "plain", *, small: bool = False, **values: object) -> None:
        super().__init__(template, kind, small=small, **values)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)  # a button's own never shrinks

    def setText(self, text: str) -> None:
        """Show words, which may be anybody's: an & in them is no mark of a key."""
        super().setText(text.replace("&", "&&"))

    def event(self, event: QEvent) -> bool:
        """Say the whole words where they are cut."""
        if isinstance(event, QHelpEvent) and self._shown() != self.text():
            QToolTip.showText(event.globalPos(), plain_tooltip(self.copied()) + self.toolTip(), self)
            return True
        return super().event(event)

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        least = super().minimumSizeHint()
        return QSize(min(least.width(), self.fontMetrics().horizontalAdvance("…") * 8), least.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = self._shown()
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)

    def copied(self) -> str:
        """Return the whole words."""
        return self.text().replace("&&", "&")

    def _shown(self) -> str:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        room = self.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self).width()
        letters = int(Qt.TextFlag.TextShowMnemonic)
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room, letters)


class IconButton(Button):
    """A square button of one icon; its name is the tooltip and what a screen reader says."""

    def __init__(self, icon_name: str, name: Words, kind: str = "quiet", *, parent: QWidget | None = None) -> None:
        super().__init__("", kind, icon_name, parent=parent)
        self.setProperty("shape", "icon")
        self._draw_icon()
        self.set_name(name)

    def set_name(self, name: Words, **values: object) -> None:
        """Say what the button does."""
        tip(self, name, **values)
        words(self.setAccessibleName, name, **values)


class MenuButton(Button):
    """A button that opens a menu: “Runs ▾”. Fill `menu()` with `add`, or anew before it opens (`opening`)."""

    opening = Signal()
    chosen = Signal(object)

    def __init__(
        self,
        template: Words,
        kind: str = "plain",
        icon_name: str = "",
        *,
        parent: QWidget | None = None,
        **values: object,
    ) -> None:
        super().__init__("", kind, icon_name, parent=parent)
        self._menu = QMenu(self)
        self._values: list[object] = []
        self.set_words(template, **values)
        self._menu.triggered.connect(self._on_triggered)
        self.clicked.connect(self._on_clicked)

    def set_words(self, template: Words, **values: object) -> None:
        """Show another sentence; the arrow is added."""
        super().set_words(template, **values)
        words(self.setAccessibleName, template, **values)

    def setText(self, text: str) -> None:
        """Add the arrow that says: this opens a list."""
        super().setText(f"{text} ▾")

    def clear(self) -> None:
        """Empty the menu."""
        self._menu.clear()
        self._values.clear()

    def add(self, value: object, template: Words, *, enabled: bool = True, **values: object) -> QAction:
        """Add a line; `chosen` brings its value."""
        action = QAction(self._menu)
        words(action.setText, template, **values)
        action.setEnabled(enabled)
        action.setData(len(self._values))
        self._values.append(value)
        self._menu.addAction(action)
        return action

    def add_rule(self) -> None:
        """Add a hairline."""
        self._menu.addSeparator()

    def _on_clicked(self) -> None:
        self.opening.emit()
        self._menu.popup(self.mapToGlobal(QPoint(0, self.height() + 4)))

    def _on_triggered(self, action: QAction) -> None:
        self.chosen.emit(self._values[int(action.data())])


class WorkButton(Button):
    """The button that starts work: ready (“Start”), busy (“Stop”), done (“Done”, and ready again at a click).

    Ctrl+Return and Esc reach it through the panel: `primary()` calls `click()`, `stop()` calls `stop()`.
    """

    started = Signal()
    stop_requested = Signal()

    def __init__(
        self, ready: Words, *, busy: Words = "Stop", done: Words = "Done", kind: str = "primary", icon_name: str = "",
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(ready, kind, icon_name, parent=parent)
        self.state = "ready"
        self._words = {"ready": ready, "busy": busy, "done": done}
        self._ready_kind, self._ready_icon = kind, icon_name
        self.clicked.connect(self._on_clicked)

    def set_ready(self) -> None:
        """Offer to start."""
        self._show("ready", self._ready_kind, self._ready_icon)

    def set_ready_words(self, words: Words) -> None:
        """Offer something else; what is busy or done goes on saying so."""
        self._words["ready"] = words
        if self.state == "ready":
            self.set_words(words)

    def set_busy(self) -> None:
        """Work runs: offer to stop."""
        self._show("busy", "plain", "stop")

    def set_stopping(self) -> None:
        """The stop was heard; the state is being kept."""
        self._show("busy", "plain", "stop")
        self.set_words("Stopping…")
        self.setEnabled(False)

    def set_done(self) -> None:
        """The work is done; a click starts it once more."""
        self._show("done", "plain", "check")

    def stop(self) -> None:
        """Stop the work, as a click would; nothing happens where none runs."""
        if self.state == "busy" and self.isEnabled():
            self.stop_requested.emit()

    def _show(self, state: str, kind: str, icon_name: str) -> None:
        self.state = state
        self.setEnabled(True)
        self.set_words(self._words[state])
        self._icon_name = icon_name
        self.set_kind(kind)
        self._draw_icon()

    def _on_clicked(self) -> None:
        if self.state == "busy":
            self.stop_requested.emit()
        else:
            self.started.emit()
