"""Formula: formulas of the studio's own, a line each, with small letters below and above the line."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QLabel, QWidget

from slm_studio.ui.widgets.theme import BASE, the_theme


class Formula(QLabel):
    """Shows lines in <i>, <b>, <sub> and <sup>; they come from the engine's own constants, never from a file."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def set_lines(self, lines: str) -> None:
        """Show a formula."""
        self.setText("".join(f"<p style='margin: 3px 0'>{line}</p>" for line in lines.split("\n") if line))
        self.setAccessibleName(self.copied())

    def copied(self) -> str:
        """Return the formula in plain letters."""
        document = QTextDocument()
        document.setHtml(self.text())
        return document.toPlainText()

    def _on_theme_changed(self) -> None:
        self.setFont(self._theme.font(BASE + 0.5))
