"""Errors as a person meets them: what happened, what to do now, and the details for somebody who can help."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from slm_studio import __version__
from slm_studio.core.errors import StudioError
from slm_studio.core.texts import explain
from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.banner import LEAST
from slm_studio.ui.widgets.buttons import Button, IconButton
from slm_studio.ui.widgets.copying import clipboard, let_copy
from slm_studio.ui.widgets.icons import IconLabel
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words
from slm_studio.ui.widgets.wrapping import never_sideways


class ErrorBox(QFrame):
    """One StudioError in the flow of the page. Hidden until `show_error`."""

    acted = Signal()

    def __init__(self, *, action: Words = "", closable: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.error: StudioError | None = None
        self._details = ""
        self.setProperty("role", "banner")
        self.setProperty("tone", "bad")
        self._message, self._hint = Text("", "strong", wrap=True), Text("", "second", wrap=True)
        for label in (self._message, self._hint):
            label.let_select()
        self._action = Button(action, small=True)
        self._copy = Button("Copy details", "quiet", "copy", small=True)
        self._close = IconButton("close", "Close")
        self._build()
        # Only now: a widget without a parent would show as a window of its own.
        self._action.setVisible(bool(action))
        self._close.setVisible(closable)
        self._action.clicked.connect(self.acted)
        self._copy.clicked.connect(self._on_copy)
        self._close.clicked.connect(self.clear)
        self.hide()

    def show_error(self, error: StudioError, details: str = "") -> None:
        """Show an error; `details` (a traceback, the end of a log) are what Copy adds."""
        self.error, self._details = error, details
        self._copy.set_words("Copy details")
        self.retranslate()
        self.show()

    def set_action(self, action: Words) -> None:
        """Offer a button that mends it; "" offers none."""
        self._action.set_words(action)
        self._action.setVisible(bool(action))

    def clear(self) -> None:
        """Take the error away."""
        self.error = None
        self.hide()

    def retranslate(self) -> None:
        """Say the error in the language of now."""
        if self.error is None:
            return
        message, hint = explain(self.error)
        self._message.setText(message)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self.setAccessibleName(message)

    def _build(self) -> None:
        frame = QVBoxLayout(self)
        frame.setContentsMargins(14, 12, 8, 12)
        said = QWidget()
        row = QHBoxLayout(said)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(IconLabel("warning", "bad"), 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self._message)
        column.addWidget(self._hint)
        row.addLayout(column, 1)
        beside = SideBySide(gap=12)
        beside.limit(beside.add(said, 1), LEAST)
        beside.add(Actions(self._action, self._copy, self._close), 0)
        frame.addWidget(beside)

    def _on_copy(self) -> None:
        if self.error is not None:
            clipboard(report_text(self.error, self._details))
            self._copy.set_words("Copied")


class ErrorDialog(QDialog):
    """One error that belongs to no place: message, hint, details to copy."""

    def __init__(self, error: StudioError, details: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = report_text(error, details)
        message, hint = explain(error)
        self.setWindowTitle("SLM Studio")
        scaled(self.setMinimumWidth, 520)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(8)
        for label, role in ((message, "heading"), (hint, "second")):
            if label:
                text = Text("{text}", role, wrap=True, text=label)
                text.let_select()
                column.addWidget(text)
        if details:
            column.addWidget(self._details_box(details))
        self.copy_button, self.close_button = Button("Copy details", "plain", "copy"), Button("Close", "primary")
        row = QHBoxLayout()
        row.addWidget(self.copy_button)
        row.addStretch(1)
        row.addWidget(self.close_button)
        column.addSpacing(8)
        column.addLayout(row)
        self.close_button.setDefault(True)
        let_copy(self)
        self.copy_button.clicked.connect(self._on_copy)
        self.close_button.clicked.connect(self.accept)

    def _details_box(self, details: str) -> QPlainTextEdit:
        box = QPlainTextEdit(details)
        never_sideways(box)
        box.setReadOnly(True)
        box.setFont(the_theme().monospace(11.5))
        scaled(box.setFixedHeight, 180)
        return box

    def _on_copy(self) -> None:
        clipboard(self._text)
        self.copy_button.set_words("Copied")


def show_error(parent: QWidget | None, error: StudioError, details: str = "") -> None:
    """Show an error in a dialog of its own. In a place, an ErrorBox is calmer."""
    dialog = ErrorDialog(error, details, parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def report_text(error: StudioError, details: str = "") -> str:
    """Return an error in English, as somebody who can help needs it."""
    parts = [f"SLM Studio {__version__} · {error.code}", str(error), error.advice, details]
    return "\n".join(part for part in parts if part)
