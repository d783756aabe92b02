"""Ask where a file goes: the name gets the ending of its kind, and nothing is replaced unasked."""

import re
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,5}")  # “Dr. Who” and “v1.2” have none
_OF_KIND = re.compile(r"\*(\.\w+)")


def ask_where_to_save(parent: QWidget, title: str, beginning: str, kinds: str) -> Path | None:
    """Return the file that the person names, or None. `kinds` are written as Qt writes them: "CSV (*.csv);;…"."""
    name, kind = QFileDialog.getSaveFileName(parent, title, beginning, kinds)
    if not name:
        return None
    path = Path(name)
    if _ENDING.fullmatch(path.suffix):
        return path  # where it exists, the dialog has asked
    ending = _OF_KIND.search(kind) or _OF_KIND.search(kinds)
    return free_file(path.with_name(path.name + ending[1])) if ending else path


def show_in_files(path: str) -> None:
    """Let the system show a folder, or that of a file."""
    place = Path(path)
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(place if place.is_dir() else place.parent)))


def free_file(path: Path) -> Path:
    """Return `path`, or `path-2`, `path-3` … where it is taken: nothing is replaced unasked."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
