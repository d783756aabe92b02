"""Removal: something that is thrown away, brought back and thrown away again."""

from pathlib import Path

from slm_studio.host.trash import Thrown, bring_back, throw_away


class Removal:
    """Knows where the thing lies after each turn."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thrown: Thrown | None = None

    def throw(self) -> None:
        """Move it to the trash. Raises StudioError."""
        self._thrown = throw_away(self._path)

    def bring_back(self) -> None:
        """Put it back where it stood. Raises StudioError."""
        if self._thrown is not None:
            thrown, self._thrown = self._thrown, None
            bring_back(thrown)
