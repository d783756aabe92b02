"""Taking: what is taken elsewhere out of chats: copied, saved as Markdown, turned into rows to learn from."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from slm_studio.core.chat import Chat, rows_of, to_markdown
from slm_studio.core.errors import StudioError
from slm_studio.core.texts import tr
from slm_studio.ui.parts.saving import ask_where_to_save
from slm_studio.ui.tasks.chat.keeping import Keeping
from slm_studio.ui.widgets.copying import clipboard


class Taking(QObject):
    """Asks for a place where it needs one; nothing is asked where there is nothing to write."""

    saved = Signal(object)  # the Path of a file for the person
    opened = Signal(object)  # the Path of rows that shall be opened in Data
    failed = Signal(object)  # StudioError

    def __init__(self, keeping: Keeping, parent: QWidget) -> None:
        super().__init__(parent)
        self._keeping, self._window = keeping, parent

    def take(self, key: str, names: Mapping[str, str]) -> None:
        """Do what a line of the menu says."""
        if key == "copy":
            self.copy(names)
        elif key == "save":
            self.save(names)
        elif key in ("rows", "all_rows"):
            self.make_rows([self._keeping.chat] if key == "rows" else self._keeping.all_chats())

    def copy(self, names: Mapping[str, str]) -> None:
        """Copy the open chat as Markdown; `names` say how the roles are called."""
        clipboard(to_markdown(self._keeping.chat, names))

    def save(self, names: Mapping[str, str]) -> None:
        """Save the open chat as Markdown."""
        kinds = f"{tr('Markdown')} (*.md)"
        name = (self._keeping.stem() or tr("chat")) + ".md"
        out = ask_where_to_save(self._window, tr("Save the chat"), name, kinds)
        if out is not None:
            self.save_text(out, to_markdown(self._keeping.chat, names))

    def save_text(self, out: Path, text: str) -> None:
        """Save a text where the person said."""
        if self._keeping.write(out, text):
            self.saved.emit(out)

    def make_rows(self, chats: Sequence[Chat]) -> None:
        """Write rows to learn from, and open them."""
        try:
            rows = rows_of(chats)
        except StudioError as error:
            self.failed.emit(error)
            return
        kinds = f"{tr('JSON lines')} (*.jsonl)"
        out = ask_where_to_save(self._window, tr("Save the training rows"), tr("dialogues") + ".jsonl", kinds)
        if out is not None and self._keeping.write(out, rows):
            self.opened.emit(out)
