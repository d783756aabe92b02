"""Sheets: what may stand in the place of the conversation, one at a time: what the model receives, its template, an outline."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from slm_studio.ui.tasks.chat.outline import OutlineSheet
from slm_studio.ui.tasks.chat.received import Received
from slm_studio.ui.tasks.chat.template import TemplateSheet
from slm_studio.ui.widgets.deck import Deck


class Sheets(Deck):
    """Shows the conversation until a sheet is opened."""

    closed = Signal()
    inquired = Signal(str, object, object)

    def __init__(self, main: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._main = main
        self.received, self.template, self.outline = Received(), TemplateSheet(), OutlineSheet()
        self._asking = {"received": self.received, "template": self.template}  # of what would be sent
        self._all = {**self._asking, "outline": self.outline}
        for part in (main, *self._all.values()):
            self.add(part)
        self.show_only(main)
        for sheet in self._all.values():
            sheet.closed.connect(self.close_sheet)
        for inquiring in self._all.values():
            inquiring.inquired.connect(self.inquired)

    @property
    def is_open(self) -> bool:
        """Say whether a sheet is shown."""
        return self.current() is not self._main

    def open_sheet(self, key: str, prompt: tuple[dict[str, str], ...], options: dict[str, object]) -> bool:
        """Show a sheet about what would be sent; say whether there is one of this name."""
        if key not in self._all:
            return False
        if key in self._asking:
            self._asking[key].open_sheet(prompt, options)
        self.show_only(self._all[key])
        self._all[key].setFocus()
        return True

    def close_sheet(self) -> None:
        """Show the conversation again."""
        self.show_only(self._main)
        self.closed.emit()
