"""The keys of the whole window, in one list."""

from collections.abc import Callable, Mapping

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

# action → keys; on a Mac, Ctrl is the Command key
KEYS: Mapping[str, tuple[str, ...]] = {
    "data": ("Ctrl+1",),
    "train": ("Ctrl+2",),
    "evaluate": ("Ctrl+3",),
    "playground": ("Ctrl+4",),
    "hub": ("Ctrl+5",),
    "settings": ("Ctrl+,",),
    "open": ("Ctrl+O",),
    "primary": ("Ctrl+Return", "Ctrl+Enter"),
    "stop": ("Esc",),
    "find": ("Ctrl+K",),
    "undo": ("Ctrl+Z",),
    "redo": ("Ctrl+Shift+Z", "Ctrl+Y"),
    "zoom_in": ("Ctrl++", "Ctrl+="),
    "zoom_out": ("Ctrl+-",),
    "zoom_reset": ("Ctrl+0",),
    "quit": ("Ctrl+Q",),
}


def install_shortcuts(window: QWidget, actions: Mapping[str, Callable[[], object]]) -> dict[str, QShortcut]:
    """Give `window` its keys; every action of KEYS must be there."""
    installed = {}
    for name, keys in KEYS.items():
        shortcut = QShortcut(window)
        shortcut.setKeys([QKeySequence(key) for key in keys])
        shortcut.activated.connect(actions[name])
        installed[name] = shortcut
    return installed


def key_text(action: str) -> str:
    """Return the first key of an action as this system writes it."""
    return QKeySequence(KEYS[action][0]).toString(QKeySequence.SequenceFormat.NativeText)
