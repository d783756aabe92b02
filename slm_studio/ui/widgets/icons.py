"""Our own stroke icons, coloured from `currentColor` and sharp at every pixel ratio."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QWidget

from slm_studio.core import paths
from slm_studio.ui.widgets.theme import the_theme

_RATIOS = (1.0, 2.0, 3.0)


def icon(name: str, colour: str, size: int = 18, disabled: str = "", gap: int = 0) -> QIcon:
    """Return an icon in one colour (#RRGGBB), and in another where its button is disabled; `gap` is room at its right."""
    made = QIcon()
    for ratio in _RATIOS:
        made.addPixmap(_with_gap(pixmap(name, colour, size, ratio), gap))
        if disabled:
            made.addPixmap(_with_gap(pixmap(name, disabled, size, ratio), gap), QIcon.Mode.Disabled)
    return made


def app_icon() -> QIcon:
    """Return the icon of the app, as task bars and window frames show it."""
    drawing = (paths.resources() / "slm-studio.svg").read_bytes()
    made = QIcon()
    for side in (16, 32, 64, 256):
        made.addPixmap(_render(drawing, side))
    return made


def pixmap(name: str, colour: str, size: int, ratio: float) -> QPixmap:
    """Return an icon as a pixmap of `size` logical pixels. The theme keeps it, and dies before the application does."""
    kept = the_theme().pixmaps
    key = (name, colour, size, ratio)
    if key not in kept:
        kept[key] = _draw(name, colour, size, ratio)
    return kept[key]


def _draw(name: str, colour: str, size: int, ratio: float) -> QPixmap:
    image = _render(_drawing(name).replace("currentColor", colour).encode(), round(size * ratio))
    image.setDevicePixelRatio(ratio)
    return image


def _render(drawing: bytes, side: int) -> QPixmap:
    image = QPixmap(side, side)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(drawing)).render(painter)
    painter.end()
    return image


def _with_gap(image: QPixmap, gap: int) -> QPixmap:
    if not gap:
        return image
    ratio = image.devicePixelRatio()
    wider = QPixmap(image.width() + round(gap * ratio), image.height())
    wider.fill(Qt.GlobalColor.transparent)
    wider.setDevicePixelRatio(ratio)
    painter = QPainter(wider)
    painter.drawPixmap(0, 0, image)
    painter.end()
    return wider


@lru_cache(maxsize=64)
def _drawing(name: str) -> str:
    return (paths.resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")


class IconLabel(QWidget):
    """One icon in the colour of a token (“muted”, “accent” …)."""

    def __init__(self, name: str, colour: str = "muted", size: int = 18, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._name, self._token, self._size = name, colour, size
        self._theme.changed.connect(self._fit)
        self._fit()

    def set_icon(self, name: str, colour: str = "") -> None:
        """Show another icon, or another colour."""
        self._name, self._token = name, colour or self._token
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size it likes."""
        side = self._theme.px(self._size)
        return QSize(side, side)

    def _fit(self) -> None:
        self.setFixedSize(self.sizeHint())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        side = self._theme.px(self._size)
        image = pixmap(self._name, getattr(self._theme.tokens, self._token), side, self.devicePixelRatioF())
        painter.drawPixmap(QRectF(0, 0, side, side), image, QRectF(image.rect()))
