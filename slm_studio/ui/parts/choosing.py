"""Choosing: the system's dialogs for files and folders, begun where the last one ended."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from slm_studio.core.dropped import PACKED, TABLES, TEXTS
from slm_studio.core.texts import tr
from slm_studio.ui.shell.session import Session


def readable_files() -> str:
    """Return the dialog's filter: every kind that is read, or all files."""
    patterns = " ".join(f"*{ending}" for ending in (*TABLES, *TEXTS, *PACKED))
    return f"{tr('Tables and texts')} ({patterns});;{tr('All files')} (*)"


def choose_files(parent: QWidget, session: Session) -> tuple[Path, ...]:
    """Ask for one file, or for several that belong together."""
    folder = str(session.recall("folder", ""))
    names, _ = QFileDialog.getOpenFileNames(parent, tr("Open files"), folder, readable_files())
    if names:
        session.remember("folder", str(Path(names[0]).parent))
    return tuple(map(Path, names))


def choose_folder(parent: QWidget, session: Session) -> tuple[Path, ...]:
    """Ask for a folder of tables or texts."""
    name = QFileDialog.getExistingDirectory(parent, tr("Open a folder"), str(session.recall("folder", "")))
    if name:
        session.remember("folder", str(Path(name).parent))
    return (Path(name),) if name else ()
