"""Keeping: the open chat and its file. Whatever is said is on disk a moment later."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from slm_studio.core import files, targets
from slm_studio.core.chat import Chat
from slm_studio.core.chat_files import list_chats, load_chat, new_path, save_chat
from slm_studio.core.errors import StudioError
from slm_studio.ui.parts.exporting import unwritable
from slm_studio.ui.parts.removal import Removal


class Keeping(QObject):
    """`chat` is what counts; `save` writes it where that changed."""

    changed = Signal()  # the folder holds other chats now
    leaving = Signal(object)  # the Path of a chat that is about to be thrown away
    thrown = Signal(object)  # … that is in the trash now
    brought_back = Signal(object)  # … that stands where it stood
    failed = Signal(object)  # StudioError

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.chat = Chat()
        self.path: Path | None = None
        self._written = self.chat

    def open(self, chat: Chat, path: Path | None) -> None:
        """Take a chat that stands in a file, or a new one."""
        self.chat = self._written = chat
        self.path = path

    def save(self) -> None:
        """Write the chat, once something was said in it."""
        if not self.chat.turns or self.chat == self._written:
            return
        path = self.path or new_path(self.chat)
        try:
            save_chat(self.chat, path)
        except OSError as error:
            self.failed.emit(unwritable(path, error))
            return
        self.path, self._written = path, self.chat
        self.changed.emit()

    def rename(self, path: Path, name: str) -> None:
        """Give a chat another name."""
        try:
            if path == self.path:
                self.chat = replace(self.chat, title=name)
                self.save()
            else:
                save_chat(replace(load_chat(path), title=name), path)
        except OSError as error:
            self.failed.emit(unwritable(path, error))
        except StudioError as error:
            self.failed.emit(error)
        self.changed.emit()

    def throw(self, path: Path) -> "ChatRemoval | None":
        """Throw a chat away; return what brings it back."""
        removal = ChatRemoval(path, self)
        try:
            removal.throw()
        except StudioError as error:
            self.failed.emit(error)
            return None
        return removal

    def stem(self) -> str:
        """Return the name of the chat as a file is called."""
        return files.slug(self.chat.name) if self.chat.name else ""

    def all_chats(self) -> Sequence[Chat]:
        """Return every chat on disk that can be read; those that cannot are said."""
        found = []
        for each in list_chats():
            try:
                found.append(load_chat(each.path))
            except StudioError as error:
                self.failed.emit(error)
        return found

    def write(self, out: Path, text: str) -> bool:
        """Write a file that the person named; say whether that went well."""
        try:
            files.write_atomic(targets.check_file(out), text)
        except StudioError as error:
            self.failed.emit(error)
        except OSError as error:
            self.failed.emit(unwritable(out, error))
        else:
            return True
        return False


class ChatRemoval:
    """A chat that is thrown away, brought back and thrown away again; the list follows."""

    def __init__(self, path: Path, keeping: Keeping) -> None:
        self._removal, self._keeping, self._path = Removal(path), keeping, path

    def throw(self) -> None:
        """Move it to the trash. Raises StudioError."""
        self._keeping.leaving.emit(self._path)
        self._removal.throw()
        self._keeping.thrown.emit(self._path)
        self._keeping.changed.emit()

    def bring_back(self) -> None:
        """Put it back where it stood. Raises StudioError."""
        self._removal.bring_back()
        self._keeping.brought_back.emit(self._path)
        self._keeping.changed.emit()
