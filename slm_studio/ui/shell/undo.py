"""Undo: what was done and can be taken back (Ctrl+Z) and done again, newest last. One stack for the whole window."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

MOST = 100


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """One thing that was done: its sentence, what takes it back, what does it again, and what it is about."""

    words: str
    undo: Callable[[], object]
    redo: Callable[[], object]
    about: str = ""


class UndoStack(QObject):
    """A change that cannot be taken back any more is forgotten when that shows; the others stay."""

    changed = Signal()
    undone = Signal(object)  # Change
    redone = Signal(object)  # Change

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._done: list[Change] = []
        self._undone: list[Change] = []

    def push(self, change: Change) -> None:
        """Keep a change that was just made; what had been taken back cannot be done again."""
        self._done = [*self._done, change][-MOST:]
        self._undone.clear()
        self.changed.emit()

    def undo(self, about: str = "") -> None:
        """Take back the newest change (the newest about something)."""
        change = self._newest(self._done, about)
        if change is not None:
            self.take_back(change)

    def undo_last(self) -> None:
        """Take back the newest change of all."""
        self.undo()

    def take_back(self, change: Change) -> None:
        """Take back one change, where that has not been done yet."""
        if change in self._done:
            self._done.remove(change)
            self.changed.emit()
            change.undo()
            self._undone.append(change)
            self.changed.emit()
            self.undone.emit(change)

    def redo(self) -> None:
        """Do again what was taken back last."""
        change = self._newest(self._undone, "")
        if change is not None:
            self._undone.remove(change)
            self.changed.emit()
            change.redo()
            self._done.append(change)
            self.changed.emit()
            self.redone.emit(change)

    def forget(self, about: str) -> None:
        """Forget all changes about something that is no longer there."""
        self._done = [change for change in self._done if change.about != about]
        self._undone = [change for change in self._undone if change.about != about]
        self.changed.emit()

    def holds(self, change: Change) -> bool:
        """Say whether this change can be taken back."""
        return change in self._done

    def has(self, about: str) -> bool:
        """Say whether something about this can be taken back."""
        return self._newest(self._done, about) is not None

    @staticmethod
    def _newest(changes: list[Change], about: str) -> Change | None:
        return next((change for change in reversed(changes) if not about or change.about == about), None)
