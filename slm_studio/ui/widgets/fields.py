"""Fields: a choice, a check, a line of text, a search; drawn by us so that they look the same on every system."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QFont, QFontMetrics, QHelpEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QSizePolicy, QStyledItemDelegate, QToolTip, QWidget

from slm_studio.ui.widgets.icons import icon, pixmap
from slm_studio.ui.widgets.labels import plain_tooltip
from slm_studio.ui.widgets.theme import BASE, SECOND, the_theme
from slm_studio.ui.widgets.words import Words, sentence, words


class Choice(QComboBox):
    """One of a list: “classify ▾”. `chosen` brings the value when the person took one."""

    chosen = Signal(object)

    def __init__(
        self, options: Sequence[tuple[object, Words]] = (), *, name: Words = "", quiet: bool = False, strong: bool = False, tight: bool = False,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._theme = the_theme()
        self._options: list[tuple[object, Words, dict[str, object]]] = []
        self._quiet, self._strong, self._tight = quiet, strong, tight  # tight: as wide as what is chosen
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMaxVisibleItems(14)
        self.setItemDelegate(QStyledItemDelegate(self))  # the combo box's own would ignore the style sheet
        if name:
            words(self.setAccessibleName, name)
        for value, template in options:
            self.add(value, template)
        self._theme.changed.connect(self.updateGeometry)
        self.activated.connect(self._on_activated)
        self.currentIndexChanged.connect(self.updateGeometry)  # a tight or quiet one is as wide as what it shows

    def add(self, value: object, template: Words, **values: object) -> None:
        """Add an option. Foreign names: add(value, "{name}", name=…)"""
        self._options.append((value, template, values))
        self.addItem("")
        self.retranslate()

    def set_options(self, options: Sequence[tuple[object, Words]], current: object = None) -> None:
        """Offer other options; names may be templates or functions (foreign names: a function that returns them)."""
        self._options = [(value, template, {}) for value, template in options]
        self.clear()
        self.addItems([""] * len(options))
        self.retranslate()
        self.choose(current)

    def current(self) -> object:
        """Return the value that is chosen, or None."""
        at = self.currentIndex()
        return self._options[at][0] if 0 <= at < len(self._options) else None

    def choose(self, value: object) -> None:
        """Choose without telling anybody."""
        for at, option in enumerate(self._options):
            if option[0] == value:
                self.setCurrentIndex(at)
                return

    def retranslate(self) -> None:
        """Write the options anew."""
        for at, (_, template, values) in enumerate(self._options):
            self.setItemText(at, sentence(template, **values))
        self.updateGeometry()

    def _on_activated(self, at: int) -> None:
        self.chosen.emit(self._options[at][0])

    def _font(self) -> QFont:
        if self._quiet:
            return self._theme.font(SECOND)
        return self._theme.font(BASE, QFont.Weight.DemiBold if self._strong else QFont.Weight.Medium)

    def _side(self) -> int:
        return self._theme.px(2 if self._quiet else 12)

    def _is_shown_whole(self) -> bool:
        room = self.width() - 2 * self._side() - self._theme.px(18) + 2
        return QFontMetrics(self._font()).horizontalAdvance(self.currentText()) <= room

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        metrics = QFontMetrics(self._font())
        shown = [self.itemText(at) for at in range(self.count())] if self._theme else []
        widest = max((metrics.horizontalAdvance(text) for text in shown), default=0)
        now = metrics.horizontalAdvance(self.currentText())
        width = min(now if self._quiet or self._tight else widest, self._theme.px(320))
        return QSize(width + 2 * self._side() + self._theme.px(20), self._theme.px(24 if self._quiet else 34))

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        return QSize(min(self.sizeHint().width(), self._theme.px(128)), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hover, focus = self.underMouse() and self.isEnabled(), self.hasFocus()
        frame = QRectF(self.rect())
        width = 2 if focus else 1
        if not self._quiet or focus:
            painter.setPen(QPen(self._theme.colour("accent" if focus else "border" if hover else "line"), width))
            painter.setBrush(self._theme.colour("hover" if hover else "surface"))
            painter.drawRoundedRect(frame.adjusted(width / 2, width / 2, -width / 2, -width / 2), 8, 8)
        token = "border" if not self.isEnabled() else "muted" if self._quiet and not hover else "text"
        painter.setFont(self._font())
        painter.setPen(self._theme.colour(token))
        side, mark = self._side(), self._theme.px(14)
        room = frame.adjusted(side, 0, -side - mark - self._theme.px(4), 0)
        metrics = QFontMetrics(self._font())
        shown = metrics.elidedText(self.currentText(), Qt.TextElideMode.ElideRight, int(room.width()) + 2)
        painter.drawText(room.adjusted(0, 0, 4, 0), int(Qt.AlignmentFlag.AlignVCenter), shown)
        arrow = pixmap("chevron-down", getattr(self._theme.tokens, token), mark, self.devicePixelRatioF())
        painter.drawPixmap(
            QRectF(frame.right() - side - mark + 2, frame.center().y() - mark / 2 + 1, mark, mark),
            arrow,
            QRectF(arrow.rect()),
        )

    def event(self, event: QEvent) -> bool:
        """Say in full what does not fit, unless there is something else to say."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and not self.toolTip():
            fits = self._is_shown_whole()
            QToolTip.showText(event.globalPos(), "" if fits else plain_tooltip(self.currentText()), self)
            return True
        return super().event(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page."""
        event.ignore()  # the page scrolls; a choice never changes by accident


class Check(QAbstractButton):
    """A box with a tick and words beside it."""

    def __init__(
        self, template: Words = "", *, quiet: bool = False, parent: QWidget | None = None, **values: object
    ) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._quiet = quiet
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        if template:
            words(self.setText, template, **values)
        self._theme.changed.connect(self.updateGeometry)

    def _font(self) -> QFont:
        return self._theme.font(SECOND if self._quiet else BASE)

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        width = QFontMetrics(self._font()).horizontalAdvance(self.text())
        return QSize(width + self._theme.px(18 + (10 if self.text() else 2)), self._theme.px(24))

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = self._theme.px(13 if self._quiet else 16)
        # Quiet checks stand in a row of small words, with the box after its word (as “log ▢”).
        left = self.width() - side - 1.5 if self._quiet else 1.5
        box = QRectF(left, (self.height() - side) / 2, side, side)
        on, focus = self.isChecked(), self.hasFocus()
        edge = "accent" if on or focus else "text" if self.underMouse() else "muted"
        painter.setPen(QPen(self._theme.colour(edge if self.isEnabled() else "line"), 2 if focus and not on else 1.2))
        painter.setBrush(self._theme.colour("accent") if on else self._theme.colour("surface"))
        painter.drawRoundedRect(box, 4, 4)
        if on:
            tick = pixmap("check", self._theme.tokens.on_accent, side, self.devicePixelRatioF())
            painter.drawPixmap(box.adjusted(1, 1, -1, -1), tick, QRectF(tick.rect()))
        if on and focus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.colour("text"), 2))
            painter.drawRoundedRect(box, 4, 4)
        painter.setFont(self._font())
        painter.setPen(self._theme.colour("border" if not self.isEnabled() else "muted" if self._quiet else "text"))
        room = (
            QRectF(self.rect()).adjusted(0, 0, -side - 6, 0)
            if self._quiet
            else QRectF(self.rect()).adjusted(side + 9, 0, 0, 0)
        )
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), self.text())


class LineField(QLineEdit):
    """One line of text. `settled` comes when the person finished (Return, or another field)."""

    settled = Signal(str)

    def __init__(
        self, placeholder: Words = "", *, name: Words = "", parent: QWidget | None = None, **values: object
    ) -> None:
        super().__init__(parent)
        if placeholder:
            words(self.setPlaceholderText, placeholder, **values)
        if name or placeholder:
            words(self.setAccessibleName, name or placeholder, **values)
        self.editingFinished.connect(self._on_finished)

    def _on_finished(self) -> None:
        self.settled.emit(self.text())


class SearchField(LineField):
    """A line with a magnifier; `searched` follows the typing at a calm pace."""

    searched = Signal(str)

    def __init__(
        self, placeholder: Words = "Find", *, pause: int = 200, parent: QWidget | None = None, **values: object
    ) -> None:
        super().__init__(placeholder, parent=parent, **values)
        self._theme = the_theme()
        self._glass = QAction(self)
        self.addAction(self._glass, QLineEdit.ActionPosition.LeadingPosition)
        self.setClearButtonEnabled(True)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(pause)
        self._timer.timeout.connect(self._on_pause)
        self.textChanged.connect(self._timer.start)
        self.returnPressed.connect(self._on_pause)
        self._theme.changed.connect(self._draw_icon)
        self._draw_icon()

    def event(self, event: QEvent) -> bool:
        """Take Esc while something is searched for; else it means what it means to the place."""
        is_escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if is_escape and self.text() and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if is_escape and self.text() and event.type() == QEvent.Type.KeyPress:
            self.clear()
            self._on_pause()
            return True
        return super().event(event)

    def _draw_icon(self) -> None:
        self._glass.setIcon(icon("search", self._theme.tokens.muted, 16))
        for action in self.actions():
            if action is not self._glass and action.objectName() == "_q_qlineeditclearaction":
                action.setIcon(icon("close", self._theme.tokens.muted, 16))

    def _on_pause(self) -> None:
        self._timer.stop()
        self.searched.emit(self.text())
