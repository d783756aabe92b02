"""Text that breaks its lines moves up and down, never sideways."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractScrollArea


def never_sideways(field: QAbstractScrollArea) -> None:
    """Show no bar below a text that breaks its lines: on a screen at 150 % Qt shows one for a part of a pixel."""
    field.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
