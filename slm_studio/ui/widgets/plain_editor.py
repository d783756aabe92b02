"""PlainEditor: a bare field of some lines in which a question is written; its letters and its height follow the zoom."""

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words, words
from slm_studio.ui.widgets.wrapping import never_sideways


class PlainEditor(QPlainTextEdit):
    """Looks like a part of the card that it stands in."""

    def __init__(
        self,
        placeholder: Words,
        *,
        name: Words,
        letters: int,
        height: int,
        keeps_tabs: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """`letters` and `height` are pixels; `keeps_tabs`: a tab is a part of the text, else it goes on to the next field."""
        super().__init__(parent)
        never_sideways(self)
        self._letters = letters
        self.setProperty("role", "bare")
        self.setTabChangesFocus(not keeps_tabs)
        words(self.setPlaceholderText, placeholder)
        words(self.setAccessibleName, name)
        scaled(self.setFixedHeight, height)
        the_theme().changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def _on_theme_changed(self) -> None:
        self.document().setDefaultFont(the_theme().font(self._letters))
        self.document().setDocumentMargin(0)
