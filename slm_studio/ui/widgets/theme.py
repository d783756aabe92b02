"""The look: one of two sets of colours, the system's font at one size, and the zoom; applied to the whole application."""

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QStyle

from slm_studio.ui.widgets.colours import DARK, LIGHT, Tokens
from slm_studio.ui.widgets.style_sheet import style_sheet

ZOOMS = (0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0)
BASE = 13.5  # pixels of ordinary words at zoom 1
SECOND = 12.5  # pixels of second words
# A desktop without a theme answers with one of these; a face made for screens reads better where one is installed.
GENERIC_FAMILIES = ("DejaVu Sans", "Bitstream Vera Sans", "Sans Serif", "Liberation Sans", "FreeSans")
SCREEN_FAMILIES = ("Inter", "Noto Sans", "Cantarell", "Ubuntu", "Roboto")
CHINESE_FAMILIES = ("PingFang SC", "Microsoft YaHei UI", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC")
MONOSPACE_FAMILIES = ("JetBrains Mono", "SF Mono", "Cascadia Mono", "Consolas", "Menlo", "DejaVu Sans Mono")


class Theme(QObject):
    """Keeps the application in one look, follows the system where the person chose “auto”, and scales it.

    Widgets that paint read `tokens` while painting; the new style sheet makes Qt repaint them all.
    """

    changed = Signal()

    def __init__(self, application: QApplication, choice: str = "auto", zoom: float = 1.0) -> None:
        super().__init__(application)
        self.setObjectName("theme")
        self._application = application
        self._choice = choice
        self._families = _families(application.font())
        self.zoom = zoom
        self.tokens = LIGHT
        self.pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}
        self._fonts: dict[tuple[float, QFont.Weight], QFont] = {}
        application.setStyle("Fusion")
        application.styleHints().colorSchemeChanged.connect(self._on_system_changed)
        self._tell_system()
        self._apply()

    def choose(self, choice: str) -> None:
        """Take “light”, “dark”, or “auto” (as the system has it)."""
        if choice != self._choice:
            self._choice = choice
            self._tell_system()
            self._apply()

    def set_zoom(self, zoom: float) -> None:
        """Scale letters and controls to the allowed zoom nearest to `zoom`."""
        nearest = min(ZOOMS, key=lambda each: abs(each - zoom))
        if nearest != self.zoom:
            self.zoom = nearest
            self._apply()

    def zoom_in(self) -> None:
        """Take the next larger zoom."""
        self.set_zoom(ZOOMS[min(len(ZOOMS) - 1, ZOOMS.index(self.zoom) + 1)])

    def zoom_out(self) -> None:
        """Take the next smaller zoom."""
        self.set_zoom(ZOOMS[max(0, ZOOMS.index(self.zoom) - 1)])

    def zoom_reset(self) -> None:
        """Go back to 100 %."""
        self.set_zoom(1.0)

    def px(self, pixels: float) -> int:
        """Return a length at the current zoom."""
        return max(1, round(pixels * self.zoom)) if pixels else 0

    def colour(self, token: str, opacity: float = 1.0) -> QColor:
        """Return a token as a colour. Example: colour("accent", 0.4)"""
        colour = QColor(getattr(self.tokens, token))
        colour.setAlphaF(opacity)
        return colour

    def mix(self, token: str, ground: str, share: float) -> QColor:
        """Return `share` (0…1) of one token over another, opaque (opaque lines are painted far faster)."""
        top, below = QColor(getattr(self.tokens, token)), QColor(getattr(self.tokens, ground))
        parts = ((a * share + b * (1 - share)) for a, b in zip(top.getRgb(), below.getRgb(), strict=True))
        return QColor(*(round(part) for part in parts))

    def font(self, pixels: float = BASE, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
        """Return the interface font with tabular figures, in pixels at zoom 1."""
        points = self._points(pixels)
        font = self._fonts.get((points, weight))
        if font is None:
            font = self._fonts[points, weight] = QFont(self._families)
            font.setPointSizeF(points)
            font.setWeight(weight)
            font.setFeature(QFont.Tag("tnum"), 1)
        return QFont(font)  # a copy knows the letters that were looked up for the first

    def monospace(self, pixels: float = SECOND) -> QFont:
        """Return the font of code and of names as programs write them."""
        font = QFont([*MONOSPACE_FAMILIES, *CHINESE_FAMILIES])
        font.setStyleHint(QFont.StyleHint.Monospace)
        font.setPointSizeF(self._points(pixels))
        return font

    @property
    def moves(self) -> bool:
        """Say whether motion is welcome on this system."""
        return bool(self._application.style().styleHint(QStyle.StyleHint.SH_Widget_Animate))

    def _points(self, pixels: float) -> float:
        screen = self._application.primaryScreen()
        return pixels * self.zoom * 72 / (screen.logicalDotsPerInch() if screen else 96)

    def _tell_system(self) -> None:
        # The native frame of the window takes the look as well.
        hints = self._application.styleHints()
        schemes = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
        hints.setColorScheme(schemes.get(self._choice, Qt.ColorScheme.Unknown))

    def _apply(self) -> None:
        scheme = self._application.styleHints().colorScheme()
        is_dark = self._choice == "dark" or (self._choice == "auto" and scheme == Qt.ColorScheme.Dark)
        self.tokens = DARK if is_dark else LIGHT
        # Over an old sheet Qt polishes every widget once for each of its ancestors, hidden places too (1.4 s own time
        # for 1,300 widgets); from no sheet to a sheet, once.
        # What was never shown must be polished before, else it would keep the letters of this zoom for ever.
        for widget in self._application.allWidgets():
            widget.ensurePolished()
        self._application.setStyleSheet("")
        self._application.setPalette(_palette(self.tokens))
        self._application.setFont(self.font())
        self._application.setStyleSheet(style_sheet(self.tokens, self.px, self._points))
        self.changed.emit()

    def _on_system_changed(self) -> None:
        if self._choice == "auto":
            self._apply()


def the_theme() -> Theme:
    """Return the application's theme; a widget that is tried alone gets one on the spot."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    found = application.findChild(Theme, "theme", Qt.FindChildOption.FindDirectChildrenOnly)
    return found or Theme(application)


def contrast(one: str, other: str) -> float:
    """Return the WCAG 2 contrast of two colours (1…21). Example: contrast("#000000", "#FFFFFF") == 21.0"""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _families(system: QFont) -> list[str]:
    family = QFontInfo(system).family()
    installed = set(QFontDatabase.families())
    if family in GENERIC_FAMILIES:
        family = next((each for each in SCREEN_FAMILIES if each in installed), family)
    return [family, *(each for each in CHINESE_FAMILIES if each in installed)]


def _palette(tokens: Tokens) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: tokens.background,
        QPalette.ColorRole.WindowText: tokens.text,
        QPalette.ColorRole.Base: tokens.surface,
        QPalette.ColorRole.AlternateBase: tokens.hover,
        QPalette.ColorRole.Text: tokens.text,
        QPalette.ColorRole.Button: tokens.surface,
        QPalette.ColorRole.ButtonText: tokens.text,
        QPalette.ColorRole.BrightText: tokens.bad,
        QPalette.ColorRole.Highlight: tokens.accent,
        QPalette.ColorRole.HighlightedText: tokens.on_accent,
        QPalette.ColorRole.Accent: tokens.accent,
        QPalette.ColorRole.Link: tokens.accent,
        QPalette.ColorRole.LinkVisited: tokens.accent,
        QPalette.ColorRole.ToolTipBase: tokens.surface,
        QPalette.ColorRole.ToolTipText: tokens.text,
        QPalette.ColorRole.PlaceholderText: tokens.muted,
        QPalette.ColorRole.Light: tokens.line,
        QPalette.ColorRole.Midlight: tokens.line,
        QPalette.ColorRole.Mid: tokens.line,
        QPalette.ColorRole.Dark: tokens.border,
        QPalette.ColorRole.Shadow: tokens.line,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.border))
    return palette
