"""PlainEditor: a bare field of some lines in which a question is written; its letters and its height follow the zoom."""

from PySide6.QtWidgets import QAbstractScrollArea, QPlainTextEdit, QWidget

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
        parent: QWidget | None = None,
    ) -> None:
        """`letters` and `height` are pixels at zoom 1."""
        super().__init__(parent)
        never_sideways(self)
        self._letters = letters
        self._most_tabs = 0
        self.setProperty("role", "bare")
        self.setTabChangesFocus(True)
        words(self.setPlaceholderText, placeholder)
        words(self.setAccessibleName, name)
        scaled(self.setFixedHeight, height)
        the_theme().changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def set_tabs(self, most: int) -> None:
        """Let so many tabs stand in a line, each behind words; a further one, and Shift+Tab, go on to the next field."""
        self._most_tabs = most
        self.setTabChangesFocus(not most)

    def _may_tab(self) -> bool:
        """Say whether a tab would be text: there is something before it in its line, and room for one more."""
        cursor = self.textCursor()
        before, line = cursor.block().text()[: cursor.positionInBlock()], cursor.block().text()
        return bool(before.strip()) and not before.endswith("\t") and line.count("\t") < self._most_tabs

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Leave the field by Tab, but where a tab is text."""
        if forward and self._may_tab():
            return False
        # Past Qt's own, which never leaves a field in which tabs are text.
        return QAbstractScrollArea.focusNextPrevChild(self, forward)

    def _on_theme_changed(self) -> None:
        self.document().setDefaultFont(the_theme().font(self._letters))
        self.document().setDocumentMargin(0)
