"""RunsCard: the runs in progress, at the foot of the sidebar; hidden while there are none."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from slm_studio.core.texts import tr
from slm_studio.ui.widgets.cells import paint_bar
from slm_studio.ui.widgets.progress import clock
from slm_studio.ui.widgets.theme import SECOND, the_theme


@dataclass(frozen=True, slots=True)
class RunningRun:
    """What the card says of one run. `share` 0…1 (below 0 unknown), `left` in seconds (None unknown)."""

    id: str
    name: str
    share: float = 0.0
    left: float | None = None
    paused: bool = False


class RunsCard(QWidget):
    """`chosen` brings the id of the run that was clicked."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: list[RunButton] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self.hide()

    def set_runs(self, runs: Sequence[RunningRun]) -> None:
        """Show these runs, at most three."""
        shown = list(runs)[:3]
        while len(self._buttons) < len(shown):
            button = RunButton()
            button.opened.connect(self.chosen)
            self._buttons.append(button)
            self._column.addWidget(button)
        for at, button in enumerate(self._buttons):
            button.setVisible(at < len(shown))
            if at < len(shown):
                button.set_run(shown[at])
        self.setVisible(bool(shown))


class RunButton(QAbstractButton):
    """Name, thin bar and time left of one run."""

    opened = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._run = RunningRun("", "")
        self._seen: tuple[object, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme.changed.connect(self.updateGeometry)
        self.clicked.connect(self._on_clicked)

    def set_run(self, run: RunningRun) -> None:
        """Show a run, or where it is now."""
        self._run = run
        self.setAccessibleName(f"{run.name} {max(0.0, run.share):.0%}")
        self.setText(run.name)
        seen = (run.name, self._time(), round(run.share * self.width()))
        if seen != self._seen:  # many steps move the bar by less than a pixel
            self._seen = seen
            self.update()

    def copied(self) -> str:
        """Return what it says in words."""
        parts = (self._run.name, f"{max(0.0, self._run.share):.0%}".replace("%", " %"), self._time())
        return " · ".join(part for part in parts if part)

    def _time(self) -> str:
        if self._run.paused:
            return tr("paused")
        return clock(self._run.left) if self._run.left is not None else ""

    def _on_clicked(self) -> None:
        self.opened.emit(self._run.id)

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        return QSize(self._theme.px(180), self._theme.px(64))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        px, frame = self._theme.px, QRectF(self.rect())
        edge = "accent" if self.hasFocus() else "border" if self.underMouse() else "line"
        painter.setPen(QPen(self._theme.colour(edge), 2 if self.hasFocus() else 1))
        painter.setBrush(self._theme.colour("surface"))
        painter.drawRoundedRect(frame.adjusted(1, 1, -1, -1), 8, 8)
        bold = self._theme.font(SECOND, QFont.Weight.DemiBold)
        painter.setFont(bold)
        painter.setPen(self._theme.colour("text"))
        room = frame.adjusted(px(13), px(10), -px(13), 0)
        name = QFontMetrics(bold).elidedText(self._run.name, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignTop), name)
        small = self._theme.font(SECOND)
        words = self._time()
        wide = QFontMetrics(small).horizontalAdvance(words) + (px(10) if words else 0)
        middle = frame.bottom() - px(20)
        track = QRectF(room.left(), middle - px(4), room.width() - wide, px(8))
        paint_bar(painter, track, max(0.0, self._run.share), self._theme.colour("line"), self._theme.colour("accent"))
        painter.setFont(small)
        painter.setPen(self._theme.colour("muted"))
        place = QRectF(room.left(), middle - px(10), room.width(), px(20))
        painter.drawText(place, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), words)
