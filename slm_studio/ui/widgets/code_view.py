"""CodeView: commands and code to copy."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from slm_studio.ui.widgets.buttons import IconButton
from slm_studio.ui.widgets.copying import clipboard
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words, words


class CodeView(QPlainTextEdit):
    """Read-only, monospace, with a Copy button at its corner. Height follows the lines, up to `most_lines`."""

    def __init__(
        self, text: str = "", *, most_lines: int = 16, name: Words = "Code", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._most_lines = most_lines
        self.setReadOnly(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabChangesFocus(True)
        self.setViewportMargins(0, 0, 36, 0)  # no line runs under the button
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        words(self.setAccessibleName, name)
        self.setProperty("role", "code")
        self.copy_button = IconButton("copy", "Copy", "plain", parent=self)
        self.copy_button.setProperty("size", "small")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(1500)
        self._timer.timeout.connect(self._on_rested)
        self.copy_button.clicked.connect(self._on_copy)
        self._theme.changed.connect(self._fit)
        self.set_code(text)

    def set_code(self, text: str) -> None:
        """Show other code."""
        self.setPlainText(text.rstrip("\n"))
        self._fit()

    def add_line(self, line: str) -> None:
        """Add a line below the others."""
        self.appendPlainText(line)
        self._fit()

    def _fit(self) -> None:
        self.document().setDefaultFont(self._theme.monospace())
        count = max(1, self.blockCount())
        fits = count <= self._most_lines
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOff if fits else Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self.setVerticalScrollBarPolicy(policy)
        spacing = QFontMetricsF(self.document().defaultFont()).lineSpacing()
        self.setFixedHeight(int(min(count, self._most_lines) * spacing) + self._theme.px(38))
        self._place_button()

    def _place_button(self) -> None:
        self.copy_button.adjustSize()
        self.copy_button.move(self.width() - self.copy_button.width() - 5, 5)

    def _on_copy(self) -> None:
        clipboard(self.toPlainText())
        self.copy_button.set_name("Copied")
        self.copy_button.set_icon("check")
        self._place_button()
        self._timer.start()

    def _on_rested(self) -> None:
        self.copy_button.set_name("Copy")
        self.copy_button.set_icon("copy")
        self._place_button()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the new size."""
        super().resizeEvent(event)
        self._place_button()
