"""Progress: a thin bar, and in words how far, how long, how long still."""

import time
from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from slm_studio.core.texts import tr
from slm_studio.ui.widgets.cells import paint_bar
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words


class ProgressBar(QWidget):
    """A thin bar. A negative share means: at work, nobody knows how long."""

    def __init__(self, height: int = 8, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._height, self._share, self._phase = height, 0.0, 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._timer = QTimer(self)
        self._timer.setInterval(40)
        self._timer.timeout.connect(self._on_tick)
        self._theme.changed.connect(self.updateGeometry)

    def set_share(self, share: float) -> None:
        """Fill the bar to `share` (0…1), or show that work goes on (below 0)."""
        if share == self._share:
            return
        self._share = share
        self._settle()
        self.setAccessibleDescription(f"{share:.0%}" if share >= 0 else "")
        self.update()

    def share(self) -> float:
        """Return how far the bar is filled."""
        return self._share

    def _settle(self) -> None:
        if self._share < 0 and self.isVisible() and self._theme.moves:
            self._timer.start()
        else:
            self._timer.stop()

    def _on_tick(self) -> None:
        self._phase = (self._phase + 0.02) % 1.0
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        return QSize(self._theme.px(160), self._theme.px(self._height))

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        return QSize(self._theme.px(40), self._theme.px(self._height))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        track = QRectF(
            0, (self.height() - self._theme.px(self._height)) / 2, self.width(), self._theme.px(self._height)
        )
        paint_bar(painter, track, max(0.0, self._share), self._theme.colour("line"), self._theme.colour("accent"))
        if self._share < 0:
            width = track.width() * 0.25
            piece = QRectF((track.width() - width) * (1 - abs(2 * self._phase - 1)), track.top(), width, track.height())
            paint_bar(painter, piece, 1.0, self._theme.colour("line"), self._theme.colour("accent"))

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to be seen."""
        super().showEvent(event)
        self._settle()

    def hideEvent(self, event: QHideEvent) -> None:
        """End being seen."""
        super().hideEvent(event)
        self._settle()


class Progress(QWidget):
    """The bar, and at its right “69 % · 4:48 elapsed · 2:10 left · done 15:42”."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        self.bar = ProgressBar()
        self.words = Text("", "second")
        row.addWidget(self.bar, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.words)

    def set_time(self, share: float, elapsed: float, left: float | None = None) -> None:
        """Show how far (0…1, below 0 unknown), the seconds so far and, where they can be told, the seconds left."""
        self.bar.set_share(share)
        self.words.set_words(lambda: progress_words(share, elapsed, left))

    def set_count(self, what: Words, done: int, total: int, written: Callable[[int], str] | None = None) -> None:
        """Show a Progress event: what is being done, and how much of it; `written` says a count otherwise than as a number."""
        self.bar.set_share(done / total if total else -1.0)
        self.words.set_words(lambda: count_words(what, done, total, written))

    def set_words(self, template: Words, **values: object) -> None:
        """Say something else beside the bar (“paused at step 400”)."""
        self.words.set_words(template, **values)


def progress_words(share: float, elapsed: float, left: float | None) -> str:
    """Return “69 % · 4:48 elapsed · 2:10 left · done 15:42”; parts that are not known are left out."""
    parts = [f"{share:.0%}".replace("%", " %")] if share >= 0 else []
    parts.append(tr("{time} elapsed", time=clock(elapsed)))
    if left is not None:
        parts.append(tr("{time} left", time=clock(left)))
        parts.append(tr("done {time}", time=time.strftime("%H:%M", time.localtime(time.time() + left))))
    return " · ".join(parts)


def count_words(what: Words, done: int, total: int, written: Callable[[int], str] | None = None) -> str:
    """Return “Reading rows · 3,000 of 10,003”, or only what is being done where nothing is counted."""
    name = what() if callable(what) else tr(what)
    if not done and not total:
        return f"{name} …"
    far, whole = (written(done), written(total)) if written else (done, total)
    return f"{name} · " + (tr("{done} of {total}", done=far, total=whole) if total else tr("{done} so far", done=far))


def clock(seconds: float) -> str:
    """Return a duration as people read it. Example: clock(288) == "4:48", clock(3725) == "1:02:05\""""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
