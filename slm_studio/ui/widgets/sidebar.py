"""Sidebar: the five places in the order of the work, what runs right now, and Settings."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QVBoxLayout, QWidget

from slm_studio.ui.widgets.icons import pixmap
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.runs_card import RunsCard
from slm_studio.ui.widgets.theme import BASE, the_theme
from slm_studio.ui.widgets.words import Words, words

WIDTH = 208


@dataclass(frozen=True, slots=True)
class Place:
    """One entry: its key, icon, name and the key that leads there."""

    key: str
    icon: str
    name: Words
    shortcut: str = ""


class Sidebar(QWidget):
    """`chosen` brings the key of a place; `run_chosen` the id of a run in progress."""

    chosen = Signal(str)
    run_chosen = Signal(str)

    def __init__(self, places: Sequence[Place], foot: Sequence[Place], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self.setProperty("role", "sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        words(self.setAccessibleName, "Places")
        self._group = QButtonGroup(self)
        self._keys: list[str] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 20, 13, 16)
        column.setSpacing(4)
        name = Text("SLM Studio", "lead")
        name.setProperty("role", "lead")
        name.setContentsMargins(8, 0, 0, 14)
        name.setFont(self._theme.font(15, QFont.Weight.DemiBold))
        column.addWidget(name)
        for place in places:
            column.addWidget(self._button(place))
        column.addStretch(1)
        self.runs = RunsCard()
        column.addWidget(self.runs)
        column.addSpacing(6)
        for place in foot:
            column.addWidget(self._button(place))
        self._group.idClicked.connect(self._on_clicked)
        self.runs.chosen.connect(self.run_chosen)
        self._theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def choose(self, key: str) -> None:
        """Light a place without telling anybody."""
        self._group.button(self._keys.index(key)).setChecked(True)

    def current(self) -> str:
        """Return the place that is lit."""
        return self._keys[self._group.checkedId()] if self._group.checkedId() >= 0 else ""

    def _button(self, place: Place) -> "PlaceButton":
        button = PlaceButton(place)
        self._group.addButton(button, len(self._keys))
        self._keys.append(place.key)
        return button

    def _on_clicked(self, at: int) -> None:
        self.chosen.emit(self._keys[at])

    def _on_theme_changed(self) -> None:
        self.setFixedWidth(self._theme.px(WIDTH))


class PlaceButton(QAbstractButton):
    """Icon, name and key of a place, on a tinted ground while it is open."""

    def __init__(self, place: Place, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._icon, self._shortcut = place.icon, place.shortcut
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        words(self.setText, place.name)
        self._theme.changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        return QSize(self._theme.px(180), self._theme.px(36))

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        return QSize(self._theme.px(120), self._theme.px(36))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        px, tokens, on = self._theme.px, self._theme.tokens, self.isChecked()
        frame = QRectF(self.rect())
        painter.setPen(Qt.PenStyle.NoPen)
        if on or self.underMouse():
            painter.setBrush(self._theme.colour("soft") if on else self._theme.mix("line", "sidebar", 0.55))
            painter.drawRoundedRect(frame, 8, 8)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.colour("accent"), 2))
            painter.drawRoundedRect(frame.adjusted(1, 1, -1, -1), 8, 8)
        side = px(18)
        image = pixmap(self._icon, tokens.accent if on else tokens.muted, side, self.devicePixelRatioF())
        painter.drawPixmap(QRectF(px(10), (self.height() - side) / 2, side, side), image, QRectF(image.rect()))
        painter.setFont(self._theme.font(BASE, QFont.Weight.DemiBold if on else QFont.Weight.Normal))
        painter.setPen(self._theme.colour("accent" if on else "text"))
        painter.drawText(frame.adjusted(px(38), 0, -px(52), 0), int(Qt.AlignmentFlag.AlignVCenter), self.text())
        painter.setFont(self._theme.font(11))
        painter.setPen(self._theme.colour("muted"))
        room = frame.adjusted(0, 0, -px(10), 0)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), self._shortcut)
